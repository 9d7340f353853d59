//! Making a store of a large corpus takes little memory. Alone in its file, because it looks at the whole process.

#![cfg(target_os = "linux")]

use std::fs;

use mdm_data::clean::CleanReport;
use mdm_data::corpus::{Features, Modality, ModalityInfo, Split, Utterance};
use mdm_data::layout::{Header, Layout, Sink};
use mdm_data::store::{Reader, SourceInfo, StoreWriter};

/// The most memory that this process has used, in KiB.
fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

const STEPS: usize = 64;
const DIM: usize = 256;

/// Writes a store whose features take 64 KiB an utterance.
fn save(utterances: usize, dir: &std::path::Path) {
    let mut writer = StoreWriter::create(dir, false).unwrap();
    for number in 0..utterances {
        let utterance = Utterance {
            id: number.to_string(),
            words: vec!["word".to_owned()],
            features: vec![Features::new(DIM, vec![number as f32; STEPS * DIM])],
            ..Utterance::default()
        };
        writer.push(Split::Train, utterance).unwrap();
    }
    let header = Header {
        name: "large".into(),
        modalities: vec![ModalityInfo {
            modality: Modality::Audio,
            dim: DIM,
        }],
    };
    let source = SourceInfo {
        layout: Layout::Mag,
        file_name: "large.pkl".into(),
        sha256: "00".into(),
        bytes: 7,
        vectors: None,
    };
    writer
        .finish(&header, &source, &CleanReport::default())
        .unwrap();
}

#[test]
fn memory_does_not_grow_with_the_features() {
    let folder = tempfile::tempdir().unwrap();
    let (small, large) = (folder.path().join("small"), folder.path().join("large"));
    // The first store starts the threads of Polars and the like.
    save(1, &small);
    let before = peak();
    save(2048, &large);
    let grown = peak() - before;
    assert!(grown < 16 << 10, "128 MiB of features took {grown} KiB");
    let store = Reader::open(&large).unwrap();
    let sum: f32 = store
        .utterances()
        .map(|(_, u)| u.features[0].row(63)[255])
        .sum();
    assert_eq!(sum, (2048 * 2047 / 2) as f32);
}
