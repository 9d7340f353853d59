//! GloVe text files.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mdm_data::glove::WordVectors;
use mdm_fuzz::{corpus, file};

fuzz_target!(|bytes: &[u8]| {
    let path = file("glove.txt", bytes);
    let _ = WordVectors::read(&path);
    let _ = WordVectors::read_for(&path, &corpus());
});
