//! `mdm evaluate` with modalities missing, and training with modality dropout.

mod common;

use std::path::Path;

use common::{corpus, fails, mdm, stdout, succeeds, train, write_store};
use mdm_data::Modality;
use serde_json::Value;

/// A run on the synthetic corpus.
fn trained(folder: &Path) -> String {
    let out = folder.join("run").to_str().unwrap().to_owned();
    succeeds(&train(&["--out", &out]));
    out
}

fn json(run: &str, args: &[&str]) -> Value {
    let output = mdm([&["evaluate", run, "--json"], args].concat());
    succeeds(&output);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_missing_stand_beside_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let run = trained(folder.path());
    let output = mdm(["evaluate", &run, "--keep", "audio,vision", "--fill", "mean"]);
    succeeds(&output);
    let table = stdout(&output);
    for part in [
        "majority class",
        "kept: audio, vision; dropped: language, of every utterance (fill mean, seed 0)",
        "kept/all",
        "majority/all",
        "Acc2 has0",
        "Acc2 non0",
    ] {
        assert!(table.contains(part), "{part} is not in\n{table}");
    }
    // Every number of the table is one of the JSON object.
    let json = json(&run, &["--keep", "audio,vision", "--fill", "mean"]);
    let row: Vec<&str> = table
        .lines()
        .find(|line| line.starts_with("Acc2 has0"))
        .unwrap()
        .split_whitespace()
        .skip(2)
        .collect();
    let percent = |value: &Value| format!("{:.1}", 100.0 * value.as_f64().unwrap());
    let decimal = |value: &Value| format!("{:.3}", value.as_f64().unwrap());
    let robustness = &json["robustness"];
    assert_eq!(
        row,
        [
            percent(&json["test"]["acc2_has0"]),
            percent(&robustness["test"]["acc2_has0"]),
            decimal(&robustness["ratio"]["acc2_has0"]),
            percent(&json["baselines"]["majority"]["acc2_has0"]),
            decimal(&robustness["majority_ratio"]["acc2_has0"]),
        ]
    );
}

#[test]
fn json_says_what_is_missing_and_the_ratio() {
    let folder = tempfile::tempdir().unwrap();
    let run = trained(folder.path());
    let plain = json(&run, &[]);
    assert!(plain.get("robustness").is_none());
    for fill in ["zero", "mean", "noise", "shuffle"] {
        let result = json(&run, &["--drop", "language", "--fill", fill, "--seed", "4"]);
        for part in ["valid", "test", "baselines"] {
            assert_eq!(result[part], plain[part], "{part}");
        }
        let robustness = &result["robustness"];
        assert_eq!(robustness["kept"], serde_json::json!(["audio", "vision"]));
        assert_eq!(robustness["dropped"], serde_json::json!(["language"]));
        assert_eq!(robustness["fill"], fill);
        assert_eq!(
            (&robustness["rate"], &robustness["seed"]),
            (&1.0.into(), &4.into())
        );
        assert_ne!(robustness["test"]["mae"], plain["test"]["mae"], "{fill}");
        let share = |value: &Value| value["acc2_has0"].as_f64().unwrap();
        let expected = share(&robustness["test"]) / share(&plain["test"]);
        assert!((share(&robustness["ratio"]) - expected).abs() < 1e-12);
        let again = json(
            &run,
            &["--keep", "vision,audio", "--fill", fill, "--seed", "4"],
        );
        assert_eq!(again, result, "--keep is the complement of --drop");
    }
}

#[test]
fn seed_and_rate_choose_who_loses_a_modality() {
    let folder = tempfile::tempdir().unwrap();
    let run = trained(folder.path());
    let mae = |args: &[&str]| {
        let result = json(&run, &[&["--drop", "language"], args].concat());
        result["robustness"]["test"]["mae"].as_f64().unwrap()
    };
    let whole = json(&run, &[])["test"]["mae"].as_f64().unwrap();
    assert_eq!(mae(&["--rate", "0"]), whole);
    assert_eq!(
        mae(&["--rate", "0.5"]),
        mae(&["--rate", "0.5", "--seed", "0"])
    );
    assert_ne!(
        mae(&["--rate", "0.5"]),
        mae(&["--rate", "0.5", "--seed", "1"])
    );
    assert_ne!(mae(&["--rate", "0.5"]), mae(&[]));
    assert_eq!(mae(&[]), mae(&["--seed", "1"]), "zeros have no seed");
    assert_ne!(
        mae(&["--fill", "noise"]),
        mae(&["--fill", "noise", "--seed", "1"])
    );
}

#[test]
fn keeping_everything_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let run = trained(folder.path());
    let result = json(&run, &["--keep", "language,audio,vision"]);
    assert_eq!(result["robustness"]["test"], result["test"]);
    assert_eq!(result["robustness"]["ratio"]["acc2_has0"], 1.0);
    let output = mdm(["evaluate", &run, "--keep", "language,audio,vision"]);
    assert!(stdout(&output).contains("nothing is dropped"));
}

#[test]
fn wrong_names_and_combinations() {
    let folder = tempfile::tempdir().unwrap();
    let run = trained(folder.path());
    let evaluate = |args: &[&str]| mdm([&["evaluate", &run], args].concat());
    let all = "language, audio, vision";
    fails(
        &evaluate(&["--keep", "text"]),
        2,
        &["--keep", "\"text\"", all],
    );
    fails(
        &evaluate(&["--drop", "audio,video"]),
        2,
        &["--drop", "\"video\"", all],
    );
    fails(&evaluate(&["--keep", ""]), 2, &["--keep", all]);
    fails(
        &evaluate(&["--drop", "language,vision,audio"]),
        2,
        &["--drop", "no modality"],
    );
    fails(
        &evaluate(&["--drop", "audio", "--fill", "ones"]),
        2,
        &["--fill", "zero, mean, noise, shuffle"],
    );
    fails(
        &evaluate(&["--keep", "audio", "--drop", "vision"]),
        2,
        &["--keep", "--drop"],
    );
    for flag in [["--fill", "mean"], ["--rate", "0.5"], ["--seed", "1"]] {
        fails(&evaluate(&flag), 2, &["required"]);
    }
    for rate in ["1.5", "-0.5", "nan"] {
        fails(
            &evaluate(&["--drop", "audio", "--rate", rate]),
            2,
            &["rate", "0 to 1"],
        );
    }
}

#[test]
fn only_the_modalities_of_the_corpus_can_be_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut corpus = corpus();
    let vision = corpus.index_of(Modality::Vision).unwrap();
    corpus.modalities.remove(vision);
    for split in mdm_data::Split::ALL {
        for utterance in corpus.split_mut(split) {
            utterance.features.remove(vision);
        }
    }
    let store = folder.path().join("store");
    write_store(&corpus, &store);
    let out = folder.path().join("run");
    let out = out.to_str().unwrap();
    succeeds(&train(&[
        "--dataset",
        store.to_str().unwrap(),
        "--out",
        out,
    ]));
    let output = mdm(["evaluate", out, "--drop", "vision"]);
    fails(&output, 2, &["\"vision\"", "it has language, audio"]);
    succeeds(&mdm(["evaluate", out, "--drop", "audio"]));
}

#[test]
fn a_run_trains_with_modality_dropout() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, args: &[&str]| {
        let out = folder.path().join(name);
        succeeds(&train(&[&["--out", out.to_str().unwrap()], args].concat()));
        std::fs::read(out.join("best.safetensors")).unwrap()
    };
    let plain = run("plain", &[]);
    let dropout = ["--set", "train.modality_dropout=0.3"];
    let once = run("once", &dropout);
    assert!(once == run("again", &dropout), "two equal runs differ");
    assert!(once != plain);
    let shuffled = ["--set", "train.modality_fill=shuffle"];
    assert!(run("shuffled", &[dropout, shuffled].concat()) != once);
    assert!(run("fill alone", &shuffled) == plain);
    let out = folder.path().join("wrong");
    let wrong = |setting: &str| train(&["--out", out.to_str().unwrap(), "--set", setting]);
    fails(
        &wrong("train.modality_dropout=1"),
        2,
        &["train.modality_dropout", "[0, 1)"],
    );
    fails(
        &wrong("train.modality_fill=ones"),
        2,
        &["modality_fill", "shuffle"],
    );
}

#[test]
fn a_run_from_before_a_setting_was_there_has_its_default() {
    let folder = tempfile::tempdir().unwrap();
    let run = trained(folder.path());
    let expected = json(&run, &[]);
    let config = Path::new(&run).join("config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let is_new = |line: &&str| line.starts_with("modality_");
    assert_eq!(text.lines().filter(is_new).count(), 2);
    let old: Vec<&str> = text.lines().filter(|line| !is_new(line)).collect();
    std::fs::write(&config, old.join("\n")).unwrap();
    assert_eq!(json(&run, &[]), expected);
}
