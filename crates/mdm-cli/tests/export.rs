//! `mdm data export`.

mod common;

use std::fs;

use common::{corpus, fails, mdm, stdout, succeeds, write_store};

#[test]
fn a_store_is_exported_in_both_formats() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let store = path("store");
    write_store(&corpus(), folder.path().join("store").as_path());
    for (format, file) in [
        ("npz", "npz"),
        ("safetensors", "safetensors/utterances.jsonl"),
    ] {
        let output = path(format);
        let run = |more: &[&str]| {
            let args = [
                "data", "export", &store, "--format", format, "--output", &output,
            ];
            mdm([&args, more].concat())
        };
        let first = run(&[]);
        succeeds(&first);
        assert!(stdout(&first).contains(&output), "{}", stdout(&first));
        let bytes = fs::read(path(file)).unwrap();
        fails(&run(&[]), 1, &[&output, "overwrite"]);
        succeeds(&run(&["--overwrite"]));
        assert_eq!(fs::read(path(file)).unwrap(), bytes);
    }
    let output = path("other");
    let to_other = |store: &str, format: &str| {
        mdm([
            "data", "export", store, "--format", format, "--output", &output,
        ])
    };
    fails(&to_other(&store, "hdf5"), 2, &["hdf5", "npz, safetensors"]);
    fails(
        &to_other(&path("none"), "npz"),
        1,
        &["none", "manifest.json"],
    );
    assert!(!folder.path().join("other").exists());
}
