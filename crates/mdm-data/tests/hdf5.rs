//! The HDF5 layouts on the small files of `tests/files/hdf5`, and on damaged ones.

use std::fs;
use std::path::{Path, PathBuf};

use mdm_data::corpus::{Corpus, Emotions, Modality, Split};
use mdm_data::layout::{self, Csd, Layout, LayoutReader, Standardise};
use mdm_data::pickle::Limits;
use mdm_data::{Error, Utterance};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const FOLDS: &str = r#"{"train": ["a"], "valid": ["b"], "test": []}"#;

/// A copy of a folder of `tests/files/hdf5`, to be changed.
struct Folder(tempfile::TempDir);

impl Folder {
    fn copy(name: &str) -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/files/hdf5")
            .join(name);
        let folder = Self(tempfile::tempdir().unwrap());
        for entry in fs::read_dir(source).unwrap() {
            let entry = entry.unwrap();
            fs::copy(
                entry.path(),
                folder.file(entry.file_name().to_str().unwrap()),
            )
            .unwrap();
        }
        folder
    }

    fn csd() -> Self {
        let folder = Self::copy("csd");
        fs::write(folder.file("folds.json"), FOLDS).unwrap();
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    fn error(&self, layout: Layout) -> String {
        let error = layout::read(layout, self.path()).unwrap_err();
        assert!(matches!(error, Error::Content(_)), "{error}");
        error.to_string()
    }
}

fn data(utterance: &Utterance, modality: usize) -> &[f32] {
    utterance.features[modality].data()
}

fn ids(corpus: &Corpus, split: Split) -> Vec<&str> {
    corpus.split(split).iter().map(|u| u.id.as_str()).collect()
}

#[test]
fn sequences_are_aligned_to_the_words() {
    let folder = Folder::csd();
    let corpus = layout::read(Layout::Csd, folder.path()).unwrap();
    let modalities: Vec<_> = corpus
        .modalities
        .iter()
        .map(|m| (m.modality, m.dim))
        .collect();
    assert_eq!(modalities, [(Modality::Audio, 2), (Modality::Vision, 1)]);
    assert_eq!(ids(&corpus, Split::Train), ["a[0]", "a[1]"]);
    assert_eq!(ids(&corpus, Split::Valid), ["b[0]", "b[1]"]);
    assert!(corpus.is_aligned());

    let [first, second] = &corpus.train[..] else {
        panic!("{:?}", corpus.train);
    };
    assert_eq!(first.words, ["this", "is"]);
    assert_eq!(data(first, 0)[..3], [1.0, 2.0, 9.0]);
    assert!(
        data(first, 0)[3].is_nan(),
        "the NaN stays for cleaning to count"
    );
    assert_eq!(data(first, 1), [1.0, 4.0]);
    assert_eq!(first.label, 1.0);
    assert_eq!(
        first.emotions,
        Some(Emotions([1.0, 0.0, 0.0, 0.0, 0.0, 0.0]))
    );
    assert_eq!(second.words, ["all", "fine"]);
    assert_eq!(data(second, 0), [17.0, 18.0, 21.0, 22.0]);
    assert_eq!(
        data(second, 1),
        [0.0, 16.0],
        "no frame within the first word"
    );
    assert_eq!(
        second.emotions,
        Some(Emotions([0.0, 2.0, 1.0, 0.0, 0.0, 3.0]))
    );

    let [first, second] = &corpus.valid[..] else {
        panic!("{:?}", corpus.valid);
    };
    assert_eq!((first.label, data(first, 0)), (3.0, &[2.0, 4.0][..]));
    assert_eq!(data(first, 1), [0.0], "a video without vision");
    assert!(second.words.is_empty());
    assert_eq!(
        (data(second, 0), data(second, 1)),
        (&[0.0, 0.0][..], &[0.0][..])
    );
}

#[test]
fn sequences_are_standardised_on_request() {
    let folder = Folder::csd();
    let reader = Csd {
        standardise: Some(Standardise::Tutorial),
    };
    let corpus = reader.read(folder.path(), Limits::default()).unwrap();
    assert_eq!(data(&corpus.train[1], 0), [-1.0, -1.0, 1.0, 1.0]);
    assert_eq!(data(&corpus.train[1], 1), [-1.0, 1.0]);
    assert_eq!(
        data(&corpus.valid[0], 0),
        [0.0, 0.0],
        "one word does not vary"
    );
}

#[test]
fn word_vectors_are_language() {
    let folder = Folder::csd();
    fs::copy(folder.file("COVAREP.csd"), folder.file("glove.csd")).unwrap();
    // The name of the sequence goes before that of the file.
    let corpus = layout::read(Layout::Csd, folder.path()).unwrap();
    assert_eq!(corpus.dims(), [4, 1]);
    assert_eq!(
        data(&corpus.train[1], 0),
        [17.0, 18.0, 17.0, 18.0, 21.0, 22.0, 21.0, 22.0]
    );
}

#[test]
fn folds_decide_over_the_videos() {
    let folder = Folder::csd();
    fs::remove_file(folder.file("folds.json")).unwrap();
    let message = folder.error(Layout::Csd);
    assert!(
        message.contains("folds.json") && message.contains("2 of 2 videos"),
        "{message}"
    );

    fs::write(
        folder.file("folds.json"),
        r#"{"train": ["a"], "valid": [], "test": ["c"]}"#,
    )
    .unwrap();
    let message = folder.error(Layout::Csd);
    assert!(message.contains("1 of 2 videos in no fold: b"), "{message}");

    let skip = r#"{"train": ["a"], "valid": [], "test": ["c"], "skip_others": true}"#;
    fs::write(folder.file("folds.json"), skip).unwrap();
    let corpus = layout::read(Layout::Csd, folder.path()).unwrap();
    assert_eq!((corpus.train.len(), corpus.len()), (2, 2));
}

#[test]
fn a_folder_needs_words_labels_and_known_names() {
    let folder = Folder::csd();
    fs::rename(folder.file("vision.csd"), folder.file("vision.h5")).unwrap();
    assert_eq!(
        layout::read(Layout::Csd, folder.path()).unwrap().dims(),
        [2]
    );
    fs::copy(folder.file("words.csd"), folder.file("more.csd")).unwrap();
    let message = folder.error(Layout::Csd);
    assert!(
        message.contains("one .csd file with the words") && message.contains("2 words, words"),
        "{message}"
    );
    fs::remove_file(folder.file("more.csd")).unwrap();
    fs::remove_file(folder.file("All Labels.csd")).unwrap();
    let message = folder.error(Layout::Csd);
    assert!(
        message.contains("one .csd file with the labels") && message.ends_with("found 0"),
        "{message}"
    );
    // A file of another kind, whose name says nothing.
    fs::copy(Folder::copy("cmu").file("X_train.h5"), folder.file("x.csd")).unwrap();
    let message = folder.error(Layout::Csd);
    assert!(
        message.contains("x.csd") && message.contains("one group at the root"),
        "{message}"
    );

    let missing = layout::read(Layout::Csd, Path::new("no such folder")).unwrap_err();
    assert!(matches!(missing, Error::Io { .. }), "{missing}");
}

/// Gives a sequence another name, of the same length.
fn rename(path: &Path, from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let mut bytes = fs::read(path).unwrap();
    for at in 0..bytes.len() - from.len() {
        if bytes[at..].starts_with(from.as_bytes()) {
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        }
    }
    fs::write(path, bytes).unwrap();
}

#[test]
fn errors_name_the_object() {
    let folder = Folder::csd();
    rename(&folder.file("All Labels.csd"), "All Labels", "other word");
    rename(&folder.file("words.csd"), "words", "label");
    let message = folder.error(Layout::Csd);
    let object = "words.csd, field /label/data/a/features: expected numbers, found String";
    assert!(message.contains(object), "{message}");

    let folder = Folder::csd();
    rename(&folder.file("vision.csd"), "FACET", "TRACK");
    rename(&folder.file("vision.csd"), "features", "featured");
    fs::rename(folder.file("vision.csd"), folder.file("pose.csd")).unwrap();
    let message = folder.error(Layout::Csd);
    let found = "found a sequence named TRACK_4.2";
    assert!(
        message.contains("vision (facet, openface") && message.ends_with(found),
        "{message}"
    );
    fs::rename(folder.file("pose.csd"), folder.file("Visual.csd")).unwrap();
    let message = folder.error(Layout::Csd);
    let object = "field /TRACK_4.2/data/a/features: expected a dataset";
    assert!(message.contains(object), "{message}");
}

#[test]
fn tensors_side_by_side() {
    let folder = Folder::copy("cmu");
    let corpus = layout::read(Layout::CmuH5, folder.path()).unwrap();
    assert_eq!(corpus.dims(), [300, 5, 20]);
    assert_eq!((corpus.train.len(), corpus.len()), (3, 3));
    assert_eq!(
        ids(&corpus, Split::Train),
        ["train_0", "train_1", "train_2"]
    );
    let labels: Vec<f32> = corpus.train.iter().map(|u| u.label).collect();
    assert_eq!(labels, [-1.0, 0.0, 2.0]);
    assert!(corpus.is_aligned());
    let steps: Vec<usize> = corpus.train.iter().map(|u| u.features[0].steps()).collect();
    assert_eq!(steps, [2, 2, 1]);
    assert_eq!(data(&corpus.train[1], 0)[..2], [0.0, 1.0]);
    assert_eq!(
        corpus.train[1].features[1].row(1),
        [300.0, 301.0, 302.0, 303.0, 304.0]
    );
    assert_eq!(corpus.train[1].features[2].row(0)[19], 324.0);
    assert_eq!(data(&corpus.train[2], 1), [7.0, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn a_split_of_tensors_is_there_in_full_or_not_at_all() {
    let folder = Folder::copy("cmu");
    fs::copy(folder.file("y_train.h5"), folder.file("y_test.h5")).unwrap();
    let message = folder.error(Layout::CmuH5);
    assert!(
        message.contains("split test") && message.ends_with("found no X_test.h5"),
        "{message}"
    );
    fs::copy(folder.file("y_train.h5"), folder.file("X_test.h5")).unwrap();
    let message = folder.error(Layout::CmuH5);
    assert!(
        message.contains("/labels") && message.contains("(utterances, steps, dims)"),
        "{message}"
    );

    // The files of the other layout, of which only the labels have a name that this one knows.
    let message = folder.error(Layout::MmmoH5);
    let missing = "found no text_train_emb.h5, audio_train.h5, video_train.h5";
    assert!(
        message.contains("split train") && message.ends_with(missing),
        "{message}"
    );
    fs::remove_file(folder.file("y_test.h5")).unwrap();
    fs::rename(folder.file("y_train.h5"), folder.file("y")).unwrap();
    assert!(
        folder
            .error(Layout::MmmoH5)
            .contains("at least one utterance")
    );
    let files = ["text_valid_emb.h5", "audio_valid.h5", "video_valid.h5"];
    for name in files {
        fs::copy(folder.file("X_train.h5"), folder.file(name)).unwrap();
    }
    let message = folder.error(Layout::MmmoH5);
    assert!(message.ends_with("found no y_valid.h5"), "{message}");
    fs::copy(folder.file("y"), folder.file("y_valid.h5")).unwrap();
    let corpus = layout::read(Layout::MmmoH5, folder.path()).unwrap();
    assert_eq!(
        (corpus.valid.len(), corpus.dims()),
        (3, vec![325, 325, 325])
    );
}

#[test]
fn validation_tensors_have_other_names_too() {
    // A folder with the files of these names of the validation split, and no other split.
    let with = |files: &[&str], names: &[&str]| {
        let folder = Folder::copy("cmu");
        for name in names {
            for file in files {
                let source = match file.starts_with('y') {
                    true => "y_train.h5",
                    false => "X_train.h5",
                };
                let file = folder.file(&file.replace('*', name));
                fs::copy(folder.file(source), file).unwrap();
            }
        }
        fs::remove_file(folder.file("X_train.h5")).unwrap();
        fs::remove_file(folder.file("y_train.h5")).unwrap();
        folder
    };
    let mmmo = ["text_*_emb.h5", "audio_*.h5", "video_*.h5", "y_*.h5"];
    for (layout, files) in [
        (Layout::CmuH5, &["X_*.h5", "y_*.h5"][..]),
        (Layout::MmmoH5, &mmmo),
    ] {
        for name in ["valid", "dev", "val"] {
            let corpus = layout::read(layout, with(files, &[name]).path()).unwrap();
            let expected = ["valid_0", "valid_1", "valid_2"];
            assert_eq!(ids(&corpus, Split::Valid), expected, "{layout} {name}");
        }
        let message = with(files, &["dev", "val"]).error(layout);
        let expected = "split valid: expected one of valid, dev, val, found dev and val";
        assert!(message.ends_with(expected), "{message}");
    }
}

#[test]
fn no_read_goes_beyond_the_limit() {
    let folder = Folder::copy("cmu");
    let limits = Limits {
        memory: 50_000,
        ..Limits::default()
    };
    let error = Layout::CmuH5
        .reader()
        .read(folder.path(), limits)
        .unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("/data") && message.contains("at most 50000 bytes"),
        "{message}"
    );
}

/// Bytes of every file, changed in turn, and every file cut short: an error or a corpus, never a panic.
#[test]
fn damaged_files_are_refused_or_read() {
    let limits = Limits {
        memory: 1 << 20,
        ..Limits::default()
    };
    let mut refused = 0;
    for (folder, layout) in [
        (Folder::csd(), Layout::Csd),
        (Folder::copy("cmu"), Layout::CmuH5),
    ] {
        for entry in fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            let mut check = |bytes: &[u8]| {
                fs::write(&path, bytes).unwrap();
                refused += usize::from(layout.reader().read(folder.path(), limits).is_err());
            };
            let mut damaged = bytes.clone();
            for at in (0..bytes.len()).step_by(3) {
                // A different change at each place, the same in every run.
                damaged[at] ^= [0xff, 0x01, 0x80, 0x10][at % 4];
                check(&damaged);
                damaged[at] = bytes[at];
            }
            for length in (0..bytes.len()).step_by(61) {
                check(&bytes[..length]);
            }
            fs::write(&path, &bytes).unwrap();
        }
    }
    assert!(refused > 2_000, "{refused}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Stretches of a file overwritten at random, and files that are no HDF5 at all.
    #[test]
    fn files_of_any_content_are_refused_or_read(
        name in select(&["All Labels.csd", "words.csd", "COVAREP.csd"][..]),
        at in any::<Index>(),
        stretch in vec(any::<u8>(), 1..40),
        alone in any::<bool>(),
    ) {
        let folder = Folder::csd();
        let mut bytes = fs::read(folder.file(name)).unwrap();
        if alone {
            bytes = stretch;
        } else {
            let at = at.index(bytes.len());
            let end = bytes.len().min(at + stretch.len());
            bytes[at..end].copy_from_slice(&stretch[..end - at]);
        }
        fs::write(folder.file(name), bytes).unwrap();
        let limits = Limits { memory: 1 << 20, ..Limits::default() };
        let read = Layout::Csd.reader().read(folder.path(), limits);
        prop_assert!(!alone || read.is_err());
    }
}
