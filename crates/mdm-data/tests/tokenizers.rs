//! Words cut into pieces, beside what the original tokenisers give.

mod common;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::{file, model_file};
use mdm_data::Error;
use mdm_data::pieces::{Tokenizer, Vocabulary};
use proptest::prelude::*;

/// A file of `tests/files/pieces`, which `make.py` wrote there.
fn small(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/files/pieces")
        .join(name)
}

/// Words and their ids in the original tokeniser `kind`.
fn expected(name: &str, kind: &str) -> Vec<(String, Vec<u32>)> {
    let text = fs::read(small(name)).unwrap();
    let mut tables: HashMap<String, Vec<(String, Vec<u32>)>> =
        serde_json::from_slice(&text).unwrap();
    let table = tables.remove(kind).unwrap();
    assert!(table.len() > 100, "{name} has only {} words", table.len());
    table
}

fn check(tokenizer: &Tokenizer, expected: &[(String, Vec<u32>)]) {
    let wrong = expected.iter().filter_map(|(word, ids)| {
        let found = tokenizer.pieces_of(word);
        (found != *ids).then(|| format!("{word:?}: expected {ids:?}, found {found:?}"))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn open(path: &Path) -> Tokenizer {
    Tokenizer::open(path).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_small_sentence_piece_model_gives_the_ids_of_the_original() {
    let tokenizer = open(&small("tiny.model"));
    check(&tokenizer, &expected("tiny.json", "xlnet"));
    let expected = Vocabulary {
        size: 82,
        unknown: 0,
        mask: Some(6),
        cls: 3,
        sep: 4,
        pad: 5,
    };
    assert_eq!(tokenizer.vocabulary(), expected);
}

#[test]
fn a_small_vocabulary_of_bert_gives_the_ids_of_the_original() {
    for name in [
        "tiny_bert/vocab.txt",
        "tiny_bert/tokenizer.json",
        "tiny_bert",
    ] {
        let tokenizer = open(&small(name));
        check(&tokenizer, &expected("tiny_bert.json", "bert"));
        let expected = Vocabulary {
            size: 87,
            unknown: 1,
            mask: Some(4),
            cls: 2,
            sep: 3,
            pad: 0,
        };
        assert_eq!(tokenizer.vocabulary(), expected, "{name}");
    }
}

#[test]
fn pretrained_vocabularies_give_the_ids_of_the_originals() {
    for (kind, name) in [
        ("xlnet", "xlnet/spiece.model"),
        ("bert", "minilm-l6/vocab.txt"),
        ("bert", "minilm-l6/tokenizer.json"),
    ] {
        let Some(path) = model_file(name) else { return };
        check(&open(&path), &expected("pretrained.json", kind));
    }
}

#[test]
fn xlnet_has_the_ids_that_are_published() {
    let Some(path) = model_file("xlnet/spiece.model") else {
        return;
    };
    let tokenizer = open(path.parent().unwrap());
    let words = "Anyhow it was really good".split(' ');
    let ids: Vec<u32> = words.flat_map(|word| tokenizer.pieces_of(word)).collect();
    assert_eq!(ids, [3366, 7336, 36, 30, 343, 195]);
    let expected = Vocabulary {
        size: 32_000,
        unknown: 0,
        mask: Some(6),
        cls: 3,
        sep: 4,
        pad: 5,
    };
    assert_eq!(tokenizer.vocabulary(), expected);
}

/// The sentences that MiniLM's reference outputs were computed from, with special pieces and padding around.
#[test]
fn minilm_reads_its_reference_sentences() {
    let Some(reference) = model_file("minilm-l6/reference.json") else {
        return;
    };
    #[derive(serde::Deserialize)]
    struct Reference {
        sentences: Vec<String>,
        tokens: Vec<Vec<String>>,
    }
    let reference: Reference = serde_json::from_slice(&fs::read(reference).unwrap()).unwrap();
    let tensors = fs::read(model_file("minilm-l6/reference.safetensors").unwrap()).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&tensors).unwrap();
    let ids = tensors.tensor("input_ids").unwrap();
    let &[sentences, steps] = ids.shape() else {
        panic!("{:?}", ids.shape())
    };
    assert_eq!(sentences, reference.sentences.len());
    let ids: Vec<i64> = ids
        .data()
        .chunks_exact(8)
        .map(|id| i64::from_le_bytes(id.try_into().unwrap()))
        .collect();
    let vocabulary = fs::read_to_string(model_file("minilm-l6/vocab.txt").unwrap()).unwrap();
    let vocabulary: Vec<&str> = vocabulary.lines().collect();
    for name in ["minilm-l6/vocab.txt", "minilm-l6/tokenizer.json"] {
        let tokenizer = open(&model_file(name).unwrap());
        let special = tokenizer.vocabulary();
        for (row, sentence) in reference.sentences.iter().enumerate() {
            let mut found = vec![special.cls];
            for word in sentence.split_whitespace() {
                found.extend(tokenizer.pieces_of(word).iter().map(|&id| id as usize));
            }
            found.truncate(steps - 1);
            found.push(special.sep);
            found.resize(steps, special.pad);
            let tokens: Vec<&str> = found.iter().map(|&id| vocabulary[id]).collect();
            assert_eq!(tokens, reference.tokens[row], "{sentence}");
            let expected = &ids[row * steps..(row + 1) * steps];
            assert!(
                found
                    .iter()
                    .map(|&id| id as i64)
                    .eq(expected.iter().copied())
            );
        }
    }
}

#[test]
fn a_saved_tokenizer_gives_the_same_ids() {
    let words = [
        "don't",
        "GREAT",
        "film",
        "naïve",
        "##s",
        "[MASK]",
        "two words",
        "",
    ];
    let mut tokenizers = vec![Tokenizer::from_words(words)];
    for name in [
        "tiny.model",
        "tiny_bert/vocab.txt",
        "tiny_bert/tokenizer.json",
    ] {
        tokenizers.push(open(&small(name)));
    }
    for tokenizer in tokenizers {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("run/tokenizer");
        tokenizer.save(&folder).unwrap();
        let again = open(&folder);
        assert_eq!(again.vocabulary(), tokenizer.vocabulary());
        for (word, _) in expected("tiny.json", "xlnet") {
            assert_eq!(again.pieces_of(&word), tokenizer.pieces_of(&word), "{word}");
        }
        for word in words {
            assert_eq!(again.pieces_of(word), tokenizer.pieces_of(word), "{word}");
        }
        let error = tokenizer.save(&folder).unwrap_err();
        assert!(matches!(error, Error::OutputExists { .. }), "{error}");
    }
}

#[test]
fn the_settings_beside_a_vocabulary_are_heeded() {
    let pieces = "[PAD]\n[UNK]\n[CLS]\n[SEP]\ncafé\ncafe\nCafé\ndon't\ndon\n'\nt\n";
    let (folder, path) = file("vocab.txt", pieces.as_bytes());
    let ids = |settings: Option<&str>, word: &str| {
        let beside = folder.path().join("tokenizer_config.json");
        match settings {
            Some(settings) => fs::write(&beside, settings).unwrap(),
            None => _ = fs::remove_file(&beside),
        }
        open(&path).pieces_of(word)
    };
    // A capital in the vocabulary: case matters, and accents with it.
    assert_eq!(ids(None, "Café"), [6]);
    assert_eq!(ids(Some("{}"), "Café"), [6]);
    assert_eq!(ids(Some("{\"do_lower_case\": true}"), "Café"), [5]);
    let kept = "{\"do_lower_case\": true, \"strip_accents\": false}";
    assert_eq!(ids(Some(kept), "Café"), [4]);
    assert_eq!(ids(None, "don't"), [8, 9, 10]);
    assert_eq!(ids(Some("{\"do_basic_tokenize\": false}"), "don't"), [7]);
    fs::write(
        folder.path().join("tokenizer_config.json"),
        "{\"do_lower_case\": 1}",
    )
    .unwrap();
    let message = Tokenizer::open(&path).unwrap_err().to_string();
    assert!(
        message.contains("tokenizer_config.json, JSON: expected"),
        "{message}"
    );
}

#[test]
fn whole_words_are_sorted_behind_the_special_pieces() {
    let long = "x".repeat(101);
    let words = ["b", "a", "C", "b", "", "##a", "[CLS]", "a b", &long];
    let tokenizer = Tokenizer::from_words(words);
    let expected = Vocabulary {
        size: 8,
        unknown: 1,
        mask: Some(4),
        cls: 2,
        sep: 3,
        pad: 0,
    };
    assert_eq!(tokenizer.vocabulary(), expected);
    for (word, id) in [
        ("C", 5),
        ("a", 6),
        ("b", 7),
        ("c", 1),
        ("ba", 1),
        ("[CLS]", 1),
        ("", 1),
    ] {
        assert_eq!(tokenizer.pieces_of(word), [id], "{word}");
    }
    assert_eq!(tokenizer.pieces_of(&long), [1]);
    let folder = tempfile::tempdir().unwrap();
    tokenizer.save(&folder.path().join("t")).unwrap();
    let saved = fs::read_to_string(folder.path().join("t/vocab.txt")).unwrap();
    assert_eq!(saved, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nC\na\nb\n");
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let json = |model: &str| {
        let rest = "\"normalizer\": {\"type\": \"BertNormalizer\", \"clean_text\": true, \"handle_chinese_chars\": true, \
                    \"strip_accents\": null, \"lowercase\": true}, \"pre_tokenizer\": {\"type\": \"BertPreTokenizer\"}";
        format!("{{\"model\": {model}, {rest}}}").into_bytes()
    };
    let piece = |text: &str, kind: u8| {
        let message = [&[0x0a, text.len() as u8], text.as_bytes(), &[0x18, kind]].concat();
        [&[0x0a, message.len() as u8], &message[..]].concat()
    };
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        (
            "vocab.txt",
            b"[UNK]\n[CLS]\n[SEP]\n".to_vec(),
            "pieces: expected a piece [PAD], found 3 pieces without it",
        ),
        (
            "vocab.txt",
            b"[PAD]\n\xff\n".to_vec(),
            "line 2: expected UTF-8 text",
        ),
        (
            "tokenizer.json",
            b"{".to_vec(),
            "JSON: expected a tokeniser",
        ),
        (
            "tokenizer.json",
            json("{\"type\": \"BPE\"}"),
            "model.type: expected WordPiece, found BPE",
        ),
        (
            "tokenizer.json",
            json("{\"type\": \"Unigram\"}"),
            "there should be a spiece.model",
        ),
        (
            "tokenizer.json",
            json("{\"type\": \"WordPiece\", \"vocab\": 3}"),
            "model: expected the fields of BERT",
        ),
        (
            "tokenizer.json",
            json("{\"type\": \"WordPiece\", \"vocab\": {\"[UNK]\": 4294967295}}"),
            "pieces: expected fewer than 16777216 pieces, found 4294967296",
        ),
        (
            "tokenizer.json",
            b"{\"model\": {\"vocab\": {}}}".to_vec(),
            "normalizer.type: expected BertNormalizer, found none",
        ),
        (
            "spiece.model",
            Vec::new(),
            "pieces: expected a SentencePiece model, found no piece",
        ),
        (
            "spiece.model",
            b"PK\x03\x04".to_vec(),
            "expected a field of a SentencePiece model",
        ),
        (
            "spiece.model",
            piece("<unk>", 2),
            "pieces: expected a piece <cls>, found 1 pieces without it",
        ),
        (
            "spiece.model",
            piece("<unk>", 7),
            "piece 0: expected a type from 1 to 6",
        ),
        (
            "spiece.model",
            [piece("a", 1), piece("a", 1)].concat(),
            "piece 1: expected a text of its own, found the text of piece 0 again",
        ),
        (
            "spiece.model",
            b"\x12\x02\x18\x02".to_vec(),
            "trainer_spec: expected a unigram model as XLNet's, found a model of type BPE",
        ),
        (
            "vocab.bin",
            Vec::new(),
            "file name: expected spiece.model, tokenizer.json or vocab.txt",
        ),
    ];
    for (name, content, expected) in cases {
        let (_folder, path) = file(name, &content);
        let message = Tokenizer::open(&path).unwrap_err().to_string();
        assert!(
            message.starts_with(&path.display().to_string()),
            "{message}"
        );
        assert!(message.contains(expected), "{message}");
    }
    let empty = tempfile::tempdir().unwrap();
    let message = Tokenizer::open(empty.path()).unwrap_err().to_string();
    let expected = "folder: expected one of the files spiece.model, tokenizer.json, vocab.txt, found none of them";
    assert!(message.ends_with(expected), "{message}");
    let missing = empty.path().join("vocab.txt");
    assert!(matches!(Tokenizer::open(&missing), Err(Error::Io { .. })));
}

#[test]
fn a_file_that_is_too_long_is_not_read() {
    let (_folder, path) = file("vocab.txt", b"");
    let long = fs::File::options().write(true).open(&path).unwrap();
    long.set_len(1 << 40).unwrap();
    let message = Tokenizer::open(&path).unwrap_err().to_string();
    assert!(
        message.contains("length: expected at most 33554432 bytes"),
        "{message}"
    );
}

fn small_tokenizers() -> Vec<Tokenizer> {
    let names = [
        "tiny.model",
        "tiny_bert/vocab.txt",
        "tiny_bert/tokenizer.json",
    ];
    let mut tokenizers: Vec<Tokenizer> = names.map(|name| open(&small(name))).into();
    tokenizers.push(Tokenizer::from_words(["a", "movie"]));
    tokenizers
}

/// Ids that a model can look up, at least one.
fn check_ids(tokenizer: &Tokenizer, word: &str) {
    let ids = tokenizer.pieces_of(word);
    assert!(!ids.is_empty(), "{word:?}");
    let size = tokenizer.vocabulary().size;
    assert!(
        ids.iter().all(|&id| (id as usize) < size),
        "{word:?}: {ids:?}"
    );
}

/// Damages the content of a small file and opens it: an error, or a tokeniser that still cuts words.
fn damage(name: &str, cut: Option<usize>, flips: &[(usize, u8)]) {
    let mut bytes = fs::read(small(name)).unwrap();
    for &(place, value) in flips {
        let place = place % bytes.len();
        bytes[place] ^= value;
    }
    if let Some(cut) = cut {
        bytes.truncate(cut % bytes.len());
    }
    let (_folder, path) = file(
        Path::new(name).file_name().unwrap().to_str().unwrap(),
        &bytes,
    );
    match Tokenizer::open(&path) {
        Ok(tokenizer) => {
            for word in [
                "Anyhow",
                "9,",
                "naïve",
                "½ﬁ\u{ad}— ",
                "(umm)",
                "漢字",
                "don't 1,000,",
            ] {
                check_ids(&tokenizer, word);
            }
        }
        Err(Error::Tokenizer { .. }) => {}
        Err(error) => panic!("{error}"),
    }
}

const NAMES: [&str; 3] = [
    "tiny.model",
    "tiny_bert/vocab.txt",
    "tiny_bert/tokenizer.json",
];

proptest! {
    #[test]
    fn any_word_has_ids_of_the_vocabulary(word in any::<String>(), mark in "[ -~ ▁½ﬁ—'`,0-9a-e]{0,12}") {
        for tokenizer in small_tokenizers() {
            check_ids(&tokenizer, &word);
            check_ids(&tokenizer, &mark);
        }
    }

    #[test]
    fn any_bytes_are_an_error_or_a_tokenizer(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        name in prop::sample::select(vec!["spiece.model", "vocab.txt", "tokenizer.json"]),
    ) {
        let (_folder, path) = file(name, &bytes);
        let error = Tokenizer::open(&path).unwrap_err();
        prop_assert!(matches!(error, Error::Tokenizer { .. }), "{}", error);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn damaged_files_never_panic(
        name in prop::sample::select(NAMES.to_vec()),
        cut in prop::option::weighted(0.3, any::<usize>()),
        flips in prop::collection::vec((any::<usize>(), 1..=255_u8), 0..6),
    ) {
        damage(name, cut, &flips);
    }

    /// The character table is the first half or so of what follows the pieces: hit it more often than chance does.
    #[test]
    fn a_damaged_character_table_never_panics(
        flips in prop::collection::vec((0..1400_usize, 1..=255_u8), 1..20),
    ) {
        let length = fs::metadata(small("tiny.model")).unwrap().len() as usize;
        let flips: Vec<_> = flips.iter().map(|&(place, value)| (length - 1 - place, value)).collect();
        damage("tiny.model", None, &flips);
    }
}

#[test]
fn a_model_cut_anywhere_never_panics() {
    let length = fs::metadata(small("tiny.model")).unwrap().len() as usize;
    for cut in 0..length {
        damage("tiny.model", Some(cut), &[]);
    }
}
