//! The layouts that are pickles: whatever the file is, each reader gives a corpus or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mdm_data::layout::{self, Layout};
use mdm_fuzz::{file, limits};

const PICKLED: [Layout; 6] = [
    Layout::Mag,
    Layout::Misa,
    Layout::Mult,
    Layout::MultiBench,
    Layout::Mmsa,
    Layout::Conversations,
];

fuzz_target!(|bytes: &[u8]| {
    let path = file("corpus.pkl", bytes);
    let _ = layout::detect(&path, limits());
    for layout in PICKLED {
        let _ = layout.reader().read(&path, limits());
    }
});
