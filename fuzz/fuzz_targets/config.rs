//! Configs: a TOML file and an assignment of the command line, layered on the defaults.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mdm_fuzz::file;

// Part of the program, which is no library: the same source, compiled in.
#[path = "../../crates/mdm-cli/src/settings/mod.rs"]
#[allow(dead_code)]
mod settings;

fuzz_target!(|bytes: &[u8]| {
    let mut config = settings::Settings::new();
    if config.add_file(&file("config.toml", bytes)).is_ok() {
        let _ = config.resolve();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let mut config = settings::Settings::new();
        if config.add_assignment(text).is_ok() {
            let _ = config.resolve();
        }
    }
});
