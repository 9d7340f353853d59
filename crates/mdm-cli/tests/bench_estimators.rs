//! `mdm bench-estimators` with settings that say nothing about the estimators and take a moment.

mod common;

use std::fs::{self, File};
use std::path::Path;
use std::process::Output;

use common::{fails, mdm, stderr, stdout, succeeds};
use polars::prelude::{ParquetReader, SerReader};

fn bench(out: &Path, args: &[&str]) -> Output {
    let tiny = [
        "bench-estimators",
        "--samples",
        "100",
        "--max-steps",
        "25",
        "--out",
    ];
    mdm([&tiny[..], &[out.to_str().unwrap()], args].concat())
}

#[test]
fn tables_are_written_and_finished_fits_kept() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("estimators");
    let chosen = [
        "--tasks",
        "equicorrelated_rho_0.5",
        "--tasks",
        "gaussian_pair_rho_0.5",
    ];
    let measures =
        |names: &'static str| [&chosen[..], &["--measures", names, "--seeds", "1"]].concat();

    let first = bench(&out, &measures("kl,f-jensen-shannon"));
    succeeds(&first);
    assert!(
        stdout(&first).contains("equicorrelated_rho_0.5"),
        "{}",
        stdout(&first)
    );
    assert!(stderr(&first).contains("2/2"), "{}", stderr(&first));
    let cells = fs::read_to_string(out.join("cells.jsonl")).unwrap();

    // The last line was cut short: its fit is made again, the other is not, and one more is asked for.
    fs::write(out.join("cells.jsonl"), &cells[..cells.len() - 20]).unwrap();
    let second = bench(
        &out,
        &[
            &measures("kl,kl-network-alone,f-jensen-shannon")[..],
            &["--json"],
        ]
        .concat(),
    );
    succeeds(&second);
    assert!(
        stderr(&second).contains("1 of 3 fits are kept"),
        "{}",
        stderr(&second)
    );
    let now = fs::read_to_string(out.join("cells.jsonl")).unwrap();
    let line = |text: &str| text.lines().next().unwrap().to_owned();
    assert_eq!(line(&now), line(&cells));
    assert_eq!(now.lines().count(), 3);

    let json: serde_json::Value = serde_json::from_str(stdout(&second).trim()).unwrap();
    let scores = json["scores"].as_array().unwrap();
    assert_eq!(scores.len(), 3);
    let truth = scores[0]["truth"].as_f64().unwrap();
    assert!((truth - 0.3466).abs() < 1e-4, "{truth}");
    assert!(
        scores.iter().all(|score| score["mean"].is_number()),
        "{json}"
    );

    let markdown = fs::read_to_string(out.join("estimators.md")).unwrap();
    for text in [
        "## Summary",
        "kl, network alone",
        "| `equicorrelated_rho_0.5` | 0.3466 |",
    ] {
        assert!(markdown.contains(text), "{text}: {markdown}");
    }
    let file = File::open(out.join("estimators.parquet")).unwrap();
    let table = ParquetReader::new(file).finish().unwrap();
    assert_eq!(table.height(), 3);
    let estimates = table.column("estimate").unwrap().f64().unwrap();
    assert_eq!(estimates.null_count(), 0);

    // The same fits under other settings would be others.
    let other = bench(&out, &["--samples", "101"]);
    fails(&other, 2, &["samples is 100 there and 101 here", "--out"]);
    assert_eq!(fs::read_to_string(out.join("cells.jsonl")).unwrap(), now);
}

#[test]
fn wrong_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("estimators");
    fails(
        &bench(&out, &["--tasks", "nothing"]),
        2,
        &["`nothing`", "dense_0.5_2x2"],
    );
    fails(
        &bench(&out, &["--measures", "entropy"]),
        2,
        &["`entropy`", "kl-network-alone"],
    );
    let nothing = ["--tasks", "dense", "--measures", "wasserstein"];
    fails(&bench(&out, &nothing), 2, &["known truth"]);
    fails(&bench(&out, &["--backend", "gpu9000"]), 2, &["gpu9000"]);
    assert!(!out.exists());

    fs::create_dir(&out).unwrap();
    fs::write(out.join("thesis.tex"), "").unwrap();
    fails(&bench(&out, &[]), 2, &["not empty"]);
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
}
