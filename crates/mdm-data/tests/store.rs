//! The prepared store: the same corpus comes back, the same input gives the same bytes, damage gives a typed error, and
//! nothing half-written is ever left.

mod common;

use std::fs;
use std::path::Path;

use common::*;
use mdm_data::corpus::{Corpus, Emotions, Features, Modality, ModalityInfo, Split, Utterance};
use mdm_data::layout::{self, Header, Layout, Sink};
use mdm_data::store::{
    self, FEATURES, MANIFEST, PrepareOptions, SourceInfo, StoreWriter, UTTERANCES,
};
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

/// `tests/files/store-v1.md` says where it is from.
#[test]
fn version_1_is_still_read() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/store-v1");
    let (corpus, manifest) = store::read(&dir).unwrap();
    assert_eq!((manifest.version, manifest.emotions), (1, false));
    let sizes = [corpus.train.len(), corpus.valid.len(), corpus.test.len()];
    assert_eq!(sizes, [2, 0, 1]);
    let last = &corpus.test[0];
    assert_eq!((last.id.as_str(), last.label), ("c", 0.25));
    assert_eq!(last.words, ["a", "fine", "day"]);
    // Audio, then vision, as written by NumPy.
    assert_eq!(last.features[0].data(), [0.0, -1.0, -2.0, -3.0, -4.0, -5.0]);
    assert_eq!(last.features[1].row(2), [1.5, 1.75, 2.0]);
    assert!(corpus.train[0].emotions.is_none());

    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy");
    store::write(&corpus, &manifest.source, &manifest.replaced, &copy, false).unwrap();
    for part in [UTTERANCES, FEATURES] {
        let (old, new) = (fs::read(dir.join(part)), fs::read(copy.join(part)));
        assert_eq!(old.unwrap(), new.unwrap(), "{part}");
    }
}

#[test]
fn all_utterances_have_emotions_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("out");
    let mut corpus = corpus();
    let feel = |utterance: &mut Utterance, fear| {
        utterance.emotions = Some(Emotions([3.0, 0.0, 1.0 / 3.0, 0.0, 2.0, fear]));
    };
    feel(&mut corpus.train[0], 0.5);
    let message = save(&corpus, &dir, false).unwrap_err().to_string();
    assert!(message.contains("train, b, emotions: expected some, as before"));
    corpus.train.swap(0, 1);
    let message = save(&corpus, &dir, false).unwrap_err().to_string();
    assert!(message.contains("train, a, emotions: expected none, as before"));
    corpus.train.iter_mut().for_each(|u| feel(u, 0.5));
    corpus.test.iter_mut().for_each(|u| feel(u, f32::NAN));
    let message = save(&corpus, &dir, false).unwrap_err().to_string();
    assert!(message.contains("test, c, emotions: expected finite numbers"));
    corpus.test.iter_mut().for_each(|u| feel(u, 1.0));
    save(&corpus, &dir, false).unwrap();
    let (read, manifest) = store::read(&dir).unwrap();
    assert_eq!(read, corpus);
    assert_eq!((manifest.version, manifest.emotions), (2, true));
}

#[test]
fn splits_may_come_by_turns() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    save(&corpus(), &one, false).unwrap();
    let mut writer = StoreWriter::create(&two, false).unwrap();
    let corpus = corpus();
    let [a, b, c] = [&corpus.train[0], &corpus.train[1], &corpus.test[0]];
    for (split, utterance) in [(Split::Train, a), (Split::Test, c), (Split::Train, b)] {
        writer.push(split, utterance.clone()).unwrap();
    }
    let header = Header {
        name: corpus.name.clone(),
        modalities: corpus.modalities.clone(),
    };
    let counts = clean::count(&corpus);
    let manifest = writer.finish(&header, &source(), &counts).unwrap();
    assert_eq!(store::read(&one).unwrap().1, manifest);
    for part in [MANIFEST, UTTERANCES, FEATURES] {
        let (one, two) = (fs::read(one.join(part)), fs::read(two.join(part)));
        assert_eq!(one.unwrap(), two.unwrap(), "{part}");
    }
}

#[test]
fn a_writer_that_is_dropped_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("with/parents/out");
    let mut writer = StoreWriter::create(&dir, false).unwrap();
    writer.push(Split::Test, corpus().test[0].clone()).unwrap();
    drop(writer);
    assert!(names(folder.path()).is_empty());

    let writer = StoreWriter::create(&dir, false).unwrap();
    let mut header = Header {
        name: "none".into(),
        modalities: corpus().modalities,
    };
    let none = clean::CleanReport::default();
    writer.finish(&header, &source(), &none).unwrap();
    assert!(store::read(&dir).unwrap().0.is_empty());

    let mut writer = StoreWriter::create(&dir, true).unwrap();
    writer.push(Split::Test, corpus().test[0].clone()).unwrap();
    header.modalities[1].dim = 9;
    let error = writer.finish(&header, &source(), &none).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("modalities: expected dims [2, 3]")
    );
    assert!(store::read(&dir).unwrap().0.is_empty());
    assert_eq!(names(dir.parent().unwrap()), ["out"]);
}

#[test]
fn a_store_is_a_source_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    save(&corpus(), &one, false).unwrap();
    assert_eq!(layout::read(Layout::Store, &one).unwrap(), corpus());
    let vectors = folder.path().join("glove.txt");
    fs::write(&vectors, "good 1 2 3\nno 4 5 6\n").unwrap();
    let options = PrepareOptions {
        vectors: Some(vectors),
        ..PrepareOptions::default()
    };
    let report = store::prepare(Layout::Store, &one, &two, &options).unwrap();
    assert_eq!(report.embed.unwrap().found, 2);
    let (read, manifest) = store::read(&two).unwrap();
    assert_eq!((read.name.as_str(), read.dims()), ("tiny", vec![3, 2, 3]));
    assert_eq!(read.test[0].features[0].data(), [4.0, 5.0, 6.0]);
    assert_eq!(read.test[0].features[1..], corpus().test[0].features);
    assert_eq!(manifest.source.layout, Layout::Store);
    let lengths = [MANIFEST, UTTERANCES, FEATURES].map(|part| {
        let metadata = fs::metadata(one.join(part));
        metadata.unwrap().len()
    });
    assert_eq!(manifest.source.bytes, lengths.iter().sum::<u64>());
    // The words decide, and not the features that were there.
    let mut wordless = corpus();
    wordless.train.iter_mut().for_each(|u| u.words.clear());
    wordless.test.iter_mut().for_each(|u| u.words.clear());
    save(&wordless, &one, true).unwrap();
    let error = store::prepare(Layout::Store, &one, &folder.path().join("three"), &options);
    assert!(matches!(error, Err(Error::NoWords { .. })));
    assert_eq!(names(folder.path()), ["glove.txt", "one", "two"]);
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
    let version = replace("\"version\": 2", "\"version\": 9");
    assert!(version.contains("version: expected 1 or 2, found 9"));
    assert!(replace("\"emotions\": false", "\"emotions\": true").contains("columns: expected"));
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
