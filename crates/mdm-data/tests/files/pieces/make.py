"""Writes the files beside it with the original tokenisers; see README.md."""

import csv
import hashlib
import json
import pickle
import struct
import sys
from pathlib import Path

import sentencepiece
from tokenizers import BertWordPieceTokenizer
from transformers import BertTokenizer, XLNetTokenizer

HERE = Path(__file__).parent
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

WORDS = """Anyhow it was really good don't it's CAN'T movie, (umm) uh-huh 10/10 9, 1,000, 1,000 25% $5 a b
unbelievably uninteresting antidisestablishmentarianism café naïve CAFÉ Ünïcödé İstanbul straße Ⅷ ﬁlm ½ ² x² ``quoted''
''really'' `` '' “curly” ‘single’ – — … € £5 . .. ... !?! ¿qué? 3.14 3, 33, 3,3, 12,5 a9, ９， 漢字 漢字kanji 日本語 한국어
русский Ελλάς עברית 😀 🙂good f***ing @user #tag http://x.org/a_b <sep> <cls>good <unk> ▁good good▁film _ __ ~ ^ | \\
e\u0301cole a\u00adb ab\ufffdc a\ue000b z\u200bw \u00a0 \u3000 ab\u00a0cd x\u0000y zzzzzzzzzzzzzzzzzzzzz qqq sp(umm) (laughs)
stutter- th-th-that's 'cause y'know gonna wanna I'd I'll we've SHE'LL Mr. U.S.A. 1990s 2nd mid-90's A+ C# rock'n'roll""".split(" ")
WORDS = [w for part in WORDS for w in part.split("\n")] + ["", " ", "two words", " lead", "trail ", "x" * 100, "x" * 101]
# Ties: whether 66 or 6 comes first in 666 depends on rounding, and that on what stands before.
WORDS += ["\ufb01\u00bd\u2014\u00a0B\u200b\u2026AAA!B,", "C(2-D8B77\u20ac666", "1,000"]

SENTENCES = """the movie was really good and the story was great
i did not like the film it was boring and very very long
umm the action is good but the acting is awful really awful
he said it was 10 out of 10 and she said 9, or 8, maybe
there are 1,000 films like this one and 25 of them are good
what a great cast (umm) great music great end, i loved it
don't watch it it's not worth the time or the money
the best part is the beginning the worst part is the end""".split("\n")


def write(name, value):
    # One entry a line, so that a change can be read.
    lines = "{\n" + ",\n".join(
        json.dumps(k) + ": " + json.dumps(v, ensure_ascii=True).replace("], [\"", "],\n [\"") for k, v in value.items()
    ) + "\n}\n"
    (HERE / name).write_text(lines)


def ids(tokenizer, word, unknown):
    # `_tokenize` is `tokenize` without the search for special pieces: a transcript that spells one out is text.
    tokenise = tokenizer._tokenize if "<" in word else tokenizer.tokenize
    found = tokenizer.convert_tokens_to_ids(tokenise(word))
    return found or [unknown]


def table(tokenizer, words, unknown):
    return [[word, ids(tokenizer, word, unknown)] for word in words]


def tiny_model():
    rules = HERE / "rules.tsv"
    # Code points: ½ → 1/2 and others; ligature, two spaces, a soft hyphen that goes, a long dash, curly quotes.
    pairs = [("½", "1/2"), ("ﬁ", "fi"), ("\u00a0", " "), ("\u3000", " "), ("\u00ad", ""), ("—", "-"), ("😀", ":)")]
    code = lambda text: " ".join(f"{ord(c):X}" for c in text)
    rules.write_text("".join(f"{code(a)}\t{code(b)}\n" for a, b in pairs))
    text = HERE / "sentences.txt"
    text.write_text("\n".join(SENTENCES * 4))
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(HERE / "tiny"), vocab_size=120, model_type="unigram",
        normalization_rule_tsv=str(rules), unk_id=0, bos_id=1, eos_id=2, pad_id=-1,
        control_symbols=["<cls>", "<sep>", "<pad>", "<mask>", "<eod>"], user_defined_symbols=["<eop>", "(", ")"],
        hard_vocab_limit=False, minloglevel=2)
    for path in [rules, text, HERE / "tiny.vocab"]:
        path.unlink()


def tiny_bert():
    words = sorted({w for s in SENTENCES for w in s.replace(",", " , ").replace("(", "").replace(")", "").replace("'", " ' ").split()})
    parts = ["un", "##believ", "##ably", "##s", "##es", "##ing", "##l", "##e", "##n", "a", "e", "l", "漢", ".", "!", "(", ")", "-", "x", "##x", "cafe", "naive"]
    folder = HERE / "tiny_bert"
    folder.mkdir(exist_ok=True)
    pieces = SPECIAL + words + [p for p in parts if p not in words]
    (folder / "vocab.txt").write_text("".join(p + "\n" for p in pieces))
    BertWordPieceTokenizer(str(folder / "vocab.txt"), lowercase=True).save(str(folder / "tokenizer.json"))
    return BertTokenizer(str(folder / "vocab.txt"), do_lower_case=True)


def figures(utterances, tokenizer, unknown, most=48):
    """Words, pieces, unknown pieces, utterances cut, and SHA-256 of the ids that are kept."""
    cache, hash = {}, hashlib.sha256()
    words = pieces = unknowns = cut = 0
    for utterance in utterances:
        found = []
        for word in utterance:
            if word not in cache:
                cache[word] = ids(tokenizer, word, unknown)
            found += cache[word]
        words, pieces, unknowns = words + len(utterance), pieces + len(found), unknowns + found.count(unknown)
        cut += len(found) > most
        found = found[:most] or [unknown]
        hash.update(struct.pack(f"<{len(found) + 1}I", len(found), *found))
    return {"words": words, "pieces": pieces, "unknown": unknowns, "cut": cut, "sha256": hash.hexdigest()}


def main():
    tiny_model()
    tiny = XLNetTokenizer(str(HERE / "tiny.model"))
    write("tiny.json", {"xlnet": table(tiny, WORDS, 0)})
    write("tiny_bert.json", {"bert": table(tiny_bert(), WORDS, 1)})
    if len(sys.argv) < 2:
        return
    models = Path(sys.argv[1])
    xlnet = XLNetTokenizer(str(models / "xlnet/spiece.model"))
    bert = BertTokenizer(str(models / "minilm-l6/vocab.txt"), do_lower_case=True)
    write("pretrained.json", {"xlnet": table(xlnet, WORDS, 0), "bert": table(bert, WORDS, 100)})
    if len(sys.argv) < 3:
        return
    mosi = Path(sys.argv[2]) / "mosi"
    transcripts = []
    for split in ["train", "valid", "test"]:
        with open(mosi / f"{split}.tsv", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            transcripts += [row["text"].split() for row in rows]
    with open(mosi / "mosi_mag_layout.pkl", "rb") as file:
        mag = pickle.load(file)
    mag_words = [list(record[0][0]) for split in ["train", "dev", "test"] for record in mag[split]]
    found = {}
    for name, utterances in [("tsv", transcripts), ("mag", mag_words)]:
        found[f"{name}_xlnet"] = figures(utterances, xlnet, 0)
        found[f"{name}_bert"] = figures(utterances, bert, 100)
    # The rows of word w stand under all its pieces: the sum over the audio of the pieces that are kept.
    total = 0.0
    for split in ["train", "dev", "test"]:
        for (words, vision, audio), *_ in mag[split]:
            places = [place for place, word in enumerate(words) for _ in ids(bert, word, 100)][:48]
            assert len(words) == len(audio)
            total += float(audio[places].astype("f4").clip(-3e38, 3e38).astype("f8").sum())
    found["mag_bert"]["audio_sum"] = total
    write("mosi.json", found)


main()
