//! Transcripts: the input is all three tables.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mdm_data::layout::Layout;
use mdm_fuzz::{file, folder, limits};

fuzz_target!(|bytes: &[u8]| {
    for split in ["train", "valid", "test"] {
        file(&format!("tsv/{split}.tsv"), bytes);
    }
    let _ = Layout::Tsv.reader().read(&folder().join("tsv"), limits());
});
