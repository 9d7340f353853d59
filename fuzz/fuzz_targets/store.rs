//! Prepared stores: one file of a whole store is replaced by the input.
//!
//! The first byte chooses the file. With features the manifest is made to agree with them, so that the reader gets past
//! length and hash; a table that is not the one of the manifest must end at its hash.
#![no_main]

use std::fs;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use mdm_data::store::{self, FEATURES, MANIFEST, UTTERANCES};
use mdm_fuzz::{corpus, file, folder};
use sha2::{Digest, Sha256};

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, input)) = bytes.split_first() else {
        return;
    };
    let store = whole_store();
    let original = |name: &str| fs::read(folder().join("original").join(name)).unwrap();
    for name in [MANIFEST, UTTERANCES, FEATURES] {
        file(&format!("store/{name}"), &original(name));
    }
    match choice % 3 {
        0 => {
            file(&format!("store/{MANIFEST}"), input);
        }
        1 => {
            file(&format!("store/{UTTERANCES}"), input);
        }
        _ => {
            file(&format!("store/{FEATURES}"), input);
            let mut manifest: serde_json::Value =
                serde_json::from_slice(&original(MANIFEST)).unwrap();
            let hex: String = Sha256::digest(input)
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect();
            manifest["parts"][FEATURES]["bytes"] = input.len().into();
            manifest["parts"][FEATURES]["sha256"] = hex.into();
            let text = serde_json::to_vec(&manifest).unwrap();
            file(&format!("store/{MANIFEST}"), &text);
        }
    }
    let _ = store::read(store);
    let _ = store::verify(store);
});

/// The folder of the store, and beside it the original, made on first use.
fn whole_store() -> &'static Path {
    static STORE: std::sync::LazyLock<std::path::PathBuf> = std::sync::LazyLock::new(|| {
        let original = folder().join("original");
        mdm_fuzz::write_store(&corpus(), &original);
        folder().join("store")
    });
    &STORE
}
