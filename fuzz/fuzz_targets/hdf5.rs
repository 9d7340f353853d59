//! HDF5: the input stands for one file of a folder whose other files are whole.
//!
//! The first byte chooses the layout and the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mdm_data::layout::Layout;
use mdm_fuzz::{file, folder, limits};

/// The whole files of a folder.
type Files = &'static [(&'static str, &'static [u8])];

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../crates/mdm-data/tests/files/hdf5/", $name))
    };
}

const CSD: Files = &[
    ("All Labels.csd", fixture!("csd/All Labels.csd")),
    ("words.csd", fixture!("csd/words.csd")),
    ("COVAREP.csd", fixture!("csd/COVAREP.csd")),
    ("vision.csd", fixture!("csd/vision.csd")),
    (
        "folds.json",
        br#"{"train": ["a"], "valid": ["b"], "test": []}"#,
    ),
];

const CMU: Files = &[
    ("X_train.h5", fixture!("cmu/X_train.h5")),
    ("y_train.h5", fixture!("cmu/y_train.h5")),
];

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, input)) = bytes.split_first() else {
        return;
    };
    let (layout, name, files) = if choice % 4 == 3 {
        (Layout::CmuH5, "cmu", CMU)
    } else {
        (Layout::Csd, "csd", CSD)
    };
    let replaced = usize::from(choice / 4) % files.len();
    for (place, (file_name, whole)) in files.iter().enumerate() {
        let content = if place == replaced { input } else { whole };
        file(&format!("{name}/{file_name}"), content);
    }
    let _ = layout.reader().read(&folder().join(name), limits());
});
