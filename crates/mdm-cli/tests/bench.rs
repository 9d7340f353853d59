//! `mdm bench`.

mod common;

use std::fs;

use common::{fails, mdm, stdout, succeeds};
use serde_json::Value;

#[test]
fn a_workload_is_a_row_with_the_keys_of_the_other_side() {
    let output = mdm(["bench", "--quick", "--only", "estimator"]);
    succeeds(&output);
    let row: Value = serde_json::from_str(stdout(&output).trim()).unwrap();
    assert_eq!(row["workload"], "estimator/gaussian_tc");
    assert_eq!(row["variant"], "rust");
    assert_eq!(row["samples"], 256);
    let number = |key: &str| row[key].as_f64().unwrap();
    assert!(number("min_s") > 0.0 && number("min_s") <= number("median_s"));
    let samples = number("median_s") * number("samples_per_s");
    assert!((samples - 256.0).abs() < 1e-6);
    assert!(number("repeats") >= 1.0 && number("threads") >= 1.0);
}

#[test]
fn rows_go_to_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bench.jsonl").display().to_string();
    let output = mdm(["bench", "--quick", "--only", "tfn", "--json", &file]);
    succeeds(&output);
    assert_eq!(stdout(&output), "");
    let text = fs::read_to_string(file).unwrap();
    let workloads = text.lines().map(|line| {
        let row: Value = serde_json::from_str(line).unwrap();
        row["workload"].as_str().unwrap().to_owned()
    });
    let expected = ["tfn/train_step", "tfn/algorithm1", "tfn/inference"];
    assert_eq!(workloads.collect::<Vec<_>>(), expected);
}

#[test]
fn what_cannot_be_run_is_said_at_once() {
    let output = mdm(["bench", "--only", "lstm"]);
    let expected = "unknown workload `lstm`; there are: ef_lstm, late_lstm";
    fails(&output, 2, &[expected]);
    let output = mdm(["bench", "--against-pytorch", "--python", "no-such-python"]);
    fails(&output, 1, &["cannot run no-such-python"]);
}
