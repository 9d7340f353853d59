//! `mdm reproduce table1` and `table2` with settings that show nothing and take seconds.

mod common;

use std::fs;
use std::path::Path;
use std::process::Output;

use common::{fails, mdm, stderr, stdout, succeeds};
use serde_json::Value;

const TINY: &[&str] = &[
    "--set",
    "data.synthetic.train=40",
    "--set",
    "data.synthetic.valid=16",
    "--set",
    "data.synthetic.test=24",
    "--set",
    "train.epochs=2",
    "--set",
    "train.batch_size=10",
    "--set",
    "penalty.unroll=1",
];

fn table(out: &Path, args: &[&str]) -> Output {
    let start = [
        "reproduce",
        "table2",
        "--models",
        "ef-lstm,mag-bert",
        "--measures",
        "none,kl",
        "--out",
        out.to_str().unwrap(),
    ];
    mdm([&start[..], TINY, args].concat())
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_table_is_the_mean_of_its_cells_and_finished_cells_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("table");
    let first = table(&out, &[]);
    succeeds(&first);
    assert!(stderr(&first).contains("8/8"), "{}", stderr(&first));
    assert!(stderr(&first).contains("RANDOM weights"));

    // Mean and deviation over the two seeds, in per cent, from the cells' own files.
    let mae = |seed| {
        let metrics = json(&out.join(format!("mag-bert-kl-seed{seed}/metrics.json")));
        metrics["test"]["mae"].as_f64().unwrap()
    };
    let (mean, difference) = ((mae(0) + mae(1)) / 2.0, (mae(0) - mae(1)).abs());
    let expected = format!("{mean:.3} ± {:.3}", difference / 2f64.sqrt());
    let row = stdout(&first);
    let row = row
        .lines()
        .find(|line| line.starts_with("mag-bert   kl"))
        .unwrap_or_else(|| panic!("{row}"));
    assert!(row.contains(&expected), "{expected} is not in {row}");
    let markdown = fs::read_to_string(out.join("table.md")).unwrap();
    assert!(markdown.contains(&expected) && markdown.contains("majority class"));
    assert!(!markdown.contains("As published"), "{markdown}");
    assert!(out.join("table.parquet").is_file());

    // A killed cell is redone, the others are not touched.
    let changed = |cell: &str| {
        let path = out.join(cell).join("metrics.json");
        fs::metadata(path).unwrap().modified().unwrap()
    };
    let kept = changed("ef-lstm-none-seed0");
    fs::remove_file(out.join("mag-bert-kl-seed1/metrics.json")).unwrap();
    let second = table(&out, &["--json"]);
    succeeds(&second);
    assert!(stderr(&second).contains("7 of 8"), "{}", stderr(&second));
    assert_eq!(kept, changed("ef-lstm-none-seed0"));
    let report: Value = serde_json::from_str(stdout(&second).trim()).unwrap();
    let cells = report["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 8);
    let redone = cells.iter().find(|c| c["folder"] == "mag-bert-kl-seed1");
    // The same seed again: the same numbers.
    assert_eq!(redone.unwrap()["test"][3].as_f64().unwrap(), mae(1));

    // Other settings do not mix with these cells.
    let other = table(&out, &["--set", "train.learning_rate=0.1"]);
    fails(&other, 1, &["train.learning_rate", "another config"]);
}

#[test]
fn a_cell_that_fails_is_told_and_the_others_run() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("table");
    let args = ["--seeds", "1", "--set", "penalty.lambda=1e300"];
    let output = table(&out, &args);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("ef-lstm-kl-seed0 FAILED"), "{text}");
    assert!(out.join("ef-lstm-none-seed0/metrics.json").is_file());
    let markdown = fs::read_to_string(out.join("table.md")).unwrap();
    assert!(markdown.contains("Failed cells"), "{markdown}");
}

#[test]
fn wrong_names_are_usage_errors() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("table");
    let out = out.to_str().unwrap();
    let run = |args: &[&str]| mdm([&["reproduce", "table1", "--out", out], args].concat());
    fails(&run(&["--models", "mnf"]), 2, &["mnf", "mfn"]);
    fails(
        &run(&["--measures", "entropy"]),
        2,
        &["entropy", "none, kl"],
    );
    let task = ["--set", "train.task=classes-7"];
    fails(&run(&task), 2, &["classes-7"]);
    assert!(!Path::new(out).exists());
}
