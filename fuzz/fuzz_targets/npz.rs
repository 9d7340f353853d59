//! NumPy archives, as a corpus and as samples.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mdm_data::layout::Layout;
use mdm_data::samples;
use mdm_fuzz::{file, limits};

fuzz_target!(|bytes: &[u8]| {
    let path = file("corpus.npz", bytes);
    let _ = Layout::Npz.reader().read(&path, limits());
    let _ = samples::read(&path, &["x".to_owned(), "y".to_owned()]);
});
