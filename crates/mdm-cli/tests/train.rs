//! `mdm train` and `mdm evaluate` on data that every machine has.

mod common;

use std::fs;
use std::path::Path;

use common::{corpus, stdout, succeeds, train, write_store};
use polars::prelude::{ParquetReader, SerReader};
use serde_json::Value;

const MODELS: [&str; 7] = [
    "ef-lstm",
    "late-lstm",
    "tfn",
    "lfn",
    "mfn",
    "mag-bert",
    "mag-xlnet",
];

fn metrics(run: &Path) -> Value {
    serde_json::from_slice(&fs::read(run.join("metrics.json")).unwrap()).unwrap()
}

#[test]
fn a_run_folder_holds_everything_and_the_table_the_baselines() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let output = train(&["--out", out.to_str().unwrap()]);
    succeeds(&output);
    let table = stdout(&output);
    for row in [
        "MAE",
        "ef-lstm kl",
        "majority class",
        "train mean",
        "train median",
        "dependency",
    ] {
        assert!(table.contains(row), "{row} is not in\n{table}");
    }
    for file in [
        "config.toml",
        "metrics.json",
        "history.parquet",
        "best.safetensors",
        "run.json",
    ] {
        assert!(out.join(file).is_file(), "{file}");
    }
    let metrics = metrics(&out);
    for split in ["valid", "test"] {
        for name in [
            "mae",
            "corr",
            "acc7",
            "acc5",
            "acc2_has0",
            "acc2_non0",
            "f1_has0",
            "f1_non0",
        ] {
            assert!(!metrics[split][name].is_null(), "{split}.{name}");
        }
    }
    assert!(metrics["baselines"]["majority"]["acc2_has0"].is_number());
    assert!(metrics["dependency"]["test"].is_number());
    let text = fs::read_to_string(out.join("metrics.json")).unwrap();
    assert!(!text.contains(folder.path().to_str().unwrap()) && !text.contains("seconds"));
}

#[test]
fn the_same_seed_twice_is_the_same_to_the_bit_and_another_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, seed: &str| {
        let out = folder.path().join(name);
        succeeds(&train(&["--out", out.to_str().unwrap(), "--seed", seed]));
        let read = |file| fs::read(out.join(file)).unwrap();
        (read("metrics.json"), read("best.safetensors"))
    };
    let first = run("a", "5");
    assert!(first == run("b", "5"), "two equal runs differ");
    assert!(first.0 != run("c", "6").0);
}

#[test]
fn every_measure_trains_every_model() {
    let folder = tempfile::tempdir().unwrap();
    for model in MODELS {
        for measure in [
            "none",
            "kl",
            "f",
            "wasserstein",
            "wasserstein-paper-literal",
            "f-pearson-chi2",
        ] {
            let out = folder.path().join(format!("{model}-{measure}"));
            let args = [
                "--out",
                out.to_str().unwrap(),
                "--model",
                model,
                "--measure",
                measure,
            ];
            succeeds(&train(&args));
            let metrics = metrics(&out);
            assert!(metrics["test"]["mae"].is_number());
            assert_eq!(metrics["dependency"]["test"].is_null(), measure == "none");
        }
    }
}

#[test]
fn every_model_learns_under_every_measure_of_the_paper() {
    let folder = tempfile::tempdir().unwrap();
    for model in MODELS {
        for measure in ["none", "kl", "f", "wasserstein"] {
            let out = folder.path().join(format!("{model}-{measure}"));
            let args = [
                "--out",
                out.to_str().unwrap(),
                "--model",
                model,
                "--measure",
                measure,
                "--epochs",
                "6",
                "--set",
                "train.learning_rate=0.003",
            ];
            succeeds(&train(&args));
            let file = fs::File::open(out.join("history.parquet")).unwrap();
            let history = ParquetReader::new(file).finish().unwrap();
            let losses = history.column("train_task").unwrap().f64().unwrap();
            let losses: Vec<f64> = losses.into_no_null_iter().collect();
            let (first, last) = (losses[0], losses[losses.len() - 1]);
            assert!(last < 0.95 * first, "{model} {measure}: {losses:?}");
        }
    }
}

#[test]
fn lipschitz_constraints_shuffles_and_presets_train() {
    let folder = tempfile::tempdir().unwrap();
    let variants: [&[&str]; 5] = [
        &[
            "--measure",
            "wasserstein",
            "--set",
            "penalty.lipschitz=weight-clipping",
        ],
        &[
            "--measure",
            "wasserstein",
            "--set",
            "penalty.lipschitz=spectral-norm",
        ],
        &[
            "--set",
            "penalty.shuffle=uniform",
            "--set",
            "penalty.critic_output=identity",
        ],
        &["--preset", "paper"],
        &["--preset", "official", "--set", "train.loss=mse"],
    ];
    for (number, variant) in variants.into_iter().enumerate() {
        let out = folder.path().join(number.to_string());
        succeeds(&train(
            &[&["--out", out.to_str().unwrap()], variant].concat(),
        ));
    }
}

#[test]
fn evaluate_repeats_the_numbers_of_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    succeeds(&train(&["--out", out.to_str().unwrap()]));
    let output = common::mdm(["evaluate", out.to_str().unwrap(), "--json"]);
    succeeds(&output);
    let again: Value = serde_json::from_slice(&output.stdout).unwrap();
    let recorded = metrics(&out);
    for part in ["valid", "test", "baselines"] {
        assert_eq!(again[part], recorded[part], "{part}");
    }
}

#[test]
fn json_is_all_there_is_on_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let output = train(&["--out", out.to_str().unwrap(), "--json"]);
    succeeds(&output);
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed, metrics(&out));
}

#[test]
fn a_prepared_store_is_a_dataset() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    write_store(&corpus(), &store);
    let out = folder.path().join("run");
    let args = [
        "--dataset",
        store.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ];
    succeeds(&train(&args));
    let output = common::mdm(["data", "inspect", store.to_str().unwrap()]);
    succeeds(&output);
    assert!(stdout(&output).contains("12"), "{}", stdout(&output));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    write_store(&corpus(), &store);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_mdm"))
        .args(["data", "inspect", store.to_str().unwrap()])
        .stdout(writer)
        .output()
        .unwrap();
    succeeds(&output);
    assert_eq!(common::stderr(&output), "");
}
