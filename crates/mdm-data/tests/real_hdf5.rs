//! The HDF5 layouts on the real corpora, where the folder `MDM_DATA_DIR` holds them. The figures are NumPy's and h5py's.

mod common;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::real_file;
use mdm_data::corpus::{Corpus, Split};
use mdm_data::layout::{self, Layout};
use mdm_data::pickle::Limits;
use sha2::{Digest, Sha256};

fn sizes(corpus: &Corpus) -> [usize; 3] {
    Split::ALL.map(|split| corpus.split(split).len())
}

fn hex(hash: Sha256) -> String {
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn label_sum(corpus: &Corpus, split: Split) -> f64 {
    corpus.split(split).iter().map(|u| f64::from(u.label)).sum()
}

#[test]
fn mmmo_tensors() {
    let Some(file) = real_file("mmmo/text_valid_emb.h5") else {
        return;
    };
    let folder = file.parent().unwrap();
    let corpus = layout::read(Layout::MmmoH5, folder).unwrap();
    assert_eq!(corpus.name, "mmmo");
    assert_eq!(sizes(&corpus), [0, 40, 80]);
    assert_eq!(corpus.dims(), [300, 74, 36]);
    assert!(corpus.is_aligned());
    let expected = [
        (
            Split::Valid,
            139.5,
            752,
            "4918862ff03cc643e3a81121cc0ac3ddc637de9f889db005b14c78f4d414cbb4",
        ),
        (
            Split::Test,
            287.5,
            1472,
            "eb9edde8919ac6b9ae640022dca16e2a25c0270cf23a25dc6fc2aeb9730a581a",
        ),
    ];
    for (split, labels, steps, sha256) in expected {
        assert_eq!(label_sum(&corpus, split), labels);
        let utterances = corpus.split(split);
        let found: usize = utterances.iter().map(|u| u.features[0].steps()).sum();
        assert_eq!(found, steps, "{split}");
        let mut hash = Sha256::new();
        let values = utterances
            .iter()
            .flat_map(|u| u.features.iter().flat_map(|f| f.data()));
        values.for_each(|value| hash.update(value.to_le_bytes()));
        assert_eq!(hex(hash), sha256, "{split}");
    }

    // The same utterances in the MulT layout, under the names of their place in the tensors: the padding rule agrees. The
    // labels are moved by 3 there.
    let Some(file) = real_file("mmmo/mmmo_mult_layout.pkl") else {
        return;
    };
    let other = layout::read(Layout::Mult, &file).unwrap();
    let ours: HashMap<String, _> = (corpus.utterances())
        .map(|(_, u)| (format!("mmmo_{}", u.id), u))
        .collect();
    assert_eq!(other.len(), 120);
    for (_, utterance) in other.utterances() {
        let ours = ours[&utterance.id];
        assert_eq!(ours.label - 3.0, utterance.label, "{}", utterance.id);
        assert!(ours.features == utterance.features, "{}", utterance.id);
    }
}

/// Normalises a transcript: upper case, and nothing but letters, digits and the blanks between words.
fn spelling(text: &str) -> Vec<String> {
    let known = |c: char| c.is_ascii_alphanumeric() || c == ' ';
    let text: String = text.to_uppercase().chars().filter(|&c| known(c)).collect();
    text.split(' ')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Words to add, drop or replace to make one of the other (Levenshtein).
fn distance(a: &[String], b: &[String]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replace = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// Copies the two sequences of CMU-MOSI to a folder of their own.
fn mosi() -> Option<(tempfile::TempDir, PathBuf)> {
    let names = [
        "CMU_MOSI_Opinion_Labels.csd",
        "CMU_MOSI_ModifiedTimestampedWords.csd",
    ];
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        fs::copy(
            real_file(&format!("mosi/{name}"))?,
            folder.path().join(name),
        )
        .unwrap();
    }
    let path = folder.path().to_owned();
    Some((folder, path))
}

/// Transcript and label by video and clip, counted from 1.
fn transcripts(path: &Path) -> HashMap<String, (Vec<String>, f32)> {
    let text = fs::read_to_string(path).unwrap();
    let rows = text
        .lines()
        .skip(1)
        .map(|line| line.split('\t').collect::<Vec<_>>());
    rows.map(|row| {
        (
            row[0].to_owned(),
            (spelling(row[5]), row[6].parse().unwrap()),
        )
    })
    .collect()
}

#[test]
fn mosi_words_are_those_of_the_transcripts() {
    let Some((_folder, path)) = mosi() else {
        return;
    };
    let corpus = layout::read(Layout::Csd, &path).unwrap();
    assert_eq!(sizes(&corpus), [1284, 229, 686]);
    assert!(corpus.modalities.is_empty() && !corpus.has_emotions());
    for (split, sum) in Split::ALL
        .into_iter()
        .zip([301.083_334, 70.883_333, -217.450])
    {
        assert!((label_sum(&corpus, split) - sum).abs() < 1e-5, "{split}");
    }

    let (mut equal, mut close, mut words) = (0, 0, 0);
    for split in Split::ALL {
        let Some(tsv) = real_file(&format!("mosi/{split}.tsv")) else {
            return;
        };
        let transcripts = transcripts(&tsv);
        assert_eq!(transcripts.len(), corpus.split(split).len());
        for utterance in corpus.split(split) {
            let (video, row) = utterance
                .id
                .strip_suffix(']')
                .unwrap()
                .rsplit_once('[')
                .unwrap();
            let clip = row.parse::<usize>().unwrap() + 1;
            let (transcript, label) = &transcripts[&format!("{video}_{clip}")];
            assert!((utterance.label - label).abs() < 1e-6, "{}", utterance.id);
            let distance = distance(&spelling(&utterance.words.join(" ")), transcript);
            equal += usize::from(distance == 0);
            close += usize::from(distance <= 1);
            words += utterance.words.len();
        }
    }
    assert_eq!((equal, close, words), (1955, 2146, 27_579));
    assert!(equal >= 1950 && close >= 2140);

    // Every word of every utterance, as an alignment in NumPy finds them.
    let mut lines: Vec<(&str, usize, String)> = (corpus.utterances())
        .map(|(_, u)| {
            let (video, row) = u.id.strip_suffix(']').unwrap().rsplit_once('[').unwrap();
            (
                video,
                row.parse().unwrap(),
                format!("{}\t{}\n", u.id, u.words.join(" ")),
            )
        })
        .collect();
    lines.sort_unstable();
    let mut hash = Sha256::new();
    lines.iter().for_each(|(_, _, line)| hash.update(line));
    let expected = "5dd31c860f16d1dc4eaa27b2f8da4f772ace5595bc9756bef45d6ed9b863d811";
    assert_eq!(hex(hash), expected);
}

/// The words take 1.6 MB, those of the longest video 12 kB and their intervals 13 kB: no read comes near a whole file.
#[test]
fn mosi_is_read_video_by_video() {
    let Some((_folder, path)) = mosi() else {
        return;
    };
    let within = |memory| {
        let limits = Limits {
            memory,
            ..Limits::default()
        };
        Layout::Csd.reader().read(&path, limits)
    };
    assert!(within(80 << 10).unwrap() == layout::read(Layout::Csd, &path).unwrap());
    let message = within(20 << 10).unwrap_err().to_string();
    assert!(
        message.contains("at most 20480 bytes of memory"),
        "{message}"
    );
}
