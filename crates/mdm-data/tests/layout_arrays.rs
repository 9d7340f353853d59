//! Padded arrays with emotions, and the layout of MultiBench.

mod common;

use common::*;
use mdm_data::Error;
use mdm_data::corpus::{Corpus, Emotions};
use mdm_data::layout::{self, Layout};

fn read(layout: Layout, value: Vec<u8>) -> Result<Corpus, Error> {
    let (_dir, path) = file("small.pkl", &pickle(value));
    layout::read(layout, &path)
}

/// Splits of two utterances, of which the second has no text.
fn splits(labels: &[u8]) -> Vec<u8> {
    let split = || {
        dict(&[
            ("text", array(&[2, 2, 1], &[0.0, 1.0, 0.0, 0.0])),
            ("audio", filled(&[2, 2, 1], 2.0)),
            ("vision", filled(&[2, 2, 2], 3.0)),
            ("labels", labels.to_vec()),
            ("id", unicode_array(&[2], &["a", "b"])),
        ])
    };
    dict(&[("train", split()), ("valid", split()), ("test", split())])
}

#[test]
fn seven_labels_are_the_sentiment_and_six_emotions() {
    let values: Vec<f32> = (0..14u8).map(f32::from).collect();
    for shape in [&[2, 1, 7][..], &[2, 7]] {
        let corpus = read(Layout::Mult, splits(&array(shape, &values))).unwrap();
        let labels: Vec<f32> = corpus.train.iter().map(|u| u.label).collect();
        assert_eq!(labels, [0.0, 7.0]);
        let second = corpus.train[1].emotions;
        assert_eq!(second, Some(Emotions([8.0, 9.0, 10.0, 11.0, 12.0, 13.0])));
    }
    for (labels, found) in [
        (filled(&[2, 1, 6], 0.0), "(2, 1, 6)"),
        (filled(&[7, 2], 0.0), "(7, 2)"),
        (filled(&[2, 0], 0.0), "(2, 0)"),
    ] {
        let message = read(Layout::Mult, splits(&labels)).unwrap_err().to_string();
        let expected = "field labels: expected one number, or seven, for each of 2 utterances";
        assert!(
            message.contains(expected) && message.contains(found),
            "{message}"
        );
    }
}

#[test]
fn multibench_leaves_out_utterances_without_text() {
    let labels = array(&[2, 1, 1], &[0.5, -0.5]);
    let mult = read(Layout::Mult, splits(&labels)).unwrap();
    let multibench = read(Layout::MultiBench, splits(&labels)).unwrap();
    assert_eq!((mult.len(), multibench.len()), (6, 3));
    for (_, utterance) in multibench.utterances() {
        assert_eq!((utterance.id.as_str(), utterance.label), ("a", 0.5));
        assert_eq!(utterance.features[1].data(), &[2.0]);
    }
    // All else is the same.
    assert_eq!(multibench.train[0], mult.train[0]);
    assert_eq!(multibench.modalities, mult.modalities);
}

#[test]
fn multibench_as_python_wrote_it() {
    for name in [
        "multibench-protocol2.pkl",
        "multibench-protocol4.pkl",
        "multibench-python2.pkl",
    ] {
        let corpus = layout::read(Layout::MultiBench, &python_file(name)).unwrap();
        assert_eq!(corpus.dims(), [2, 1, 2], "{name}");
        let ids: Vec<&str> = corpus.valid.iter().map(|u| u.id.as_str()).collect();
        assert_eq!(ids, ["a[0,1]", "c"], "{name}");
        let steps: Vec<usize> = corpus.valid.iter().map(|u| u.features[0].steps()).collect();
        assert_eq!(steps, [3, 1], "{name}");
        let first = &corpus.valid[0];
        assert_eq!(first.features[1].data(), &[f32::NEG_INFINITY; 3]);
        assert_eq!(first.label, 1.5);
        let emotions = Emotions([0.5, 0.0, 1.0, 0.0, 3.0, 0.25]);
        assert_eq!(first.emotions, Some(emotions));
    }
}
