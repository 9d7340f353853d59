//! The commands on the real corpora in the folder `MDM_DATA_DIR`.

mod common;

use common::{data_dir, mdm, stderr, stdout, succeeds};

#[test]
fn every_measure_trains_on_mosi_and_mmmo() {
    if data_dir().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let configs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs");
    for dataset in ["mmmo", "mosi"] {
        for measure in ["none", "kl", "f", "wasserstein"] {
            let config = format!("{configs}/{dataset}/ef_lstm_{measure}.toml");
            let out = folder.path().join(format!("{dataset}-{measure}"));
            let mut args = vec!["train", "--config", &config, "--epochs", "1", "--json"];
            // One update of a small model a batch is enough to go through everything.
            args.extend([
                "--set",
                "penalty.unroll=1",
                "--set",
                "model.ef_lstm.hidden=8",
            ]);
            args.extend(["--out", out.to_str().unwrap()]);
            let output = mdm(args);
            succeeds(&output);
            let metrics: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            let n = if dataset == "mosi" { 686 } else { 40 };
            assert_eq!(metrics["test"]["n"], n, "{dataset}");
        }
    }
}

#[test]
fn every_layout_is_prepared_inspected_and_trained_on() {
    let Some(data) = data_dir() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let glove = data.join("glove/glove.6B.50d.mosi_mosei.txt");
    for (layout, file, train_size) in [
        ("mag", "mosi/mosi_mag_layout.pkl", "1284"),
        ("mult", "mmmo/mmmo_mult_layout.pkl", "60"),
        ("mmsa", "mosi/mosi_mmsa_layout.pkl", "240"),
    ] {
        let input = data.join(file);
        let store = folder.path().join(layout);
        let store = store.to_str().unwrap();
        let mut args = vec!["data", "prepare", "--output", store];
        args.extend(["--input", input.to_str().unwrap()]);
        if layout == "mag" {
            args.extend(["--glove", glove.to_str().unwrap()]);
        }
        let output = mdm(&args);
        succeeds(&output);
        let detected = format!("layout {layout}, from its content");
        assert!(stderr(&output).contains(&detected), "{}", stderr(&output));
        succeeds(&mdm(["data", "verify", store]));
        let output = mdm(["data", "inspect", store]);
        succeeds(&output);
        assert!(stdout(&output).contains(train_size), "{}", stdout(&output));

        let out = folder.path().join(format!("{layout}-run"));
        let mut args = vec!["train", "--dataset", store, "--epochs", "1"];
        args.extend([
            "--set",
            "penalty.unroll=1",
            "--set",
            "model.ef_lstm.hidden=4",
        ]);
        args.extend(["--out", out.to_str().unwrap()]);
        let output = mdm(&args);
        succeeds(&output);
        assert!(stderr(&output).contains("epoch 1/1"), "{}", stderr(&output));
    }
}
