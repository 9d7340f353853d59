//! `mdm reproduce fig1` with settings that show nothing and take a moment.

mod common;

use std::fs::{self, File};
use std::path::Path;
use std::process::Output;

use common::{fails, mdm, stderr, stdout, succeeds};
use polars::prelude::{ParquetReader, SerReader};

fn fig1(out: &Path, args: &[&str]) -> Output {
    let tiny = [
        "reproduce",
        "fig1",
        "--samples",
        "100",
        "--max-steps",
        "25",
        "--out",
    ];
    mdm([&tiny[..], &[out.to_str().unwrap()], args].concat())
}

#[test]
fn a_figure_is_drawn_and_goes_on_where_it_was_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("fig1");
    let first = fig1(&out, &["--points", "2", "--seeds", "1"]);
    succeeds(&first);
    assert!(stderr(&first).contains("6/6"), "{}", stderr(&first));
    let rows: Vec<String> = stdout(&first).lines().map(str::to_owned).collect();
    assert_eq!(rows.len(), 3);
    // −ln(1 − 0.95²) for two components
    assert!(
        rows[1].contains("-0.950") && rows[1].contains("2.3279"),
        "{rows:?}"
    );

    let cells = fs::read_to_string(out.join("cells.jsonl")).unwrap();
    let second = fig1(&out, &["--points", "3", "--seeds", "1", "--json"]);
    succeeds(&second);
    assert!(
        stderr(&second).contains("6 of 9 fits are kept"),
        "{}",
        stderr(&second)
    );
    let now = fs::read_to_string(out.join("cells.jsonl")).unwrap();
    assert!(now.starts_with(&cells) && now.lines().count() == 9);
    let json: serde_json::Value = serde_json::from_str(stdout(&second).trim()).unwrap();
    assert_eq!(json["points"].as_array().unwrap().len(), 9);

    let svg = fs::read_to_string(out.join("fig1.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    assert!(svg.contains("wasserstein") && svg.contains("(nats)"));
    let png = fs::read(out.join("fig1.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    let file = File::open(out.join("fig1.parquet")).unwrap();
    let table = ParquetReader::new(file).finish().unwrap();
    assert_eq!(table.height(), 9);
    for name in [
        "rho",
        "measure",
        "seed",
        "truth_lower",
        "truth_upper",
        "estimate",
        "seconds",
    ] {
        assert_eq!(table.column(name).unwrap().null_count(), 0, "{name}");
    }

    fails(
        &fig1(&out, &["--dim", "3"]),
        2,
        &["dim is 2 there and 3 here", "--out"],
    );
}

#[test]
fn wrong_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("fig1");
    fails(
        &fig1(&out, &["--max-rho", "1"]),
        2,
        &["--max-rho", "below 1"],
    );
    fails(&fig1(&out, &["--max-rho", "NaN"]), 2, &["--max-rho"]);
    fails(&fig1(&out, &["--backend", "gpu9000"]), 2, &["gpu9000"]);
    for args in [
        ["--points", "1"],
        ["--dim", "0"],
        ["--seeds", "0"],
        ["--samples", "10"],
    ] {
        assert_eq!(fig1(&out, &args).status.code(), Some(2), "{args:?}");
    }
    assert_eq!(mdm(["reproduce", "fig9"]).status.code(), Some(2));
    assert!(!out.exists());
}
