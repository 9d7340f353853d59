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
fn sizes_and_jobs_are_free() {
    let sizes = ["--steps", "5", "--modalities", "2", "--utterances", "40"];
    let args = ["bench", "--quick", "--only", "late_lstm", "--batch", "8"];
    let jobs = ["--jobs", "batches,epoch,algorithm1", "--unroll", "2"];
    let output = mdm([&args[..], &jobs, &sizes].concat());
    succeeds(&output);
    let text = stdout(&output);
    let rows = text.lines();
    let rows = rows.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let found: Vec<(String, u64)> = rows
        .map(|row| {
            let workload = row["workload"].as_str().unwrap().to_owned();
            (workload, row["samples"].as_u64().unwrap())
        })
        .collect();
    let expected = [("batches", 24), ("epoch", 40), ("algorithm1", 24)];
    let expected = expected.map(|(job, samples)| (format!("late_lstm/{job}"), samples));
    assert_eq!(found, expected);
}

#[test]
fn what_cannot_be_run_is_said_at_once() {
    let output = mdm(["bench", "--only", "tfn", "--jobs", "steps"]);
    fails(&output, 2, &["unknown job `steps`; there are: train_step"]);
    let output = mdm(["bench", "--only", "estimator", "--batch", "3"]);
    fails(&output, 2, &["the estimator has sizes of its own"]);
    let output = mdm(["bench", "--only", "tfn", "--batch", "2"]);
    fails(&output, 2, &["a batch of 2 has no product of 3 modalities"]);
    let output = mdm(["bench", "--scale", "nowhere", "--only", "tfn"]);
    fails(
        &output,
        2,
        &["there are curves of ef_lstm, late_lstm, mfn alone"],
    );
    let output = mdm(["bench", "--only", "lstm"]);
    let expected = "unknown workload `lstm`; there are: ef_lstm, late_lstm";
    fails(&output, 2, &[expected]);
    let output = mdm(["bench", "--against-pytorch", "--python", "no-such-python"]);
    fails(&output, 1, &["cannot run no-such-python"]);
}
