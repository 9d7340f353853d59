//! The layout of conversation-level models: sentences, speakers and labels by video.

mod common;

use common::*;
use mdm_data::Error;
use mdm_data::corpus::Corpus;
use mdm_data::layout::{self, Layout};

fn read(value: Vec<u8>) -> Result<Corpus, Error> {
    let (_dir, path) = file("small.pkl", &pickle_as(4, value));
    layout::read(Layout::Conversations, &path)
}

/// The seven parts of a small file: video `x` of two utterances in training, `y` and `z` of one in validation.
fn parts() -> [Vec<u8>; 7] {
    let texts = |texts: &[&str]| list(&texts.iter().map(|t| text(t)).collect::<Vec<_>>());
    let floats = |values: &[f64]| list(&values.iter().map(|&v| float(v)).collect::<Vec<_>>());
    let set = |videos: &[&str]| {
        let items: Vec<Vec<u8>> = videos.iter().map(|v| text(v)).collect();
        [&b"\x8f("[..], &items.concat(), b"\x90"].concat()
    };
    [
        dict(&[
            ("z", texts(&["z_1"])),
            ("x", texts(&["x_1", "x_2"])),
            ("y", texts(&["y_1"])),
            ("unused", texts(&["unused_1"])),
        ]),
        dict(&[
            ("x", floats(&[2.5, -1.0])),
            ("y", floats(&[0.0])),
            ("z", floats(&[3.0])),
        ]),
        dict(&[
            ("x", texts(&["", ""])),
            ("y", texts(&[""])),
            ("z", texts(&[""])),
        ]),
        dict(&[
            ("x", unicode_array(&[2], &["VERY  GOOD", ""])),
            ("y", unicode_array(&[1], &["NO"])),
            ("z", texts(&["YES"])),
        ]),
        set(&["x"]),
        set(&["y", "z"]),
        texts(&[]),
    ]
}

#[test]
fn videos_come_in_the_order_of_the_ids() {
    let corpus = read(list(&parts())).unwrap();
    assert!(corpus.modalities.is_empty());
    let ids = |split: &[mdm_data::Utterance]| -> Vec<String> {
        split.iter().map(|u| u.id.clone()).collect()
    };
    assert_eq!(ids(&corpus.train), ["x_1", "x_2"]);
    // Not in that of the set, which Python may write in any.
    assert_eq!(ids(&corpus.valid), ["z_1", "y_1"]);
    assert!(corpus.test.is_empty());
    assert_eq!(corpus.train[0].words, ["VERY", "GOOD"]);
    assert_eq!(corpus.train[0].label, 2.5);
    assert!(corpus.train[1].words.is_empty() && corpus.train[1].features.is_empty());
}

#[test]
fn files_that_contradict_themselves() {
    let with = |place: usize, value: Vec<u8>| {
        let mut parts = parts();
        parts[place] = value;
        list(&parts)
    };
    let one = |value: Vec<u8>| dict(&[("x", value)]);
    let cases = [
        (
            list(&parts()[..6]),
            &["expected a list of 7: ids, labels", "a list of 6"][..],
        ),
        (
            with(1, list(&[])),
            &["field labels: expected a dict by video", "a list of 0"],
        ),
        (
            with(1, one(list(&[float(1.0)]))),
            &[
                "split train (x), field labels: expected one number for each of 2",
                "(1,)",
            ],
        ),
        (
            with(3, one(list(&[text("a")]))),
            &["split train (x), field sentences: expected 2 entries, as in ids, found 1"],
        ),
        (
            with(2, dict(&[])),
            &["split train (x), field speakers: expected the video, found no entry for it"],
        ),
        (
            with(6, list(&[text("nowhere")])),
            &["split test (nowhere), field ids: expected the video, found no entry for it"],
        ),
        (
            with(6, list(&[text("x")])),
            &["split test (x): expected a video in one split, found it in train too"],
        ),
        (
            with(0, dict(&[("x", list(&[])), ("x", list(&[]))])),
            &["field ids: expected every video once, found \"x\" again"],
        ),
        (
            with(1, one(list(&[float(f64::NAN), float(0.0)]))),
            &["(x_1), field label: expected a finite number"],
        ),
    ];
    for (value, parts) in cases {
        let message = read(value).expect_err("it should be refused").to_string();
        for part in parts {
            assert!(message.contains(part), "{part:?} is not in: {message}");
        }
    }
}
