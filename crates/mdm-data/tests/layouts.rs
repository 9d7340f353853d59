//! The three layouts on small files made by hand: what is read, and what is said about a file that contradicts itself.

mod common;

use common::*;
use mdm_data::corpus::{Corpus, Modality, Split};
use mdm_data::layout::{self, Layout};
use mdm_data::warnings::{self, Warning};
use mdm_data::{Error, clean};

fn read(layout: Layout, value: Vec<u8>) -> Result<Corpus, Error> {
    let (_dir, path) = file("small.pkl", &pickle(value));
    layout::read(layout, &path)
}

fn message(layout: Layout, value: Vec<u8>) -> String {
    read(layout, value)
        .expect_err("the file should be refused")
        .to_string()
}

fn contains(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
}

// MAG

fn mag_record(
    id: &str,
    words: &[&str],
    vision: Vec<u8>,
    audio: Vec<u8>,
    label: Vec<u8>,
) -> Vec<u8> {
    let words: Vec<Vec<u8>> = words.iter().map(|w| text(w)).collect();
    tuple(&[tuple(&[list(&words), vision, audio]), label, text(id)])
}

fn mag_plain(id: &str, words: &[&str]) -> Vec<u8> {
    let n = words.len();
    mag_record(
        id,
        words,
        filled(&[n, 2], 2.0),
        filled(&[n, 3], 3.0),
        filled(&[1, 1], 1.5),
    )
}

fn mag(train: &[Vec<u8>], dev: &[Vec<u8>], test: &[Vec<u8>]) -> Vec<u8> {
    dict(&[
        ("train", list(train)),
        ("dev", list(dev)),
        ("test", list(test)),
    ])
}

#[test]
fn mag_is_read() {
    let value = mag(
        &[
            mag_plain("a[0]", &["good", "film"]),
            mag_plain("a[1]", &["yes"]),
        ],
        &[mag_plain("b[0]", &["no"])],
        &[],
    );
    let corpus = read(Layout::Mag, value).unwrap();
    assert_eq!(corpus.name, "small");
    assert_eq!(corpus.index_of(Modality::Language), None);
    assert_eq!(corpus.dims(), [3, 2]);
    assert_eq!(
        (corpus.train.len(), corpus.valid.len(), corpus.test.len()),
        (2, 1, 0)
    );
    let first = &corpus.train[0];
    assert_eq!((first.id.as_str(), first.label), ("a[0]", 1.5));
    assert_eq!(first.words, ["good", "film"]);
    assert_eq!(first.features[0].data(), &[3.0; 6]);
    assert_eq!(first.features[1].data(), &[2.0; 4]);
    assert!(corpus.is_aligned());
    let warnings: Vec<String> = warnings::check(&corpus)
        .iter()
        .map(Warning::to_string)
        .collect();
    assert_eq!(warnings, ["test: no utterances"]);
}

#[test]
fn a_split_under_two_names_is_refused() {
    let records = || list(&[mag_plain("a", &["x"])]);
    let names = ["train", "valid", "dev", "test"];
    let value = dict(&names.map(|name| (name, records())));
    contains(
        &message(Layout::Mag, value),
        &[
            "split valid",
            "one of valid, dev, val",
            "found valid and dev",
        ],
    );
}

#[test]
fn mag_without_words_keeps_one_frame_of_zeros() {
    let corpus = read(Layout::Mag, mag(&[mag_plain("a", &[])], &[], &[])).unwrap();
    assert_eq!(corpus.train[0].features[0].data(), &[0.0; 3]);
}

#[test]
fn mag_with_wrong_shapes() {
    let one = |record| mag(&[mag_plain("first", &["x"])], &[record], &[]);
    let label = || filled(&[1, 1], 0.0);
    let cases = [
        (
            mag_record(
                "bad",
                &["x", "y"],
                filled(&[3, 2], 1.0),
                filled(&[2, 3], 1.0),
                label(),
            ),
            &[
                "split valid",
                "record 0",
                "(bad)",
                "field vision",
                "(2, dims)",
                "(3, 2)",
            ][..],
        ),
        (
            mag_record(
                "bad",
                &["x"],
                filled(&[1, 2], 1.0),
                filled(&[1, 4], 1.0),
                label(),
            ),
            &[
                "split valid",
                "record 0",
                "(bad)",
                "field audio",
                "3 dims",
                "found 4",
            ],
        ),
        (
            mag_record(
                "bad",
                &["x"],
                filled(&[1, 2], 1.0),
                filled(&[1, 3], 1.0),
                filled(&[1, 2], 0.0),
            ),
            &["(bad)", "field label", "a number", "(1, 2)"],
        ),
        (
            mag_record(
                "bad",
                &["x"],
                filled(&[1, 2], 1.0),
                filled(&[1, 3], 1.0),
                filled(&[1, 1], f32::NAN),
            ),
            &["(bad)", "field label", "finite", "NaN"],
        ),
        (
            mag_record("bad", &["x"], text("no"), filled(&[1, 3], 1.0), label()),
            &["(bad)", "field vision", "a number", "\"no\""],
        ),
        (
            tuple(&[int(1), int(2)]),
            &["record 0", "(content, label, segment)", "a tuple of 2"],
        ),
    ];
    for (record, parts) in cases {
        contains(&message(Layout::Mag, one(record)), parts);
    }
    let no_dev = dict(&[("train", list(&[])), ("test", list(&[]))]);
    contains(
        &message(Layout::Mag, no_dev),
        &["valid or dev or val", "\"train\", \"test\""],
    );
    contains(
        &message(Layout::Mag, list(&[])),
        &["split train", "a list of 0"],
    );
    contains(
        &message(Layout::Mag, mag(&[], &[], &[])),
        &["at least one utterance"],
    );
}

#[test]
fn damaged_features_are_counted_per_split_and_modality() {
    let audio = array(&[1, 3], &[f32::NAN, f32::NEG_INFINITY, 1.0]);
    let record = mag_record("a", &["x"], filled(&[1, 2], 1.0), audio, float(0.0));
    let mut corpus = read(Layout::Mag, mag(&[mag_plain("b", &["x"])], &[record], &[])).unwrap();
    let report = clean::clean(&mut corpus);
    let count = report.get(Split::Valid, Modality::Audio).unwrap();
    assert_eq!(
        (count.nan, count.negative_infinite, report.total()),
        (1, 1, 2)
    );
    assert_eq!(corpus.valid[0].features[0].data(), &[0.0, 0.0, 1.0]);
}

// MulT

fn mult_split(text_values: &[f32], audio: Vec<u8>, ids: Vec<u8>) -> Vec<u8> {
    let n = text_values.len() / 4;
    dict(&[
        ("text", array(&[n, 4, 1], text_values)),
        ("audio", audio),
        ("vision", filled(&[n, 4, 2], 2.0)),
        ("labels", filled(&[n, 1, 1], -1.0)),
        ("id", ids),
    ])
}

fn mult(train: Vec<u8>) -> Vec<u8> {
    let other = || {
        mult_split(
            &[1.0; 4],
            filled(&[1, 4, 1], 1.0),
            unicode_array(&[1, 3], &["z", "0", "0"]),
        )
    };
    dict(&[("train", train), ("valid", other()), ("test", other())])
}

#[test]
fn mult_is_read_without_padding() {
    // Left, right, none with a zero in the middle, and nothing at all.
    #[rustfmt::skip]
    let values = [
        0.0, 0.0, 5.0, 6.0,
        7.0, 8.0, 9.0, 0.0,
        1.0, 0.0, 0.0, 2.0,
        0.0, 0.0, 0.0, 0.0,
    ];
    let mut sound = [1.0f32; 16];
    // -inf under the padding of the first utterance does not make it a real step.
    sound[1] = f32::NEG_INFINITY;
    let ids = unicode_array(
        &[4, 3],
        &["a", "0", "0", "b", "1.5", "2", "c", "0", "0", "d", "0", "0"],
    );
    let corpus = read(
        Layout::Mult,
        mult(mult_split(&values, array(&[4, 4, 1], &sound), ids)),
    )
    .unwrap();
    assert_eq!(corpus.dims(), [1, 1, 2]);
    let steps: Vec<usize> = corpus.train.iter().map(|u| u.features[0].steps()).collect();
    assert_eq!(steps, [2, 3, 4, 1]);
    assert_eq!(corpus.train[0].features[0].data(), &[5.0, 6.0]);
    assert_eq!(corpus.train[0].features[1].data(), &[1.0, 1.0]);
    assert_eq!(corpus.train[1].id, "b[1.5,2]");
    // Without text, the other modalities keep what they have.
    assert_eq!(corpus.train[3].features[1].steps(), 4);
    let warning = warnings::check(&corpus);
    let expected = "train: utterances that are all zero in language: 1, for instance d";
    assert_eq!(warning[0].to_string(), expected);
}

#[test]
fn mult_streams_of_other_lengths_are_cut_by_their_own_frames() {
    let sound = array(&[1, 6, 1], &[0.0, 3.0, f32::NEG_INFINITY, 4.0, 0.0, 0.0]);
    let ids = list(&[list(&[string2(b"a"), text("0"), text("1")])]);
    let corpus = read(
        Layout::Mult,
        mult(mult_split(&[0.0, 1.0, 1.0, 0.0], sound, ids)),
    )
    .unwrap();
    let steps: Vec<usize> = corpus.train[0].features.iter().map(|f| f.steps()).collect();
    assert_eq!(steps, [2, 3, 2]);
    assert_eq!(corpus.train[0].id, "a[0,1]");
}

#[test]
fn mult_with_wrong_shapes() {
    let ids = || unicode_array(&[1, 3], &["a", "0", "0"]);
    let plain = |audio, ids| mult(mult_split(&[1.0; 4], audio, ids));
    let cases = [
        (
            plain(filled(&[2, 4, 1], 1.0), ids()),
            &["split train", "field audio", "1 utterances", "found 2"][..],
        ),
        (
            plain(filled(&[1, 4], 1.0), ids()),
            &["field audio", "(utterances, steps, dims)", "(1, 4)"],
        ),
        (
            plain(filled(&[1, 4, 1], 1.0), unicode_array(&[2], &["a", "b"])),
            &["field id", "1 utterances", "(2,)"],
        ),
        (
            plain(filled(&[1, 4, 1], 1.0), filled(&[1, 3], 0.0)),
            &["field id", "valid text", "(1, 3) of f4"],
        ),
        // The other splits have audio of one dim.
        (
            plain(filled(&[1, 4, 5], 1.0), ids()),
            &["split valid", "(z)", "field audio", "5 dims", "found 1"],
        ),
    ];
    for (value, parts) in cases {
        contains(&message(Layout::Mult, value), parts);
    }
    let without = dict(&[("train", dict(&[("text", filled(&[1, 1, 1], 1.0))]))]);
    contains(
        &message(Layout::Mult, without),
        &["split train", "field audio", "a dict with \"text\""],
    );
}

// MMSA

fn mmsa_split(extra: &[(&str, Vec<u8>)]) -> Vec<u8> {
    // Two utterances of four steps; the second text ends in a word without a vector.
    #[rustfmt::skip]
    let text_values = [
        1.0, 2.0, 0.0, 0.0,
        3.0, 0.0, 0.0, 0.0,
    ];
    #[rustfmt::skip]
    let bert = [
        101.0, 5.0, 6.0, 102.0,  1.0, 1.0, 1.0, 1.0,  0.0, 0.0, 0.0, 0.0,
        101.0, 5.0, 102.0, 0.0,  1.0, 1.0, 1.0, 0.0,  0.0, 0.0, 0.0, 0.0,
    ];
    let mut entries = vec![
        (
            "raw_text",
            unicode_array(&[2], &["VERY GOOD", "SO  UNHEARD"]),
        ),
        ("text", array(&[2, 4, 1], &text_values)),
        ("text_bert", array(&[2, 3, 4], &bert)),
        ("audio", filled(&[2, 1, 3], 1.0)),
        ("audio_lengths", list(&[int(1), int(0)])),
        (
            "vision",
            array(&[2, 4, 1], &[1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0]),
        ),
        ("vision_lengths", list(&[int(2), int(2)])),
        ("regression_labels", array(&[2], &[0.5, -2.0])),
        ("id", unicode_array(&[2], &["v$_$1", "v$_$2"])),
    ];
    entries.extend(extra.iter().map(|(k, v)| (*k, v.clone())));
    dict(&entries)
}

fn mmsa(train_extra: &[(&str, Vec<u8>)]) -> Vec<u8> {
    dict(&[
        ("train", mmsa_split(train_extra)),
        ("valid", mmsa_split(&[])),
        ("test", mmsa_split(&[])),
    ])
}

fn steps(corpus: &Corpus) -> Vec<Vec<usize>> {
    let of = |u: &mdm_data::Utterance| u.features.iter().map(|f| f.steps()).collect();
    corpus.train.iter().map(of).collect()
}

#[test]
fn mmsa_is_read_by_its_lengths() {
    let corpus = read(Layout::Mmsa, mmsa(&[])).unwrap();
    assert_eq!(corpus.dims(), [1, 3, 1]);
    // The second text takes the length of the vision; a declared length of 0 still leaves one step.
    assert_eq!(steps(&corpus), [[2, 1, 2], [2, 1, 2]]);
    assert_eq!(corpus.train[1].words, ["SO", "UNHEARD"]);
    assert_eq!(corpus.train[1].label, -2.0);
    assert_eq!(corpus.train[1].id, "v$_$2");
    assert_eq!(corpus.train[1].features[0].data(), &[3.0, 0.0]);
}

#[test]
fn mmsa_without_text_and_lengths_keeps_what_is_heard_and_seen() {
    let ones_then_zeros = array(&[2, 4, 1], &[1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0]);
    let split = || {
        dict(&[
            (
                "text",
                array(&[2, 4, 1], &[0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0]),
            ),
            ("audio", ones_then_zeros.clone()),
            ("vision", ones_then_zeros.clone()),
            ("regression_labels", filled(&[2], 0.0)),
            ("id", list(&[text("a"), text("b")])),
        ])
    };
    let value = dict(&["train", "valid", "test"].map(|name| (name, split())));
    let corpus = read(Layout::Mmsa, value).unwrap();
    assert_eq!(steps(&corpus), [[1, 3, 3], [2, 2, 2]]);
}

#[test]
fn mmsa_of_full_text_is_bounded_by_its_mask() {
    // Vectors that also stand beyond the mask, and no lengths: the aligned files.
    let full = filled(&[2, 4, 1], 1.0);
    let without_lengths = |value: Vec<u8>| {
        let entries = [
            ("text", full.clone()),
            ("text_bert", {
                let mut bert = vec![1.0; 24];
                bert[12 + 4 + 3] = 0.0;
                array(&[2, 3, 4], &bert)
            }),
            ("audio", filled(&[2, 4, 1], 1.0)),
            ("vision", filled(&[2, 4, 1], 1.0)),
            ("regression_labels", filled(&[2, 1], 0.0)),
            ("id", value),
        ];
        dict(&entries)
    };
    let ids = || list(&[text("a"), text("b")]);
    let split = || without_lengths(ids());
    let value = dict(&[("train", split()), ("valid", split()), ("test", split())]);
    let corpus = read(Layout::Mmsa, value).unwrap();
    assert_eq!(steps(&corpus), [[4, 4, 4], [3, 3, 3]]);
    assert!(corpus.train[0].words.is_empty());
}

#[test]
fn mmsa_takes_columns_of_every_kind() {
    let objects = |items: &[Vec<u8>]| {
        let data = list(items);
        array_of("numpy.core", &[items.len()], dtype("O", "|"), false, data)
    };
    let integers = |name: &str, values: &[i64], size: usize| {
        let raw: Vec<u8> = values
            .iter()
            .flat_map(|v| v.to_le_bytes()[..size].to_vec())
            .collect();
        array_of(
            "numpy.core",
            &[values.len()],
            dtype(name, "<"),
            false,
            bytes(&raw),
        )
    };
    let scalar = |value: f64| {
        let parts = [dtype("f8", "<"), bytes(&value.to_le_bytes())];
        reduce(global("numpy.core.multiarray", "scalar"), &parts)
    };
    let labels = [
        integers("i8", &[1, -2], 8),
        integers("i4", &[1, -2], 4),
        list(&[int(1), int(-2)]),
        list(&[scalar(1.0), scalar(-2.0)]),
        objects(&[float(1.0), int(-2)]),
        array(&[2, 1], &[1.0, -2.0]),
    ];
    let texts = [text("VERY GOOD"), text("SO UNHEARD")];
    let ids = [text("v$_$1"), text("v$_$2")];
    for labels in labels {
        // With what only classification needs, as the public files have it.
        let corpus = read(
            Layout::Mmsa,
            mmsa(&[
                ("regression_labels", labels),
                ("classification_labels", integers("i8", &[2, 0], 8)),
                ("annotations", list(&[text("Positive"), text("Negative")])),
                ("raw_text", objects(&texts)),
                ("id", list(&ids)),
                ("audio_lengths", integers("i8", &[1, 1], 8)),
            ]),
        )
        .unwrap();
        let read: Vec<f32> = corpus.train.iter().map(|u| u.label).collect();
        assert_eq!(read, [1.0, -2.0]);
        assert_eq!(corpus.train[0].words, ["VERY", "GOOD"]);
        assert_eq!(corpus.train[1].id, "v$_$2");
    }
}

#[test]
fn mmsa_with_wrong_fields() {
    let cases = [
        (
            ("vision_lengths", list(&[int(2), int(5)])),
            &["split train", "record 1", "at most 4", "found 5"][..],
        ),
        (
            ("vision_lengths", list(&[int(2), float(0.5)])),
            &["field vision_lengths", "found 0.5"],
        ),
        (
            ("audio_lengths", list(&[int(1)])),
            &["field audio_lengths", "each of 2 utterances", "(1,)"],
        ),
        (
            ("raw_text", unicode_array(&[1], &["x"])),
            &["field raw_text", "each of 2 utterances"],
        ),
        (
            ("text_bert", filled(&[2, 2, 4], 1.0)),
            &["field text_bert", "(2, 3, steps)", "(2, 2, 4)"],
        ),
        (
            ("regression_labels", text("none")),
            &["field regression_labels", "a number", "\"none\""],
        ),
        (("id", filled(&[2], 1.0)), &["field id", "valid text"]),
        (
            ("text", filled(&[3, 4, 1], 1.0)),
            &["field audio", "3 utterances, as in text", "found 2"],
        ),
    ];
    for (entry, parts) in cases {
        contains(&message(Layout::Mmsa, mmsa(&[entry])), parts);
    }
}

#[test]
fn files_that_are_no_pickles() {
    let missing = layout::read(Layout::Mag, std::path::Path::new("no/such/file.pkl")).unwrap_err();
    contains(&missing.to_string(), &["cannot read", "no/such/file.pkl"]);
    let (_dir, path) = file("x.pkl", b"hello");
    let error = layout::read(Layout::Mult, &path).unwrap_err();
    assert!(matches!(error, Error::Pickle { .. }), "{error}");
    contains(&error.to_string(), &["x.pkl"]);
    let hostile = pickle(reduce(global("os", "system"), &[text("id")]));
    let (_dir, path) = file("x.pkl", &hostile);
    let error = layout::read(Layout::Mmsa, &path).unwrap_err().to_string();
    contains(&error, &["x.pkl", "os.system", "nothing was run"]);
}
