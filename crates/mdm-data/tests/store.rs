//! The prepared store: the same corpus comes back, the same input gives the same bytes, damage gives a typed error, and
//! nothing half-written is ever left.

mod common;

use std::fs;
use std::path::Path;

use common::*;
use mdm_data::corpus::{Corpus, Features, Modality, ModalityInfo, Utterance};
use mdm_data::layout::Layout;
use mdm_data::store::{self, FEATURES, MANIFEST, PrepareOptions, SourceInfo, UTTERANCES};
use mdm_data::{Error, clean};

fn corpus() -> Corpus {
    let info = |modality, dim| ModalityInfo { modality, dim };
    let mut corpus = Corpus::new(
        "tiny",
        vec![info(Modality::Audio, 2), info(Modality::Vision, 3)],
    );
    let utterance = |id: &str, words: &[&str], steps: usize, label| Utterance {
        id: id.into(),
        words: words.iter().map(|w| w.to_string()).collect(),
        features: vec![
            Features::new(2, (0..2 * steps).map(|i| i as f32).collect()),
            Features::new(3, (0..3 * (steps + 1)).map(|i| -(i as f32)).collect()),
        ],
        label,
        ..Utterance::default()
    };
    corpus.train = vec![
        utterance("a", &["good", "été"], 2, 1.5),
        utterance("b", &[], 1, -3.0),
    ];
    corpus.test = vec![utterance("c", &["no"], 4, 0.0)];
    corpus
}

fn source() -> SourceInfo {
    SourceInfo {
        layout: Layout::Mag,
        file_name: "tiny.pkl".into(),
        sha256: "00".into(),
        bytes: 7,
        vectors: None,
    }
}

fn save(corpus: &Corpus, dir: &Path, overwrite: bool) -> Result<(), Error> {
    store::write(corpus, &source(), &clean::count(corpus), dir, overwrite)
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_corpus_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("with/parents/tiny");
    save(&corpus(), &dir, false).unwrap();
    let (read, manifest) = store::read(&dir).unwrap();
    assert_eq!(read, corpus());
    assert_eq!(manifest.source, source());
    assert_eq!(manifest.replaced.counts.len(), 6);
    assert_eq!(store::verify(&dir).unwrap(), manifest);
    assert_eq!(names(&dir), [FEATURES, MANIFEST, UTTERANCES]);
    assert_eq!(names(dir.parent().unwrap()), ["tiny"]);
    let text = fs::read_to_string(dir.join(MANIFEST)).unwrap();
    assert!(!text.contains(folder.path().to_str().unwrap()), "{text}");
}

#[test]
fn the_same_corpus_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    save(&corpus(), &one, false).unwrap();
    save(&corpus(), &two, false).unwrap();
    for part in [MANIFEST, UTTERANCES, FEATURES] {
        assert_eq!(
            fs::read(one.join(part)).unwrap(),
            fs::read(two.join(part)).unwrap(),
            "{part}"
        );
    }
}

#[test]
fn only_a_store_is_replaced_and_only_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("out");
    fs::create_dir(&dir).unwrap();
    save(&corpus(), &dir, false).unwrap();

    let mut other = corpus();
    other.name = "other".into();
    assert!(matches!(
        save(&other, &dir, false),
        Err(Error::OutputExists { .. })
    ));
    assert_eq!(store::read(&dir).unwrap().0.name, "tiny");
    save(&other, &dir, true).unwrap();
    assert_eq!(store::read(&dir).unwrap().0.name, "other");
    assert_eq!(names(folder.path()), ["out"]);

    let precious = folder.path().join("precious");
    fs::create_dir(&precious).unwrap();
    fs::write(precious.join("thesis.tex"), "x").unwrap();
    fs::write(
        precious.join(MANIFEST),
        r#"{"format": "other", "version": 1}"#,
    )
    .unwrap();
    assert!(matches!(
        save(&other, &precious, true),
        Err(Error::OutputExists { .. })
    ));
    assert_eq!(names(&precious), [MANIFEST, "thesis.tex"]);
    assert!(matches!(
        save(&other, &precious.join("thesis.tex"), true),
        Err(Error::OutputExists { .. })
    ));
    assert!(save(&other, Path::new("/"), true).is_err());
}

#[test]
fn a_failed_write_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut broken = corpus();
    broken.test[0].features.pop();
    let dir = folder.path().join("out");
    let none = clean::CleanReport::default();
    let message = store::write(&broken, &source(), &none, &dir, false)
        .unwrap_err()
        .to_string();
    assert!(message.contains("test, c"), "{message}");
    assert!(names(folder.path()).is_empty());
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    assert!(save(&corpus(), &file.join("below"), false).is_err());
    assert_eq!(names(folder.path()), ["file"]);
}

/// Damages a part and gives the error of `verify`.
fn damaged(dir: &Path, part: &str, change: impl FnOnce(&mut Vec<u8>)) -> Error {
    let path = dir.join(part);
    let good = fs::read(&path).unwrap();
    let mut bad = good.clone();
    change(&mut bad);
    fs::write(&path, bad).unwrap();
    let error = store::verify(dir).expect_err("damage should be noticed");
    let _ = store::read(dir);
    fs::write(&path, good).unwrap();
    error
}

#[test]
fn damage_anywhere_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("out");
    save(&corpus(), &dir, false).unwrap();
    for part in [UTTERANCES, FEATURES] {
        let length = fs::metadata(dir.join(part)).unwrap().len() as usize;
        for place in (0..length).step_by(11) {
            let error = damaged(&dir, part, |bytes| bytes[place] ^= 0xff);
            assert!(matches!(error, Error::Store { .. }), "{error}");
        }
        let error = damaged(&dir, part, |bytes| bytes.truncate(length / 2));
        assert!(error.to_string().contains("length"), "{error}");
    }
    let length = fs::metadata(dir.join(MANIFEST)).unwrap().len() as usize;
    for place in (0..length).step_by(7) {
        damaged(&dir, MANIFEST, |bytes| {
            bytes.truncate(place.min(length - 2))
        });
    }
    store::verify(&dir).unwrap();
}

#[test]
fn parts_that_contradict_the_manifest_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("out");
    save(&corpus(), &dir, false).unwrap();
    let replace = |from: &'static str, to: &'static str| {
        damaged(&dir, MANIFEST, |bytes| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            assert!(text.contains(from), "{from} is not in {text}");
            *bytes = text.replacen(from, to, 1).into_bytes();
        })
        .to_string()
    };
    assert!(replace("\"version\": 1", "\"version\": 9").contains("version: expected 1, found 9"));
    assert!(replace("mdm-prepared-store", "something").contains("format"));
    assert!(replace("\"dim\": 2", "\"dim\": 4").contains("train.audio"));
    assert!(replace("\"dim\": 2", "\"dim\": 0").contains("modalities"));
    assert!(replace("\"audio\": 3", "\"audio\": 2").contains("train.audio"));
    assert!(replace("\"utterances\": 2", "\"utterances\": 3").contains("sizes of the splits"));
    assert!(replace("\"name\"", "\"nom\"").contains("manifest"));
    fs::remove_file(dir.join(FEATURES)).unwrap();
    assert!(matches!(store::read(&dir), Err(Error::Io { .. })));
}

#[test]
fn prepare_gives_words_vectors_and_reports() {
    let frames = |dim, value| filled(&[2, dim], value);
    let record = |id: &str, audio| {
        let words = list(&[text("Good"), text("film")]);
        tuple(&[tuple(&[words, frames(2, 1.0), audio]), float(4.0), text(id)])
    };
    let damaged = array(&[2, 1], &[1.0, f32::NEG_INFINITY]);
    let value = dict(&[
        (
            "train",
            list(&[record("a", frames(1, 1.0)), record("a", damaged)]),
        ),
        ("dev", list(&[])),
        ("test", list(&[record("b", frames(1, 1.0))])),
    ]);
    let (folder, input) = file("small.pkl", &pickle(value));
    let vectors = folder.path().join("glove.txt");
    fs::write(&vectors, "good 1 2 3\nunused 4 5 6\n").unwrap();
    let output = folder.path().join("store");
    let options = PrepareOptions {
        name: Some("Small".into()),
        vectors: Some(vectors),
        ..PrepareOptions::default()
    };
    let report = store::prepare(Layout::Mag, &input, &output, &options).unwrap();
    let text = report.to_string();
    for part in [
        "Small: train 2, valid 0, test 1",
        "dims: language 3, audio 1, vision 2",
        "3 of 6 words have a vector",
        "train audio: replaced by 0: 0 NaN, 0 +inf, 1 -inf",
        "warning: train: ids that occur more than once: 1, for instance a",
        "warning: valid: no utterances",
        "warning: test: labels outside [-3, 3]: 1, for instance b",
    ] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    let (corpus, manifest) = store::read(&output).unwrap();
    assert_eq!(corpus.dims(), [3, 1, 2]);
    assert_eq!(manifest.replaced.total(), 1);
    assert_eq!(manifest.source.vectors.unwrap().file_name, "glove.txt");
    assert!(matches!(
        store::prepare(Layout::Mag, &input, &output, &options),
        Err(Error::OutputExists { .. })
    ));
    let hostile = pickle(reduce(global("os", "system"), &[common::text("id")]));
    fs::write(&input, hostile).unwrap();
    let other = folder.path().join("other");
    assert!(store::prepare(Layout::Mag, &input, &other, &options).is_err());
    assert_eq!(names(folder.path()), ["glove.txt", "small.pkl", "store"]);
}
