//! A corpus whose language is word pieces, and what the rest of the crate does with it.

mod common;

use std::fs;
use std::path::Path;

use common::{model_file, real_file};
use mdm_data::corpus::{Corpus, Features, Modality, ModalityInfo, Split, Utterance};
use mdm_data::layout::{self, Layout};
use mdm_data::normalise::{Normalisation, Normaliser};
use mdm_data::pieces::{self, PiecesReport, Tokenizer};
use mdm_data::store;
use mdm_data::surgery::{Fill, FillStatistics, Surgery};
use mdm_data::{Error, align};
use rand::{SeedableRng, rngs::ChaCha8Rng};
use sha2::{Digest, Sha256};

/// WordPiece over a few words, where `unbelievably` is three pieces (5, 6, 7), `good` 8, `film` 9 and a comma 10.
fn tokenizer() -> Tokenizer {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vocab.txt");
    let pieces = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nun\n##believ\n##ably\ngood\nfilm\n,\n";
    fs::write(&path, pieces).unwrap();
    Tokenizer::open(&path).unwrap()
}

fn utterance(words: &[&str], features: &[&[f32]]) -> Utterance {
    Utterance {
        id: "u".to_owned(),
        words: words.iter().map(|&word| word.to_owned()).collect(),
        features: features
            .iter()
            .map(|data| Features::new(1, data.to_vec()))
            .collect(),
        ..Utterance::default()
    }
}

fn corpus(modalities: &[Modality]) -> Corpus {
    let info = |&modality| ModalityInfo { modality, dim: 1 };
    Corpus::new("t", modalities.iter().map(info).collect())
}

#[test]
fn every_piece_has_the_rows_of_its_word() {
    let mut corpus = corpus(&[Modality::Audio, Modality::Vision]);
    corpus.train = vec![
        // One row a word in audio, two in vision.
        utterance(
            &["Unbelievably", "good,", "film", "xyz"],
            &[
                &[1.0, 2.0, 3.0, 4.0],
                &[0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0],
            ],
        ),
        utterance(&["good"], &[&[5.0], &[7.0]]),
    ];
    // No words at all: one unknown piece with what is there, averaged.
    corpus.test = vec![utterance(&[], &[&[1.0, 3.0], &[9.0]])];
    let report = pieces::tokenize(&mut corpus, &tokenizer(), 48).unwrap();
    let [first, second] = &corpus.train[..] else {
        panic!()
    };
    assert_eq!(
        first.features[0].data(),
        [5.0, 6.0, 7.0, 8.0, 10.0, 9.0, 1.0]
    );
    assert_eq!(
        first.features[1].data(),
        [1.0, 1.0, 1.0, 2.0, 2.0, 3.0, 4.0]
    );
    assert_eq!(
        first.features[2].data(),
        [1.0, 1.0, 1.0, 5.0, 5.0, 9.0, 13.0]
    );
    assert_eq!(first.words, ["Unbelievably", "good,", "film", "xyz"]);
    assert_eq!(second.features[0].data(), [8.0]);
    let wordless: Vec<&[f32]> = corpus.test[0].features.iter().map(Features::data).collect();
    assert_eq!(wordless, [[1.0], [2.0], [9.0]]);
    assert_eq!(corpus.dims(), [1, 1, 1]);
    assert_eq!(corpus.index_of(Modality::Language), Some(0));
    assert_eq!(corpus.pieces, Some(tokenizer().vocabulary()));
    assert!(corpus.is_aligned());
    let expected = PiecesReport {
        utterances: 3,
        words: 5,
        pieces: 9,
        unknown: 2,
        unknown_words: vec![("xyz".to_owned(), 1)],
        cut: 0,
        without_words: 1,
        resampled: 2,
    };
    assert_eq!(report, expected);
    let text = "5 words are 9 pieces, 2 of them unknown (most often \"xyz\" 1)\n\
                of 3 utterances 1 have no words and are one unknown piece, \
                2 have features that are averaged or repeated to the words";
    assert_eq!(report.to_string(), text);
}

#[test]
fn what_is_left_of_a_long_utterance_is_its_beginning() {
    let mut corpus = corpus(&[Modality::Audio]);
    let words = ["good", "unbelievably", "film"];
    corpus.valid = vec![utterance(&words, &[&[1.0, 2.0, 3.0]])];
    let mut shorter = corpus.clone();
    let report = pieces::tokenize(&mut corpus, &tokenizer(), 3).unwrap();
    // The second word is cut in the middle and stays whole in the transcript.
    assert_eq!(corpus.valid[0].features[0].data(), [8.0, 5.0, 6.0]);
    assert_eq!(corpus.valid[0].features[1].data(), [1.0, 2.0, 2.0]);
    assert_eq!(corpus.valid[0].words, ["good", "unbelievably"]);
    assert_eq!((report.pieces, report.cut), (5, 1));
    pieces::tokenize(&mut shorter, &tokenizer(), 1).unwrap();
    assert_eq!(shorter.valid[0].words, ["good"]);
    // Aligning afterwards, as every corpus is aligned before training, changes nothing.
    let before = corpus.clone();
    align::align(&mut corpus, 50);
    assert_eq!(corpus, before);
}

#[test]
fn word_vectors_are_replaced_and_a_corpus_of_words_gets_a_language() {
    let mut vectors = corpus(&[Modality::Language, Modality::Vision]);
    vectors.train = vec![utterance(&["good", "film"], &[&[0.1, 0.2], &[1.0, 2.0]])];
    pieces::tokenize(&mut vectors, &tokenizer(), 48).unwrap();
    assert_eq!(vectors.train[0].features[0].data(), [8.0, 9.0]);
    assert_eq!(vectors.train[0].features.len(), 2);
    assert_eq!(vectors.dims(), [1, 1]);

    let mut words = corpus(&[]);
    words.train = vec![utterance(&["good", "film"], &[])];
    pieces::tokenize(&mut words, &tokenizer(), 48).unwrap();
    assert_eq!(words.train[0].features, vectors.train[0].features[..1]);
    assert_eq!(words.dims(), [1]);
}

#[test]
fn a_corpus_without_words_is_refused_and_left_as_it_is() {
    let mut corpus = corpus(&[Modality::Audio]);
    corpus.train = vec![utterance(&[], &[&[1.0]])];
    let before = corpus.clone();
    let error = pieces::tokenize(&mut corpus, &tokenizer(), 48).unwrap_err();
    assert!(
        matches!(&error, Error::NoWords { corpus } if corpus == "t"),
        "{error}"
    );
    assert_eq!(corpus, before);
}

/// Two utterances of pieces, with audio.
fn tokenized(tokenizer: &Tokenizer) -> Corpus {
    let mut corpus = corpus(&[Modality::Audio]);
    corpus.train = vec![
        utterance(&["good", "film"], &[&[1.0, 3.0]]),
        utterance(&["film"], &[&[5.0]]),
    ];
    pieces::tokenize(&mut corpus, tokenizer, 48).unwrap();
    corpus
}

#[test]
fn dropped_pieces_become_the_mask() {
    let without_mask = {
        let (_folder, path) =
            common::file("vocab.txt", b"[PAD]\n[UNK]\n[CLS]\n[SEP]\ngood\nfilm\n");
        Tokenizer::open(&path).unwrap()
    };
    for (tokenizer, expected) in [(tokenizer(), 4.0), (without_mask, 1.0)] {
        let mut corpus = tokenized(&tokenizer);
        let surgery = Surgery::new(Fill::Zero, FillStatistics::fit(&corpus));
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        surgery
            .drop_modalities(&mut corpus.train, &[0], 1.0, &mut rng)
            .unwrap();
        assert_eq!(corpus.train[0].features[0].data(), [expected; 2]);
        assert_eq!(corpus.train[0].features[1].data(), [1.0, 3.0]);
        // Audio has no mask.
        surgery
            .drop_modalities(&mut corpus.train, &[1], 1.0, &mut rng)
            .unwrap();
        assert_eq!(corpus.train[0].features[1].data(), [0.0; 2]);
    }
}

#[test]
fn pieces_of_another_utterance_stand_in_and_moments_do_not() {
    let corpus = tokenized(&tokenizer());
    let statistics = FillStatistics::fit(&corpus);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut drop = |fill, modality| {
        let mut utterances = corpus.train.clone();
        Surgery::new(fill, statistics.clone())
            .drop_modalities(&mut utterances, &[modality], 1.0, &mut rng)
            .map(|()| utterances)
    };
    let shuffled = drop(Fill::Shuffled, 0).unwrap();
    assert_eq!(shuffled[0].features[0].data(), [9.0, 9.0]);
    assert_eq!(shuffled[1].features[0].data(), [8.0]);
    for fill in [Fill::Mean, Fill::Noise] {
        let message = drop(fill, 0).unwrap_err().to_string();
        let expected = format!(
            "fill: expected `zero` or `shuffle` for word pieces, which have neither mean nor noise, found {fill}"
        );
        assert_eq!(message, expected);
        drop(fill, 1).unwrap();
    }
}

#[test]
fn ids_are_not_normalised() {
    let mut corpus = tokenized(&tokenizer());
    for normalisation in [Normalisation::Standard, Normalisation::Max] {
        Normaliser::fit(&corpus, &[normalisation; 2]).apply(&mut corpus);
        assert_eq!(corpus.train[0].features[0].data(), [8.0, 9.0]);
    }
    // The audio 1, 3, 5 is.
    assert_eq!(corpus.train[0].features[1].data()[1], 0.0);
}

#[test]
fn a_store_holds_no_pieces() {
    let corpus = tokenized(&tokenizer());
    let folder = tempfile::tempdir().unwrap();
    let (_file, path) = common::file("t.tsv", b"");
    let source = store::SourceInfo::of(Layout::Tsv, &path).unwrap();
    let error = store::write(
        &corpus,
        &source,
        &Default::default(),
        &folder.path().join("s"),
        false,
    );
    let message = error.unwrap_err().to_string();
    assert!(
        message.ends_with("expected word vectors, or words alone, found word pieces"),
        "{message}"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// Figures that the original tokenisers gave; `tests/files/pieces/README.md` says how.
#[derive(serde::Deserialize)]
struct Figures {
    words: usize,
    pieces: usize,
    unknown: usize,
    cut: usize,
    /// Over all utterances: the number of pieces that are kept and their ids, as `u32`, little-endian.
    sha256: String,
    /// Of all values of the audio, a row for each piece that is kept.
    audio_sum: Option<f64>,
}

#[test]
fn mosi_is_cut_as_the_originals_cut_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/pieces/mosi.json");
    let figures: std::collections::HashMap<String, Figures> =
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    for (source, layout, name) in [
        ("tsv", Layout::Tsv, "mosi/train.tsv"),
        ("mag", Layout::Mag, "mosi/mosi_mag_layout.pkl"),
    ] {
        for (kind, model) in [
            ("xlnet", "xlnet/spiece.model"),
            ("bert", "minilm-l6/vocab.txt"),
        ] {
            let (Some(path), Some(model)) = (real_file(name), model_file(model)) else {
                return;
            };
            let path = if layout == Layout::Tsv {
                path.parent().unwrap()
            } else {
                &path
            };
            let mut corpus = layout::read(layout, path).unwrap();
            let tokenizer = Tokenizer::open(&model).unwrap();
            let report = pieces::tokenize(&mut corpus, &tokenizer, 48).unwrap();
            let expected = &figures[&format!("{source}_{kind}")];
            let found = (report.words, report.pieces, report.unknown, report.cut);
            assert_eq!(
                found,
                (
                    expected.words,
                    expected.pieces,
                    expected.unknown,
                    expected.cut
                ),
                "{source} {kind}"
            );
            assert_eq!(report.resampled, 0);
            assert_eq!(digest(&corpus), expected.sha256, "{source} {kind}");
            if let Some(expected) = expected.audio_sum {
                let audio = corpus.index_of(Modality::Audio).unwrap();
                let values = corpus
                    .utterances()
                    .flat_map(|(_, u)| u.features[audio].data());
                let sum: f64 = values.map(|&value| f64::from(value)).sum();
                assert!((sum - expected).abs() < 1e-3, "{sum}");
            }
        }
    }
}

fn digest(corpus: &Corpus) -> String {
    let mut hash = Sha256::new();
    for split in Split::ALL {
        for utterance in corpus.split(split) {
            let ids = utterance.features[0].data();
            hash.update((ids.len() as u32).to_le_bytes());
            for &id in ids {
                hash.update((id as u32).to_le_bytes());
            }
        }
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
