//! `mdm train` and `mdm evaluate` for every kind of label.

mod common;

use std::fs;
use std::path::Path;

use common::{fails, mdm, stderr, stdout, succeeds, train};
use serde_json::Value;

/// Trains a task on the annotated synthetic corpus; what was printed and `metrics.json`.
fn run(task: &str, out: &Path) -> (String, Value) {
    let task = format!("train.task={task}");
    let output = train(&[
        "--set",
        &task,
        "--set",
        "data.synthetic.emotions=true",
        "--out",
        out.to_str().unwrap(),
    ]);
    succeeds(&output);
    let metrics = fs::read(out.join("metrics.json")).unwrap();
    (stdout(&output), serde_json::from_slice(&metrics).unwrap())
}

/// `mdm evaluate` gives the numbers of the run again.
#[track_caller]
fn evaluates(out: &Path, recorded: &Value) {
    let output = mdm(["evaluate", out.to_str().unwrap(), "--json"]);
    succeeds(&output);
    let again: Value = serde_json::from_slice(&output.stdout).unwrap();
    for part in ["valid", "test", "baselines"] {
        assert_eq!(again[part], recorded[part], "{part}");
    }
}

#[test]
fn classes_have_their_scores_their_majority_and_their_table() {
    let folder = tempfile::tempdir().unwrap();
    for (task, n_classes) in [
        ("classes-7", 7),
        ("classes-5", 5),
        ("classes-3", 3),
        ("classes-2", 2),
        ("classes-2-non0", 2),
    ] {
        let out = folder.path().join(task);
        let (table, metrics) = run(task, &out);
        for split in ["valid", "test"] {
            let scores = &metrics[split];
            for name in ["cross_entropy", "accuracy", "f1_weighted", "f1_macro"] {
                assert!(scores[name].is_number(), "{task} {split}.{name}: {scores}");
            }
            let classes = scores["classes"].as_array().unwrap();
            assert_eq!(classes.len(), n_classes);
            let counted: u64 = classes
                .iter()
                .map(|class| class["n"].as_u64().unwrap())
                .sum();
            let left_out = scores["n_left_out"].as_u64().unwrap();
            assert_eq!(
                (counted + left_out, scores["n"].as_u64().unwrap()),
                (16, counted)
            );
            // Classes that are numbers are also a prediction of the sentiment.
            assert_eq!(
                scores["sentiment"]["mae"].is_number(),
                n_classes > 2,
                "{task}"
            );
        }
        assert!(metrics["baselines"]["majority"]["accuracy"].is_number());
        for part in [
            "ef-lstm kl",
            "majority class",
            "cross-entropy",
            "F1 macro",
            "recall",
        ] {
            assert!(table.contains(part), "{part} is not in\n{table}");
        }
        assert_eq!(table.contains("MAE"), n_classes > 2, "{table}");
        evaluates(&out, &metrics);
    }
}

#[test]
fn emotions_have_two_scores_each_and_their_table() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let (table, metrics) = run("emotions", &out);
    for (part, scores) in [
        ("valid", &metrics["valid"]),
        ("test", &metrics["test"]),
        ("majority", &metrics["baselines"]["majority"]),
    ] {
        assert!(scores["f1_weighted"].is_number(), "{part}: {scores}");
        let emotions = scores["emotions"].as_array().unwrap();
        let names: Vec<_> = emotions
            .iter()
            .map(|score| score["emotion"].as_str())
            .collect();
        let expected = [
            "happiness",
            "sadness",
            "anger",
            "surprise",
            "disgust",
            "fear",
        ];
        assert_eq!(names, expected.map(Some));
        assert!(emotions[0]["weighted_accuracy"].is_number());
    }
    assert!(metrics["valid"]["cross_entropy"].is_number());
    for part in [
        "happiness",
        "fear",
        "ef-lstm kl WA",
        "ef-lstm kl F1",
        "more frequent F1",
    ] {
        assert!(table.contains(part), "{part} is not in\n{table}");
    }
    evaluates(&out, &metrics);
}

#[test]
fn the_progress_tells_the_criterion_of_the_task() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let args = [
        "--set",
        "train.task=classes-3",
        "--out",
        out.to_str().unwrap(),
    ];
    let output = train(&args);
    succeeds(&output);
    assert!(
        stderr(&output).contains("valid cross entropy "),
        "{}",
        stderr(&output)
    );
}

#[test]
fn wrong_tasks_and_missing_annotations_are_bad_usage() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let run = |task: &str| train(&["--set", task, "--out", out.to_str().unwrap()]);
    fails(
        &run("train.task=classes-4"),
        2,
        &[
            "train.task",
            "classes-4",
            "regression",
            "classes-7",
            "classes-2-non0",
            "emotions",
        ],
    );
    fails(
        &run("train.task=Regression"),
        2,
        &["unknown task `Regression`"],
    );
    fails(
        &run("train.task=emotions"),
        2,
        &["train.task = \"emotions\"", "corpus synthetic", "emotions"],
    );
    assert!(!out.exists());
}

#[test]
fn a_run_folder_from_before_the_setting_is_a_regression() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let (_, metrics) = run("regression", &out);
    let config = out.join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let older = text
        .lines()
        .filter(|line| !line.starts_with("task = ") && !line.starts_with("emotions = "));
    let older: Vec<&str> = older.collect();
    assert_eq!(older.len() + 2, text.lines().count());
    fs::write(&config, older.join("\n")).unwrap();
    evaluates(&out, &metrics);
}

/// The classes of the MOSI test split, counted with NumPy from its table of labels.
#[test]
fn the_classes_of_mosi_are_those_counted_independently() {
    if common::data_dir().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (task, expected) in [
        ("classes-7", vec![46, 156, 145, 106, 113, 100, 20]),
        ("classes-5", vec![202, 145, 106, 113, 120]),
        ("classes-3", vec![347, 106, 233]),
        ("classes-2", vec![379, 307]),
        ("classes-2-non0", vec![379, 277]),
    ] {
        let out = folder.path().join(task);
        let config = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../configs/mosi/ef_lstm_none.toml"
        );
        let task_setting = format!("train.task={task}");
        let output = mdm([
            "train",
            "--config",
            config,
            "--epochs",
            "1",
            "--set",
            &task_setting,
            "--set",
            "model.ef_lstm.hidden=4",
            "--json",
            "--out",
            out.to_str().unwrap(),
        ]);
        succeeds(&output);
        let metrics: Value = serde_json::from_slice(&output.stdout).unwrap();
        let classes = metrics["test"]["classes"].as_array().unwrap();
        let counts: Vec<u64> = classes
            .iter()
            .map(|class| class["n"].as_u64().unwrap())
            .collect();
        assert_eq!(counts, expected, "{task}");
    }
}
