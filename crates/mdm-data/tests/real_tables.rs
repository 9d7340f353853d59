//! The real transcripts and the detection of every real file, where the folder `MDM_DATA_DIR` holds them.

mod common;

use std::fs;
use std::path::Path;

use common::real_file;
use mdm_data::corpus::{Corpus, Split};
use mdm_data::layout::{self, Layout, detect};
use mdm_data::pickle::Limits;
use mdm_data::warnings;
use sha2::{Digest, Sha256};

/// A folder with copies of these files, under their own names.
fn folder_of(files: &[&str]) -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for file in files {
        let path = real_file(file)?;
        let name = path.file_name().expect("a file");
        fs::copy(&path, folder.path().join(name)).expect("the folder takes it");
    }
    Some(folder)
}

const TABLES: [&str; 3] = ["mosi/train.tsv", "mosi/valid.tsv", "mosi/test.tsv"];

/// Utterances, words, the sum of the labels, and SHA-256 over id, NUL, words with single spaces, NUL and the label as
/// four bytes, little-endian.
fn figures(corpus: &Corpus, split: Split) -> (usize, usize, f64, String) {
    let mut hasher = Sha256::new();
    let (mut words, mut sum) = (0, 0.0);
    for utterance in corpus.split(split) {
        words += utterance.words.len();
        sum += f64::from(utterance.label);
        let text = format!("{}\0{}\0", utterance.id, utterance.words.join(" "));
        hasher.update(text.as_bytes());
        hasher.update(utterance.label.to_le_bytes());
    }
    let digest = hasher.finalize().into_iter().map(|b| format!("{b:02x}"));
    (corpus.split(split).len(), words, sum, digest.collect())
}

/// The figures were computed in Python: lines split at tabs, texts at white space, labels as numpy.float32.
#[test]
fn mosi_transcripts() {
    let Some(folder) = folder_of(&TABLES) else {
        return;
    };
    let corpus = layout::read(Layout::Tsv, folder.path()).unwrap();
    for (split, size, words, sum, sha256) in [
        (
            Split::Train,
            1284,
            15473,
            301.0833344012499,
            "4e734c84c9fe44eaf3553aae8928b44e4caf9192a43276ace9c70e634f46a195",
        ),
        (
            Split::Valid,
            229,
            2557,
            70.88333255052567,
            "0fa4a7984f2fda7943f6e8a439fd73a51a2cfd63f83eb630907ac6c88741a445",
        ),
        (
            Split::Test,
            686,
            9510,
            -217.44999919831753,
            "b54848244fdcf84579fe9f58ef9f3f21213116a7c5eb22794286d264528326bb",
        ),
    ] {
        let (found_size, found_words, found_sum, found_sha256) = figures(&corpus, split);
        assert_eq!((found_size, found_words), (size, words), "{split}");
        assert!((found_sum - sum).abs() < 1e-9, "{split}: {found_sum}");
        assert_eq!(found_sha256, sha256, "{split}");
    }
    let first = &corpus.train[0];
    assert_eq!((first.id.as_str(), first.label), ("03bSnISJMiM_11", -0.5));
    assert_eq!(first.words, ["A", "LOT", "OF", "SAD", "PARTS"]);
    // The standard split keeps every video in one part, and every text has words.
    assert_eq!(warnings::check(&corpus), []);
}

/// The same ids and labels as in the file of the MAG layout.
#[test]
fn mosi_transcripts_agree_with_the_mag_layout() {
    let (Some(folder), Some(mag)) = (folder_of(&TABLES), real_file("mosi/mosi_mag_layout.pkl"))
    else {
        return;
    };
    let tables = layout::read(Layout::Tsv, folder.path()).unwrap();
    let mag = layout::read(Layout::Mag, &mag).unwrap();
    for split in Split::ALL {
        let labels = |corpus: &Corpus| {
            let label = |u: &mdm_data::Utterance| {
                let id = u.id.replace(['[', ']'], "_");
                (id.trim_end_matches('_').to_owned(), u.label.to_bits())
            };
            let mut labels: Vec<_> = corpus.split(split).iter().map(label).collect();
            labels.sort();
            labels
        };
        assert!(labels(&tables) == labels(&mag), "{split}");
    }
}

fn detected(path: &Path) -> Result<Layout, String> {
    detect(path, Limits::default()).map_err(|error| error.to_string())
}

#[test]
fn every_real_file_is_detected() {
    for (file, layout) in [
        ("mosi/mosi_mag_layout.pkl", Layout::Mag),
        ("mosi/mosi_mmsa_layout.pkl", Layout::Mmsa),
        ("mosi/mosi_conversations_wild.pkl", Layout::Conversations),
        ("mmmo/mmmo_mult_layout.pkl", Layout::Mult),
    ] {
        let Some(path) = real_file(file) else {
            return;
        };
        assert_eq!(detected(&path), Ok(layout), "{file}");
    }
    let sequences = [
        "mosi/CMU_MOSI_Opinion_Labels.csd",
        "mosi/CMU_MOSI_ModifiedTimestampedWords.csd",
    ];
    for (files, layout) in [(&TABLES[..], Layout::Tsv), (&sequences, Layout::Csd)] {
        let folder = folder_of(files).expect("the other files are there");
        assert_eq!(detected(folder.path()), Ok(layout));
    }
    let data = real_file("mmmo/y_test.h5").expect("the other files are there");
    let mmmo = data.parent().expect("a folder");
    assert_eq!(detected(mmmo), Ok(Layout::MmmoH5));
}

#[test]
fn real_files_that_are_no_corpus_by_themselves_are_described() {
    for (file, part) in [
        ("mosi/CMU_MOSI_Opinion_Labels.csd", "one HDF5 file"),
        ("mmmo/y_test.h5", "one HDF5 file"),
        ("glove/glove.6B.50d.mosi_mosei.txt", "begins with"),
    ] {
        let Some(path) = real_file(file) else {
            return;
        };
        let message = detected(&path).unwrap_err();
        assert!(message.contains(part), "{message}");
    }
    // A folder with transcripts and with computational sequences.
    let train = real_file("mosi/train.tsv").expect("the other files are there");
    let message = detected(train.parent().expect("a folder")).unwrap_err();
    assert!(message.contains("csd and tsv"), "{message}");
}
