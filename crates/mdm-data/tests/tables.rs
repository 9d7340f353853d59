//! Transcripts, NumPy archives and stores as sources: what is read, and what is said about one that contradicts itself.

mod common;

use std::fs;
use std::path::Path;

use common::*;
use mdm_data::clean;
use mdm_data::corpus::{Corpus, Emotions, Modality, Split};
use mdm_data::layout::{self, Layout, LayoutReader, Npz, Tsv};
use mdm_data::pickle::Limits;
use mdm_data::store::{self, PrepareOptions};
use mdm_data::warnings;
use proptest::prelude::*;

fn contains(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
}

// TSV

/// A folder with these three tables.
fn tables(train: &[u8], valid: &[u8], test: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [("train", train), ("valid", valid), ("test", test)] {
        fs::write(folder.path().join(format!("{name}.tsv")), content).unwrap();
    }
    folder
}

const PLAIN: &[u8] = b"id\ttext\tlabel\nx_1\tYES\t0\n";

fn refused(train: &[u8]) -> String {
    let folder = tables(train, PLAIN, PLAIN);
    let error = layout::read(Layout::Tsv, folder.path()).expect_err("the table should be refused");
    error.to_string()
}

#[test]
fn tables_are_read() {
    let train = "\u{feff}id\tvid\tlabel\ttext\r\nv_1\tv\t-0.5\tA \"QUOTE  HERE\r\nv_2\tv\t3\t\r\n";
    let folder = tables(
        train.as_bytes(),
        b"text\tlabel\tid\nNO\t1e0\tw_1",
        b"id\ttext\tlabel\n",
    );
    let corpus = layout::read(Layout::Tsv, folder.path()).unwrap();
    assert!(corpus.modalities.is_empty());
    let [first, second] = &corpus.train[..] else {
        panic!("{:?}", corpus.train);
    };
    assert_eq!((first.id.as_str(), first.label), ("v_1", -0.5));
    assert_eq!(first.words, ["A", "\"QUOTE", "HERE"]);
    assert_eq!((second.words.len(), second.label), (0, 3.0));
    assert_eq!(
        (corpus.valid[0].id.as_str(), corpus.valid[0].label),
        ("w_1", 1.0)
    );
    let warnings: Vec<String> = warnings::check(&corpus)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        warnings,
        [
            "train: utterances without words: 1, for instance v_2",
            "test: no utterances"
        ]
    );
}

#[test]
fn the_validation_table_has_other_names_too() {
    for name in ["dev.tsv", "val.tsv"] {
        let folder = tables(PLAIN, PLAIN, PLAIN);
        fs::rename(folder.path().join("valid.tsv"), folder.path().join(name)).unwrap();
        assert_eq!(
            layout::read(Layout::Tsv, folder.path())
                .unwrap()
                .valid
                .len(),
            1
        );
    }
    let folder = tables(PLAIN, PLAIN, PLAIN);
    fs::write(folder.path().join("dev.tsv"), PLAIN).unwrap();
    let message = layout::read(Layout::Tsv, folder.path())
        .unwrap_err()
        .to_string();
    contains(
        &message,
        &["split valid", "one of valid, dev, val", "valid and dev"],
    );
    fs::remove_file(folder.path().join("test.tsv")).unwrap();
    fs::remove_file(folder.path().join("dev.tsv")).unwrap();
    let message = layout::read(Layout::Tsv, folder.path())
        .unwrap_err()
        .to_string();
    contains(&message, &["split test", "test.tsv", "found none"]);
}

#[test]
fn without_labels_tables_are_read_for_prediction_alone() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("test.tsv");
    fs::write(&table, "text\tid\nA B\tx\n\ty\n").unwrap();
    // The folder with one split, and the table by itself.
    for path in [folder.path(), &table] {
        assert_eq!(
            layout::detect(path, Limits::default()).unwrap(),
            Layout::Tsv
        );
        let corpus = layout::read_unlabelled(Layout::Tsv, path).unwrap();
        assert_eq!((corpus.len(), corpus.test.len()), (2, 2));
        assert_eq!(corpus.test[0].words, ["A", "B"]);
        assert!(corpus.test.iter().all(|utterance| utterance.label.is_nan()));
    }
    fs::write(&table, "id\ttext\tlabel\nx\tA\t\ny\tB\t-1\n").unwrap();
    let corpus = layout::read_unlabelled(Layout::Tsv, &table).unwrap();
    assert!(corpus.test[0].label.is_nan());
    assert_eq!(corpus.test[1].label, -1.0);
    fs::write(&table, "id\ttext\tlabel\nx\tA\tgood\n").unwrap();
    let error = layout::read_unlabelled(Layout::Tsv, &table).unwrap_err();
    contains(&error.to_string(), &["line 2, column label", "good"]);

    contains(
        &refused(b"id\ttext\nx\tA\n"),
        &["train.tsv, line 1", "one column label"],
    );
    contains(
        &refused(b"id\ttext\tlabel\nx\tA\t\n"),
        &["line 2, column label"],
    );
    let error = layout::read(Layout::Tsv, &table).unwrap_err();
    contains(
        &error.to_string(),
        &[
            "a folder with one file train.tsv",
            "one table of transcripts",
        ],
    );
}

#[test]
fn wrong_tables_are_named_with_line_and_column() {
    let cases: [(&[u8], &[&str]); 9] = [
        (b"", &["train.tsv, line 1", "column id"]),
        (
            b"id\tlabel\nx\t1\n",
            &["line 1", "column text", "id\\tlabel"],
        ),
        (b"id\ttext\ttext\tlabel\n", &["line 1", "one column text"]),
        (
            b"id\ttext\tlabel\nx\tY\t1\nx\tY\n",
            &["line 3", "3 cells, found 2"],
        ),
        (
            b"id\ttext\tlabel\nx\tY\t1\t2\n",
            &["line 2", "3 cells, found 4"],
        ),
        (
            b"id\ttext\tlabel\r\nx\tY\tNaN\r\n",
            &["line 2, column label", "finite", "\"NaN\""],
        ),
        (
            b"id\ttext\tlabel\nx\tY\t1e39\n",
            &["line 2, column label", "\"1e39\""],
        ),
        (
            b"id\ttext\tlabel\n\tY\t1\n",
            &["line 2, column id", "an empty cell"],
        ),
        (b"id\ttext\tlabel\nx\t\xff\t1\n", &["line 2", "UTF-8"]),
    ];
    for (table, parts) in cases {
        contains(&refused(table), parts);
    }
    let long = format!("id\ttext\tlabel\nx\tY\t{}\n", "é".repeat(10_000));
    assert!(refused(long.as_bytes()).len() < 500);
}

#[test]
fn tables_beyond_the_limit_are_not_read() {
    let folder = tables(PLAIN, PLAIN, PLAIN);
    let limits = Limits {
        memory: 10,
        ..Limits::default()
    };
    let message = Tsv.read(folder.path(), limits).unwrap_err().to_string();
    contains(&message, &["train.tsv", "at most 10 bytes", "found 24"]);
}

#[test]
fn words_and_cells_are_charged_against_the_limit() {
    let limits = |memory| Limits {
        memory,
        ..Limits::default()
    };
    // A word of two bytes takes a text with a block of memory.
    let words = format!("id\ttext\tlabel\nx\t{}\t0\n", "a ".repeat(10_000));
    let folder = tables(words.as_bytes(), PLAIN, PLAIN);
    let message = Tsv
        .read(folder.path(), limits(200_000))
        .unwrap_err()
        .to_string();
    contains(
        &message,
        &["train.tsv, line 2, column text", "limit of memory"],
    );
    assert!(Tsv.read(folder.path(), limits(3_000_000)).is_ok());
    let header = format!("id\ttext\tlabel{}\n", "\t".repeat(10_000));
    let folder = tables(header.as_bytes(), PLAIN, PLAIN);
    let message = Tsv
        .read(folder.path(), limits(200_000))
        .unwrap_err()
        .to_string();
    contains(&message, &["train.tsv, line 1", "limit of memory"]);

    let labels = ("train.labels", npy_f32(&[1], &[0.0]));
    let text = "a ".repeat(10_000);
    let words = ("train.words", npy("|S20000", &[1], text.as_bytes()));
    let (_folder, path) = file("words.npz", &npz(&[labels, words]));
    let read = |memory| {
        Npz.read(&path, limits(memory))
            .map_err(|error| error.to_string())
    };
    contains(
        &read(200_000).unwrap_err(),
        &["split train", "record 0", "limit of memory"],
    );
    assert!(read(3_000_000).is_ok());
    // The frames of the utterances are a copy of the array.
    let labels = ("train.labels", npy_f32(&[1], &[0.0]));
    let audio = ("train.audio", npy_f32(&[1, 100, 100], &[1.0; 10_000]));
    let (_folder, path) = file("audio.npz", &npz(&[labels, audio]));
    let read = |memory| {
        Npz.read(&path, limits(memory))
            .map_err(|error| error.to_string())
    };
    contains(
        &read(100_000).unwrap_err(),
        &["array train.audio", "limit of memory"],
    );
    assert!(read(125_000).is_ok());
}

#[test]
fn a_folder_of_tables_is_prepared_like_a_file() {
    let folder = tables(PLAIN, PLAIN, PLAIN);
    let store = folder.path().join("store");
    let report = store::prepare(
        Layout::Tsv,
        folder.path(),
        &store,
        &PrepareOptions::default(),
    )
    .unwrap();
    assert_eq!(report.manifest.source.bytes, 3 * PLAIN.len() as u64);
    let read = layout::read(Layout::Tsv, folder.path()).unwrap();
    let (stored, _) = store::read(&store).unwrap();
    assert_eq!(stored.train, read.train);

    // The store is a source itself, and has the modalities that it was given.
    let again = layout::read(Layout::Store, &store).unwrap();
    assert_eq!(again, stored);
}

// NumPy archives

const CORPUS: &[u8] = include_bytes!("files/npz/corpus.npz");
const COMPRESSED: &[u8] = include_bytes!("files/npz/corpus_compressed.npz");

fn read_npz(content: &[u8]) -> Result<Corpus, mdm_data::Error> {
    let (_folder, path) = file("small.npz", content);
    layout::read(Layout::Npz, &path)
}

fn refused_npz(arrays: &[(&str, Vec<u8>)]) -> String {
    let error = read_npz(&npz(arrays)).expect_err("the archive should be refused");
    error.to_string()
}

/// As in `files/npz/make.py`.
#[test]
fn archives_of_numpy_are_read() {
    for content in [CORPUS, COMPRESSED] {
        let mut corpus = read_npz(content).unwrap();
        assert_eq!(corpus.name, "small");
        assert_eq!(corpus.dims(), [2, 1, 1]);
        assert_eq!(clean::clean(&mut corpus).total(), 2);
        let [first, second] = &corpus.train[..] else {
            panic!("{:?}", corpus.train);
        };
        assert_eq!((first.id.as_str(), first.label), ("v[0]", 1.5));
        assert_eq!(
            first.emotions,
            Some(Emotions([0.0, 1.0, 2.0, 3.0, 0.5, 0.0]))
        );
        assert_eq!(first.words, ["good", "film", "hm"]);
        assert_eq!(first.features[0].data(), [1.0, 2.0, 3.0, 4.0, 0.0, 0.0]);
        // Audio has the steps of the language, and so its length; vision ends at its last frame.
        assert_eq!(first.features[1].data(), [0.5, 0.0, 1.5]);
        assert_eq!(first.features[2].data(), [1.0, 0.0, 2.0]);
        assert_eq!((second.id.as_str(), second.words.len()), ("été[1]", 1));
        let steps: Vec<usize> = second.features.iter().map(|f| f.steps()).collect();
        assert_eq!(steps, [1, 1, 1]);
        let [third] = &corpus.valid[..] else {
            panic!("{:?}", corpus.valid);
        };
        assert_eq!(
            (third.id.as_str(), third.features[1].steps()),
            ("valid-0", 2)
        );
        assert_eq!(third.words, ["two", "words"]);
        assert!(corpus.test.is_empty());
    }
}

#[test]
fn an_archive_may_hold_one_modality_or_words_only() {
    let labels = || ("train.labels", npy_f32(&[2, 1], &[1.0, 2.0]));
    let audio = ("train.audio", npy_f32(&[2, 2, 1], &[1.0, 2.0, 3.0, 0.0]));
    let lengths = ("train.audio_lengths", npy("|u1", &[2], &[2, 2]));
    let corpus = read_npz(&npz(&[labels(), audio, lengths])).unwrap();
    assert_eq!(corpus.dims(), [1]);
    assert_eq!(corpus.train[1].features[0].data(), [3.0, 0.0]);
    assert_eq!(
        (corpus.train[1].emotions, corpus.train[1].label),
        (None, 2.0)
    );

    let words = ("train.words", npy("|S2", &[2], b"a bc"));
    let corpus = read_npz(&npz(&[labels(), words])).unwrap();
    assert_eq!(
        (corpus.modalities.len(), &corpus.train[1].words[..]),
        (0, &["bc".to_owned()][..])
    );

    contains(
        &refused_npz(&[labels()]),
        &[
            "split train",
            "language, audio, vision, physiology and words",
        ],
    );
}

#[test]
fn the_validation_arrays_have_other_names_too() {
    let split = |name: &str| {
        [
            (format!("{name}.labels"), npy_f32(&[1], &[1.0])),
            (format!("{name}.physiology"), npy_f32(&[1, 1, 1], &[2.0])),
        ]
    };
    let archive = |names: &[&str]| {
        let arrays: Vec<_> = names.iter().flat_map(|name| split(name)).collect();
        let arrays: Vec<_> = arrays
            .iter()
            .map(|(k, v)| (k.as_str(), v.clone()))
            .collect();
        npz(&arrays)
    };
    for name in ["valid", "dev", "val"] {
        let corpus = read_npz(&archive(&["train", name])).unwrap();
        assert_eq!(corpus.valid[0].id, "valid-0");
        assert_eq!(corpus.valid[0].features[0].data(), [2.0]);
        assert_eq!(corpus.modalities[0].modality, Modality::Physiology);
        assert_eq!(detect_bytes(&archive(&[name])), Ok(Layout::Npz));
    }
    let message = read_npz(&archive(&["dev", "val"])).unwrap_err().to_string();
    contains(
        &message,
        &[
            "small.npz, split valid",
            "one of valid, dev, val",
            "dev and val",
        ],
    );
}

#[test]
fn language_without_words_does_not_cut_the_others() {
    let corpus = read_npz(&npz(&[
        ("train.labels", npy_f32(&[2], &[0.0; 2])),
        (
            "train.language",
            npy_f32(&[2, 3, 1], &[0.0, 0.0, 0.0, 1.0, 0.0, 0.0]),
        ),
        (
            "train.audio",
            npy_f32(&[2, 3, 1], &[1.0, 2.0, 0.0, 1.0, 2.0, 0.0]),
        ),
    ]));
    let steps = |row: usize, modality: usize| {
        corpus.as_ref().unwrap().train[row].features[modality].steps()
    };
    assert_eq!((steps(0, 0), steps(0, 1)), (1, 2));
    assert_eq!((steps(1, 0), steps(1, 1)), (1, 1));
}

#[test]
fn a_declared_length_of_language_is_that_of_unmarked_audio() {
    let corpus = read_npz(&npz(&[
        ("train.labels", npy_f32(&[1], &[0.0])),
        ("train.language", npy_f32(&[1, 3, 1], &[1.0, 0.0, 0.0])),
        ("train.audio", npy_f32(&[1, 3, 1], &[1.0, 1.0, 0.0])),
        ("train.vision", npy_f32(&[1, 3, 1], &[1.0, 1.0, 1.0])),
        (
            "train.vision_lengths",
            npy("<i8", &[1], &2i64.to_le_bytes()),
        ),
    ]));
    let steps: Vec<usize> = corpus.unwrap().train[0]
        .features
        .iter()
        .map(|features| features.steps())
        .collect();
    assert_eq!(steps, [2, 2, 2]);
}

#[test]
fn without_labels_an_archive_is_read_for_prediction_alone() {
    let audio = ("test.audio", npy_f32(&[2, 1, 2], &[1.0, 2.0, 3.0, 4.0]));
    let (folder, path) = file("new.npz", &npz(std::slice::from_ref(&audio)));
    assert_eq!(
        layout::detect(&path, Limits::default()).unwrap(),
        Layout::Npz
    );
    let corpus = layout::read_unlabelled(Layout::Npz, &path).unwrap();
    assert_eq!((corpus.len(), corpus.dims()), (2, vec![2]));
    assert_eq!(corpus.test[1].features[0].data(), [3.0, 4.0]);
    assert!(corpus.test.iter().all(|utterance| utterance.label.is_nan()));
    contains(
        &refused_npz(&[audio]),
        &["the array test.labels", "test.audio"],
    );

    // A header without data must not decide how much is allocated.
    let huge = ("test.words", npy("|S0", &[1 << 40], b""));
    fs::write(&path, npz(&[huge])).unwrap();
    assert!(layout::read_unlabelled(Layout::Npz, &path).is_err());
    drop(folder);
}

#[test]
fn archives_that_contradict_themselves() {
    let labels = || ("train.labels", npy_f32(&[2], &[0.0; 2]));
    let audio = || ("train.audio", npy_f32(&[2, 3, 1], &[1.0; 6]));
    /// Arrays by name, and parts of the message.
    type Case<'a> = (&'a [(&'a str, Vec<u8>)], &'a [&'a str]);
    let cases: [Case; 13] = [
        (&[], &["at least one utterance"]),
        (
            &[audio()],
            &["split train", "array train.labels", "train.audio"],
        ),
        (
            &[("train.labels", npy_f32(&[2, 3], &[0.0; 6])), audio()],
            &["field labels", "(utterances, 7)", "(2, 3)"],
        ),
        (
            &[("train.labels", npy_f32(&[2], &[0.0, f32::NAN])), audio()],
            &["split train", "record 1 (train-1)", "field label", "NaN"],
        ),
        (
            &[("train.labels", npy_f32(&[3], &[0.0; 3])), audio()],
            &["field audio", "3 utterances, as in labels", "found 2"],
        ),
        (
            &[labels(), ("train.audio", npy_f32(&[2, 3], &[0.0; 6]))],
            &["field audio", "(utterances, steps, dims)", "(2, 3)"],
        ),
        (
            &[labels(), ("train.audio", npy("|S3", &[2], b"abcdef"))],
            &["array train.audio", "numbers", "|S3"],
        ),
        (
            &[
                labels(),
                audio(),
                ("train.audio_lengths", npy("|u1", &[2], &[1, 4])),
            ],
            &["field audio_lengths", "record 1", "at most 3", "found 4"],
        ),
        (
            &[labels(), audio(), ("train.ids", npy_f32(&[2], &[0.0; 2]))],
            &["array train.ids", "texts of type U or S", "<f4"],
        ),
        (
            &[labels(), audio(), ("train.words", npy("|S1", &[3], b"abc"))],
            &["field words", "each of 2 utterances", "(3,)"],
        ),
        (
            &[labels(), audio(), ("valid.labels", npy_f32(&[1], &[0.0]))],
            &["split valid", "array valid.audio"],
        ),
        (
            &[
                labels(),
                audio(),
                ("valid.audio", npy_f32(&[1, 1, 1], &[1.0])),
                ("valid.labels", npy_f32(&[1, 7], &[0.0; 7])),
            ],
            &["split valid", "field emotions", "no emotions", "six"],
        ),
        (
            &[labels(), labels(), audio()],
            &["array train.labels", "several"],
        ),
    ];
    for (arrays, parts) in cases {
        contains(&refused_npz(arrays), parts);
    }
    contains(
        &read_npz(b"PK\x03\x04").unwrap_err().to_string(),
        &["small.npz", "zip"],
    );
}

#[test]
fn archives_beyond_the_limit_are_not_unpacked() {
    let (_folder, path) = file("c.npz", COMPRESSED);
    let read = |memory| {
        let limits = Limits {
            memory,
            ..Limits::default()
        };
        Npz.read(&path, limits).map_err(|error| error.to_string())
    };
    contains(&read(100).unwrap_err(), &["c.npz", "at most 100 bytes"]);
    let length = COMPRESSED.len() as u64;
    contains(
        &read(length + 80).unwrap_err(),
        &["within the limit of memory"],
    );
    assert!(read(length + 4000).is_ok());
}

// Detection

fn detect(path: &Path) -> Result<Layout, String> {
    layout::detect(path, Limits::default()).map_err(|error| error.to_string())
}

fn detect_bytes(content: &[u8]) -> Result<Layout, String> {
    // An extension of no meaning: the content tells.
    let (_folder, path) = file("corpus.bin", content);
    detect(&path)
}

fn splits(split: impl Fn() -> Vec<u8>) -> Vec<u8> {
    pickle(dict(&[
        ("train", split()),
        ("dev", split()),
        ("test", split()),
    ]))
}

#[test]
fn pickles_are_detected_by_their_structure() {
    let record = |content: &[Vec<u8>]| tuple(&[tuple(content), float(1.0), text("id")]);
    let three = [
        list(&[text("a")]),
        filled(&[1, 1], 1.0),
        filled(&[1, 1], 1.0),
    ];
    let four = [three.to_vec(), vec![list(&[text("a")])]].concat();
    let six = [four.clone(), vec![int(1), int(1)]].concat();
    let conversations = [vec![dict(&[]); 4], vec![list(&[]); 3]].concat();
    let cases = [
        (splits(|| list(&[record(&three)])), Layout::Mag),
        (splits(|| list(&[record(&four)])), Layout::Misa),
        (splits(|| list(&[record(&six)])), Layout::Misa),
        (splits(|| dict(&[("labels", none())])), Layout::Mult),
        (
            splits(|| dict(&[("labels", none()), ("regression_labels", none())])),
            Layout::Mmsa,
        ),
        (pickle(list(&conversations)), Layout::Conversations),
        // Only one split has records.
        (
            pickle(dict(&[
                ("train", list(&[])),
                ("valid", list(&[record(&three)])),
                ("test", list(&[])),
            ])),
            Layout::Mag,
        ),
        // Protocol 0, which has no mark of its own.
        (
            b"(dp0\nS'train'\np1\n(dp2\nS'labels'\np3\nNss.".to_vec(),
            Layout::Mult,
        ),
    ];
    for (content, layout) in cases {
        assert_eq!(detect_bytes(&content), Ok(layout));
    }
}

#[test]
fn other_files_are_described() {
    let record = tuple(&[tuple(&[none(), none()]), none(), none()]);
    let cases: [(&[u8], &[&str]); 10] = [
        (
            &splits(|| list(std::slice::from_ref(&record))),
            &["a pickle of a dict with \"train\", \"dev\""],
        ),
        (&splits(|| dict(&[("x", none())])), &["a pickle of a dict"]),
        (
            &pickle(list(&[int(1), int(2)])),
            &["a pickle of a list of 2"],
        ),
        (&pickle(text("hello")), &["a pickle of \"hello\""]),
        (b"(a text that is none)", &["text, or a damaged pickle"]),
        (b"\x89HDF\r\n\x1a\n\0\0", &["one HDF5 file", "folders"]),
        (
            &npz(&[("x", npy_f32(&[1], &[0.0]))]),
            &["a zip archive with x"],
        ),
        (b"the 0.1 0.2\n", &["begins with the 0.1"]),
        (b"\xff\xd8\xff", &["begins with \\xff\\xd8"]),
        (b"", &["an empty file"]),
    ];
    for (content, parts) in cases {
        let message = detect_bytes(content).unwrap_err();
        contains(&message, parts);
        contains(&message, &["corpus.bin", "mag, misa, mult", "store"]);
    }
    let hostile = pickle(reduce(global("os", "system"), &[text("id")]));
    contains(
        &detect_bytes(&hostile).unwrap_err(),
        &["os.system", "nothing was run"],
    );
    // Of protocol 0 too, what is refused is not taken for a text.
    contains(
        &detect_bytes(b"(Pid\nl.").unwrap_err(),
        &["not supported", "persistent"],
    );
    let (_folder, path) = file("corpus.bin", b"(lp0\nS'a'\np1\na.");
    let limits = Limits {
        memo: 1,
        ..Limits::default()
    };
    contains(
        &layout::detect(&path, limits).unwrap_err().to_string(),
        &["limit of 1 memo entries"],
    );
    let truncated = &splits(|| dict(&[("labels", none())]))[..20];
    contains(&detect_bytes(truncated).unwrap_err(), &["cut off"]);
    contains(
        &detect(Path::new("no/such")).unwrap_err(),
        &["cannot read no/such"],
    );
}

#[test]
fn folders_and_archives_are_detected() {
    assert_eq!(detect_bytes(CORPUS), Ok(Layout::Npz));
    assert_eq!(detect_bytes(COMPRESSED), Ok(Layout::Npz));

    let hdf5: &[u8] = b"\x89HDF\r\n\x1a\n\0";
    let store_manifest: &[u8] = b"{\"format\": \"mdm-prepared-store\", \"version\": 9}";
    /// Files by name.
    type Folder<'a> = &'a [(&'a str, &'a [u8])];
    let cases: [(Folder, Layout); 7] = [
        (&[("words.csd", hdf5), ("notes.txt", b"x")], Layout::Csd),
        (&[("X_train.h5", hdf5), ("y_train.h5", hdf5)], Layout::CmuH5),
        (
            &[
                ("text_test_emb.h5", hdf5),
                ("audio_test.h5", hdf5),
                ("y_test.h5", hdf5),
            ],
            Layout::MmmoH5,
        ),
        (&[("train.tsv", PLAIN), ("dev.tsv", PLAIN)], Layout::Tsv),
        (&[("manifest.json", store_manifest)], Layout::Store),
        // A damaged manifest is for the reader to complain about.
        (&[("manifest.json", b"{\"form")], Layout::Store),
        // Names alone do not make a corpus.
        (
            &[
                ("a.csd", b"text"),
                ("manifest.json", b"{\"format\": \"x\"}"),
                ("test.tsv", PLAIN),
            ],
            Layout::Tsv,
        ),
    ];
    for (files, layout) in cases {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        assert_eq!(detect(folder.path()), Ok(layout));
    }

    let folder = tempfile::tempdir().unwrap();
    contains(
        &detect(folder.path()).unwrap_err(),
        &["a folder with nothing"],
    );
    fs::write(folder.path().join("notes.txt"), "x").unwrap();
    contains(
        &detect(folder.path()).unwrap_err(),
        &["a folder with notes.txt"],
    );
    fs::write(folder.path().join("a.csd"), hdf5).unwrap();
    fs::write(folder.path().join("train.tsv"), PLAIN).unwrap();
    contains(
        &detect(folder.path()).unwrap_err(),
        &["files of csd and tsv"],
    );
}

// Anything at all

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever a table holds, it is read or refused with the place, and what is read is sound.
    #[test]
    fn any_table(lines in "(id|text|label|[ -~é\t\r\n\"]{0,12}|x\tY Z\t-?[0-9]{1,2}(\\.[0-9])?\n){0,8}", named: bool) {
        let header = if named { "id\ttext\tlabel\n" } else { "" };
        let folder = tables(format!("{header}{lines}").as_bytes(), PLAIN, PLAIN);
        match layout::read(Layout::Tsv, folder.path()) {
            Ok(corpus) => {
                prop_assert!(corpus.train.iter().all(|u| u.label.is_finite() && !u.id.is_empty()));
                prop_assert!(corpus.train.len() <= lines.matches('\n').count() + 1);
            }
            Err(error) => prop_assert!(error.to_string().contains("train.tsv, line")),
        }
    }

    #[test]
    fn any_bytes_as_a_table(bytes: Vec<u8>) {
        let folder = tables(&[PLAIN, &bytes[..]].concat(), PLAIN, PLAIN);
        let _ = layout::read(Layout::Tsv, folder.path());
        let _ = detect(folder.path());
    }

    /// Whatever happens to an archive, it is read or refused, and what is read has the shape of a corpus.
    #[test]
    fn any_change_of_an_archive(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        compressed: bool,
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = if compressed { COMPRESSED } else { CORPUS }.to_vec();
        for (place, value) in changes {
            *place.get_mut(&mut bytes) = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let _ = detect_bytes(&bytes);
        if let Ok(corpus) = read_npz(&bytes) {
            for (_, utterance) in corpus.utterances() {
                prop_assert_eq!(utterance.features.len(), corpus.modalities.len());
                prop_assert!(utterance.features.iter().all(|f| f.steps() > 0));
            }
        }
    }

    /// Arrays of any lengths: padding is cut within the array, whatever the lengths say.
    #[test]
    fn any_lengths(
        steps in 0usize..5,
        audio_steps in 1usize..5,
        lengths in prop::collection::vec(0u8..6, 0..4),
        zeros in 0usize..5,
    ) {
        let n = lengths.len();
        let values = |steps: usize| -> Vec<f32> {
            (0..n * steps).map(|i| if i % steps < zeros { 0.0 } else { 1.0 }).collect()
        };
        let content = npz(&[
            ("test.labels", npy_f32(&[n], &vec![0.0; n])),
            ("test.language", npy_f32(&[n, steps, 1], &values(steps.max(1))[..n * steps])),
            ("test.audio", npy_f32(&[n, audio_steps, 1], &values(audio_steps))),
            ("test.audio_lengths", npy("|u1", &[n], &lengths)),
        ]);
        let fits = n > 0 && steps > 0 && lengths.iter().all(|&l| usize::from(l) <= audio_steps);
        match read_npz(&content) {
            Ok(corpus) => {
                prop_assert!(fits);
                for (utterance, &length) in corpus.split(Split::Test).iter().zip(&lengths) {
                    prop_assert_eq!(utterance.features[1].steps(), usize::from(length).max(1));
                    prop_assert!(utterance.features[0].steps() <= steps);
                }
            }
            Err(_) => prop_assert!(!fits),
        }
    }
}
