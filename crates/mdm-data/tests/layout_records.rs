//! Records with emotions, and the layout of MISA and MMIM: what Python wrote, and files that contradict themselves.

mod common;

use std::fs;

use common::*;
use mdm_data::Error;
use mdm_data::corpus::{Corpus, Emotions};
use mdm_data::layout::{self, Layout};
use mdm_data::pickle::Limits;

const SEVEN: [f32; 7] = [1.5, 0.5, 0.0, 1.0, 0.0, 3.0, 0.25];
const SIX: Emotions = Emotions([0.5, 0.0, 1.0, 0.0, 3.0, 0.25]);

fn read(layout: Layout, value: Vec<u8>) -> Result<Corpus, Error> {
    let (_dir, path) = file("small.pkl", &pickle(value));
    layout::read(layout, &path)
}

fn refused(layout: Layout, value: Vec<u8>, parts: &[&str]) {
    let message = read(layout, value)
        .expect_err("the file should be refused")
        .to_string();
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
}

/// A dict with one record in the training split.
fn splits(record: Vec<u8>) -> Vec<u8> {
    dict(&[
        ("train", list(&[record])),
        ("dev", list(&[])),
        ("test", list(&[])),
    ])
}

fn words() -> Vec<u8> {
    list(&[text("good"), text("film")])
}

fn mag_record(label: Vec<u8>) -> Vec<u8> {
    let content = tuple(&[words(), filled(&[2, 2], 1.0), filled(&[2, 3], 1.0)]);
    tuple(&[content, label, text("v[0]")])
}

fn misa_record(content: &[Vec<u8>]) -> Vec<u8> {
    tuple(&[tuple(content), filled(&[1, 1], 0.5), text("v[0]")])
}

#[test]
fn seven_labels_are_the_sentiment_and_six_emotions() {
    for label in [
        array(&[1, 7], &SEVEN),
        array(&[7], &SEVEN),
        list(&SEVEN.map(|x| float(x.into()))),
    ] {
        let corpus = read(Layout::Mag, splits(mag_record(label))).unwrap();
        assert_eq!(corpus.train[0].label, 1.5);
        assert_eq!(corpus.train[0].emotions, Some(SIX));
        assert!(corpus.has_emotions());
    }
}

#[test]
fn emotions_are_annotated_throughout_or_not_at_all() {
    let with = |train, test| {
        dict(&[
            ("train", list(&[train])),
            ("dev", list(&[])),
            ("test", list(&[test])),
        ])
    };
    let seven = || mag_record(array(&[1, 7], &SEVEN));
    let one = || mag_record(filled(&[1, 1], 0.5));
    refused(
        Layout::Mag,
        with(seven(), one()),
        &["split test, record 0 (v[0]), field emotions: expected six emotions, as before"],
    );
    refused(
        Layout::Mag,
        with(one(), seven()),
        &["field emotions: expected no emotions, as before, found six"],
    );
    let damaged = array(&[7], &[0.0, f32::NAN, 0.0, 0.0, 0.0, 0.0, 0.0]);
    refused(
        Layout::Mag,
        splits(mag_record(damaged)),
        &["field emotions: expected finite numbers, found NaN"],
    );
    refused(
        Layout::Mag,
        splits(mag_record(array(&[1, 6], &[0.0; 6]))),
        &["field label: expected a number, or seven", "shape (1, 6)"],
    );
}

#[test]
fn misa_as_python_wrote_it() {
    for name in [
        "misa-protocol2.pkl",
        "misa-protocol4.pkl",
        "misa-python2.pkl",
    ] {
        let corpus = layout::read(Layout::Misa, &python_file(name)).unwrap();
        assert_eq!(corpus.dims(), [3, 2], "{name}");
        assert_eq!(
            [&corpus.train, &corpus.valid, &corpus.test].map(|split| split[0].id.as_str()),
            ["train_vid[0]", "dev_vid[0]", "test_vid[0]"]
        );
        let utterance = &corpus.test[0];
        assert_eq!(utterance.words, ["good", "film"]);
        assert_eq!((utterance.label, utterance.emotions), (1.5, Some(SIX)));
        assert_eq!(
            utterance.features[0].data(),
            &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
        );
        assert_eq!(utterance.features[1].data(), &[0.0, 1.0, 2.0, 3.0]);
    }
}

#[test]
fn mmim_as_python_wrote_it() {
    for name in [
        "mmim-protocol2.pkl",
        "mmim-protocol4.pkl",
        "mmim-python2.pkl",
    ] {
        let corpus = layout::read(Layout::Misa, &python_file(name)).unwrap();
        let utterance = &corpus.valid[0];
        assert_eq!((utterance.label, utterance.emotions), (-0.5, None));
        assert_eq!(utterance.words.len(), 2);
        // Three frames of vision for two words, and none of audio, which becomes one of zeros.
        assert_eq!(
            utterance.features[1].data(),
            &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
        );
        assert_eq!(utterance.features[0].data(), &[0.0; 3]);
    }
}

#[test]
fn misa_as_a_folder_of_splits() {
    let folder = tempfile::tempdir().unwrap();
    let one = |id| {
        let content = tuple(&[
            array(&[1], &[7.0]),
            filled(&[1, 2], 1.0),
            filled(&[1, 3], 1.0),
            list(&[text("yes")]),
        ]);
        pickle(list(&[tuple(&[content, filled(&[1, 1], 0.5), text(id)])]))
    };
    fs::write(folder.path().join("train.pkl"), one("a[0]")).unwrap();
    fs::write(folder.path().join("test.pkl"), one("c[0]")).unwrap();
    let error = layout::read(Layout::Misa, folder.path()).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("split valid: expected the file valid.pkl or dev.pkl or val.pkl"),
        "{message}"
    );

    fs::write(folder.path().join("dev.pkl"), one("b[0]")).unwrap();
    assert_eq!(
        layout::detect(folder.path(), Limits::default()).unwrap(),
        Layout::Misa
    );
    let corpus = layout::read(Layout::Misa, folder.path()).unwrap();
    let ids: Vec<&str> = corpus.utterances().map(|(_, u)| u.id.as_str()).collect();
    assert_eq!(ids, ["a[0]", "b[0]", "c[0]"]);

    fs::write(folder.path().join("val.pkl"), one("d[0]")).unwrap();
    let message = layout::read(Layout::Misa, folder.path()).unwrap_err();
    let message = message.to_string();
    let expected = "split valid: expected one of valid, dev, val, found dev and val";
    assert!(message.ends_with(expected), "{message}");
    fs::remove_file(folder.path().join("val.pkl")).unwrap();

    fs::write(folder.path().join("test.pkl"), b"cos\nsystem\n.").unwrap();
    let error = layout::read(Layout::Misa, folder.path()).unwrap_err();
    assert!(matches!(error, Error::Pickle { .. }), "{error}");
    assert!(error.to_string().contains("test.pkl"), "{error}");
}

#[test]
fn misa_that_contradicts_itself() {
    let ids = |n: usize| filled(&[n], 1.0);
    let (vision, audio) = (
        |n: usize| filled(&[n, 2], 1.0),
        |n: usize| filled(&[n, 3], 1.0),
    );
    let cases = [
        (
            vec![ids(3), vision(2), audio(2), words()],
            &[
                "(v[0]), field word_ids: expected no ids, or one for each of 2 words",
                "(3,)",
            ][..],
        ),
        (
            vec![ids(2), vision(3), audio(2), words()],
            &[
                "field vision: expected shape (2, dims), one row per word",
                "(3, 2)",
            ],
        ),
        (
            vec![ids(2), vision(2), audio(2)],
            &[
                "record 0 (v[0]): expected (word_ids, vision, audio, words)",
                "a tuple of 3",
            ],
        ),
        (
            vec![ids(2), vision(2), audio(2), text("good film")],
            &["field words: expected a list of words, found a single text"],
        ),
        (
            vec![ids(0), vision(3), audio(4), words(), int(3), int(5)],
            &[
                "field audio: expected shape (5, dims), the rows of audio_length",
                "(4, 3)",
            ],
        ),
        (
            vec![ids(0), vision(3), audio(4), words(), float(2.5), int(4)],
            &["field vision_length: expected a length, found 2.5"],
        ),
        (
            vec![ids(0), vision(3), audio(4), words(), int(3), int(-1)],
            &["field audio_length: expected a length, found -1"],
        ),
    ];
    for (content, parts) in cases {
        refused(Layout::Misa, splits(misa_record(&content)), parts);
    }
    refused(Layout::Misa, list(&[]), &["a dict with the split train"]);
    refused(
        Layout::Misa,
        splits(int(1)),
        &["split train, record 0: expected (content, label, segment)"],
    );
}

/// No data bears a width out where there are no rows, so the width must not decide how much memory is taken.
#[test]
fn a_width_without_rows_is_no_reason_to_allocate() {
    let empty = |dim| filled(&[0, dim], 1.0);
    let content = tuple(&[list(&[]), empty(1 << 30), empty(3)]);
    let record = tuple(&[content, filled(&[1, 1], 0.5), text("v[0]")]);
    refused(Layout::Mag, splits(record), &["(0, 1073741824)"]);
}
