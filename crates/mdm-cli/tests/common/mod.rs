//! Running `mdm` as a user does.
#![allow(dead_code)] // Each test file uses its own part of this.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mdm_data::corpus::{Corpus, Features, Modality, ModalityInfo, Split, Utterance};

/// Settings that make a run take a second.
pub const TINY: &[&str] = &[
    "--set",
    "data.synthetic.train=40",
    "--set",
    "data.synthetic.valid=16",
    "--set",
    "data.synthetic.test=16",
    "--set",
    "model.ef_lstm.hidden=8",
    "--set",
    "model.late_lstm.hidden=[4, 4, 4]",
    "--set",
    "model.tfn.hidden=[4, 4, 4]",
    "--set",
    "model.lfn.hidden=[4, 4, 4]",
    "--set",
    "model.mfn.hidden=[4, 4, 4]",
    "--set",
    "penalty.unroll=2",
    "--set",
    "train.batch_size=10",
    "--set",
    "train.epochs=2",
];

pub fn mdm(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mdm"))
        .args(args)
        .output()
        .expect("mdm starts")
}

/// `mdm train` with [`TINY`] and these arguments.
pub fn train(args: &[&str]) -> Output {
    mdm([&["train"], TINY, args].concat())
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[track_caller]
pub fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", stderr(output));
}

/// The exit code and exactly one error line, which holds every one of `parts`.
#[track_caller]
pub fn fails(output: &Output, code: i32, parts: &[&str]) {
    let stderr = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    let errors: Vec<&str> = stderr
        .lines()
        .filter(|line| line.starts_with("error"))
        .collect();
    assert_eq!(errors.len(), 1, "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    for part in parts {
        assert!(
            errors[0].contains(part),
            "`{part}` is not in: {}",
            errors[0]
        );
    }
}

/// The folder of real corpora; none, said loudly, where it is not set. A folder that is named must be there.
pub fn data_dir() -> Option<PathBuf> {
    let Some(dir) = std::env::var_os("MDM_DATA_DIR") else {
        eprintln!("NOT RUN: needs the real corpora, and MDM_DATA_DIR is not set");
        return None;
    };
    let dir = PathBuf::from(dir);
    assert!(
        dir.is_dir(),
        "MDM_DATA_DIR is {}, which is no folder",
        dir.display()
    );
    Some(dir)
}

/// A small corpus of three aligned modalities.
pub fn corpus() -> Corpus {
    let dims = [
        (Modality::Language, 3),
        (Modality::Audio, 2),
        (Modality::Vision, 2),
    ];
    let modalities = dims.map(|(modality, dim)| ModalityInfo { modality, dim });
    let mut corpus = Corpus::new("small", modalities.to_vec());
    for (split, count) in Split::ALL.into_iter().zip([12, 6, 6]) {
        for number in 0..count {
            let steps = 2 + number % 3;
            let value = |place: usize| ((place * 7 + number * 3) % 11) as f32 / 5.0 - 1.0;
            let features =
                dims.map(|(_, dim)| Features::new(dim, (0..steps * dim).map(value).collect()));
            corpus.split_mut(split).push(Utterance {
                id: format!("{split}-{number}"),
                words: vec!["word".into(); steps],
                features: features.to_vec(),
                label: (number % 5) as f32 - 2.0,
                ..Utterance::default()
            });
        }
    }
    corpus
}

/// Writes a corpus as a prepared store, as it is.
pub fn write_store(corpus: &Corpus, folder: &Path) {
    let source = mdm_data::store::SourceInfo {
        layout: mdm_data::layout::Layout::Mag,
        file_name: "small.pkl".into(),
        sha256: "0".repeat(64),
        bytes: 0,
        vectors: None,
    };
    let clean = mdm_data::clean::CleanReport::default();
    mdm_data::store::write(corpus, &source, &clean, folder, false).unwrap();
}
