//! Runs of text encoders: what they keep, what they need, what they refuse.

mod common;

use std::fs;

use common::{fails, mdm, stderr, stdout, succeeds, train};
use serde_json::Value;

/// The folder of pretrained models; none, said loudly, where it is not set.
fn models_dir() -> Option<std::path::PathBuf> {
    let Some(dir) = std::env::var_os("MDM_MODELS_DIR") else {
        eprintln!("NOT RUN: needs pretrained models, and MDM_MODELS_DIR is not set");
        return None;
    };
    let dir = std::path::PathBuf::from(dir);
    assert!(dir.is_dir(), "MDM_MODELS_DIR is no folder");
    Some(dir)
}

#[test]
fn a_run_of_pieces_predicts_without_anything_outside_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    for model in ["mag-bert", "mag-xlnet"] {
        let out = folder.path().join(model);
        let out = out.to_str().unwrap();
        let output = train(&["--model", model, "--measure", "kl", "--out", out]);
        succeeds(&output);
        assert!(stderr(&output).contains("RANDOM weights"));
        assert!(
            std::path::Path::new(out)
                .join("tokenizer/vocab.txt")
                .is_file()
        );

        let table = folder.path().join("new.tsv");
        fs::write(&table, "id\ttext\nu1\tonda per solari\nu2\tnever heard\n").unwrap();
        // Text alone: audio and vision are missing.
        let output = mdm(["predict", out, "--input", table.to_str().unwrap()]);
        fails(&output, 1, &["audio"]);

        let text_only = folder.path().join(format!("{model}-text"));
        let text_only = text_only.to_str().unwrap();
        let output = train(&[
            "--model",
            model,
            "--measure",
            "none",
            "--set",
            "data.modalities=[\"language\"]",
            "--out",
            text_only,
        ]);
        succeeds(&output);
        let output = mdm(["predict", text_only, "--input", table.to_str().unwrap()]);
        succeeds(&output);
        let rows = stdout(&output);
        assert_eq!(rows.lines().count(), 3, "{rows}");
        assert!(stderr(&output).contains("unknown"), "{}", stderr(&output));
    }
}

#[test]
fn a_pretrained_encoder_gives_its_sizes_and_its_tokeniser_to_the_run() {
    let Some(models) = models_dir() else { return };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let pretrained = format!(
        "model.mag_bert.text.pretrained={}",
        models.join("minilm-l6").display()
    );
    let output = train(&[
        "--model",
        "mag-bert",
        "--measure",
        "none",
        "--set",
        &pretrained,
        "--set",
        "model.mag_bert.text.freeze_embeddings=true",
        "--set",
        "model.mag_bert.text.freeze_layers=6",
        "--epochs",
        "1",
        "--out",
        out.to_str().unwrap(),
    ]);
    succeeds(&output);
    assert!(!stderr(&output).contains("RANDOM"), "{}", stderr(&output));
    let config = fs::read_to_string(out.join("config.toml")).unwrap();
    let config: toml::Table = config.parse().unwrap();
    let bert = &config["model"]["mag_bert"]["bert"];
    assert_eq!(bert["hidden_size"].as_integer(), Some(384));
    assert_eq!(bert["vocab_size"].as_integer(), Some(30522));
    // The weights are in the run: it is evaluated without the model's folder.
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_mdm"))
        .args(["evaluate", out.to_str().unwrap(), "--json"])
        .env_remove("MDM_MODELS_DIR")
        .output()
        .unwrap();
    succeeds(&output);
    let again: Value = serde_json::from_slice(&output.stdout).unwrap();
    let metrics: Value =
        serde_json::from_slice(&fs::read(out.join("metrics.json")).unwrap()).unwrap();
    assert_eq!(again["test"], metrics["test"]);
}

#[test]
fn what_does_not_fit_is_told_by_its_setting() {
    let run = |args: &[&str]| train(&[&["--model", "mag-bert"][..], args].concat());
    let set = |setting| ["--set", setting];
    fails(
        &run(&set("model.mag_bert.text.pretrained=no-such-model")),
        1,
        &["no-such-model"],
    );
    fails(
        &run(&set("model.mag_bert.gate.injection=3")),
        2,
        &["gate.injection", "3"],
    );
    fails(
        &run(&set("model.mag_bert.bert.hidden_size=63")),
        2,
        &["bert.hidden_size", "63"],
    );
    fails(
        &run(&set("data.max_steps=65")),
        2,
        &["data.max_steps", "65"],
    );
    let filled = [
        "--set",
        "train.modality_dropout=0.1",
        "--set",
        "train.modality_fill=mean",
    ];
    fails(&run(&filled), 2, &["fill", "word pieces", "mean"]);
    fails(&run(&set("data.max_steps=2")), 2, &["data.max_steps", "2"]);
    fails(
        &run(&set("data.modalities=[\"audio\", \"vision\"]")),
        2,
        &["mag-bert", "no language", "ef-lstm, late-lstm, mfn"],
    );
}
