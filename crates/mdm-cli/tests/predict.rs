//! `mdm predict`, and run folders that need nothing outside them.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{corpus, data_dir, fails, mdm, stderr, stdout, succeeds, train, write_store};
use mdm_data::corpus::{Corpus, Modality, Split};
use mdm_data::layout::Layout;
use mdm_data::synthetic::{SyntheticConfig, generate};
use polars::prelude::{ParquetReader, SerReader};
use serde_json::Value;

/// The synthetic corpus of `common::TINY`, as a store that is no part of a run.
fn synthetic_store(folder: &Path, emotions: bool) -> PathBuf {
    let config = SyntheticConfig {
        train: 40,
        valid: 16,
        test: 16,
        emotions,
        ..SyntheticConfig::default()
    };
    let store = folder.join("synthetic-store");
    write_store(&generate(&config).unwrap().corpus, &store);
    store
}

fn trained(folder: &Path, args: &[&str]) -> String {
    let out = folder.join("run").display().to_string();
    succeeds(&train(&[&["--out", &out], args].concat()));
    out
}

fn metrics(run: &str) -> Value {
    let text = fs::read(Path::new(run).join("metrics.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// The rows of a CSV by column.
type Rows = Vec<BTreeMap<String, String>>;

fn rows(csv: &str) -> Rows {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows: Result<Rows, _> = reader.deserialize().collect();
    rows.unwrap()
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    f64::from(row[column].parse::<f32>().unwrap())
}

/// The mean absolute error of the rows of a split.
fn mae(rows: &Rows, split: &str) -> (usize, f64) {
    let errors = rows.iter().filter(|row| row["split"] == split);
    let errors = errors.map(|row| (number(row, "prediction") - number(row, "label")).abs());
    let errors: Vec<f64> = errors.collect();
    (
        errors.len(),
        errors.iter().sum::<f64>() / errors.len() as f64,
    )
}

#[track_caller]
fn near(found: f64, expected: &Value) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() < 1e-12, "{found} {expected}");
}

#[test]
fn predictions_of_the_runs_own_splits_have_its_metrics() {
    let folder = tempfile::tempdir().unwrap();
    let run = trained(folder.path(), &[]);
    let store = synthetic_store(folder.path(), false);
    let output = mdm(["predict", &run, "--input", store.to_str().unwrap()]);
    succeeds(&output);
    let printed = stdout(&output);
    let rows = rows(&printed);
    assert_eq!(
        printed.lines().next(),
        Some("id,split,words,prediction,label,score")
    );
    let recorded = metrics(&run);
    for (split, n) in [("valid", 16), ("test", 16)] {
        let (found, mae) = mae(&rows, split);
        assert_eq!(found, n);
        near(mae, &recorded[split]["mae"]);
    }
    // In the order of the input.
    let input = mdm_data::store::read(&store).unwrap().0;
    let ids: Vec<&str> = input.utterances().map(|(_, u)| u.id.as_str()).collect();
    let found: Vec<&str> = rows.iter().map(|row| row["id"].as_str()).collect();
    assert_eq!(found, ids);
    // A sigmoid stands at the end of the critic.
    let scores: Vec<f64> = rows.iter().map(|row| number(row, "score")).collect();
    assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)));
    assert!(scores.iter().any(|score| score != &scores[0]));

    // The preparation is that of the run, whatever the input is: fewer utterances, the same numbers.
    let mut few = input.clone();
    few.train.clear();
    few.valid.clear();
    let few_store = folder.path().join("few");
    write_store(&few, &few_store);
    let output = mdm(["predict", &run, "--input", few_store.to_str().unwrap()]);
    succeeds(&output);
    assert_eq!(self::rows(&stdout(&output)), rows[56..]);
}

#[test]
fn the_forms_hold_the_same_and_files_are_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let run = trained(folder.path(), &[]);
    let store = synthetic_store(folder.path(), false);
    let predict = |args: &[&str]| {
        let input = ["predict", &run, "--input", store.to_str().unwrap()];
        mdm([&input, args].concat())
    };
    let csv = predict(&["--split", "test"]);
    succeeds(&csv);
    let rows = rows(&stdout(&csv));
    assert_eq!(rows.len(), 16);
    let file = |name: &str| folder.path().join(name).display().to_string();

    let csv_file = file("p.csv");
    let written = predict(&["--split", "test", "--output", &csv_file]);
    succeeds(&written);
    assert_eq!(stdout(&written), "");
    assert_eq!(fs::read_to_string(&csv_file).unwrap(), stdout(&csv));
    let before = fs::read(&csv_file).unwrap();
    fails(
        &predict(&["--output", &csv_file]),
        1,
        &["p.csv", "--overwrite"],
    );
    assert_eq!(fs::read(&csv_file).unwrap(), before);
    succeeds(&predict(&["--output", &csv_file, "--overwrite"]));
    assert!(fs::read(&csv_file).unwrap().len() > before.len());

    let check = |objects: &[Value]| {
        assert_eq!(objects.len(), rows.len());
        for (object, row) in objects.iter().zip(&rows) {
            assert_eq!(object["id"], row["id"]);
            for column in ["prediction", "label", "score"] {
                let found = object[column].as_f64().unwrap() as f32;
                assert_eq!(found, row[column].parse::<f32>().unwrap(), "{column}");
            }
        }
    };
    let lines = predict(&["--split", "test", "--format", "jsonl"]);
    succeeds(&lines);
    let lines: Vec<Value> = stdout(&lines)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    check(&lines);

    let json = predict(&["--split", "test", "--json"]);
    succeeds(&json);
    let object: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(
        (&object["utterances"], &object["cut"]),
        (&16.into(), &0.into())
    );
    assert!(object["words"].is_null() && object["output"].is_null());
    check(object["predictions"].as_array().unwrap());

    let parquet = file("p.parquet");
    let json = predict(&["--split", "test", "--output", &parquet, "--json"]);
    succeeds(&json);
    let object: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(object["output"], parquet);
    assert!(object.get("predictions").is_none());
    let table = fs::File::open(&parquet).unwrap();
    let table = ParquetReader::new(table).finish().unwrap();
    let columns: Vec<Value> = object["columns"].as_array().unwrap().clone();
    let names: Vec<Value> = table
        .get_column_names()
        .iter()
        .map(|name| name.as_str().into())
        .collect();
    assert_eq!(names, columns);
    let predictions = table.column("prediction").unwrap().f32().unwrap();
    for (found, row) in predictions.iter().zip(&rows) {
        assert_eq!(found, row["prediction"].parse().ok());
    }

    fails(&predict(&["--format", "parquet"]), 2, &["--output"]);
    fails(
        &predict(&["--output", &file("p.txt")]),
        2,
        &["p.txt", "csv, jsonl or parquet"],
    );
    assert!(!Path::new(&file("p.txt")).exists());
}

#[test]
fn classes_and_emotions_have_their_probabilities_and_no_critic_no_score() {
    let folder = tempfile::tempdir().unwrap();
    let store = synthetic_store(folder.path(), true);
    for (task, answers) in [("classes-7", 7), ("emotions", 6)] {
        let folder = tempfile::tempdir().unwrap();
        let task_setting = format!("train.task={task}");
        let args = [
            "--set",
            &task_setting,
            "--set",
            "data.synthetic.emotions=true",
            "--measure",
            "none",
        ];
        let run = trained(folder.path(), &args);
        let output = mdm(["predict", &run, "--input", store.to_str().unwrap()]);
        succeeds(&output);
        let rows = rows(&stdout(&output));
        assert!(rows.iter().all(|row| !row.contains_key("score")));
        let columns: Vec<&String> = rows[0]
            .keys()
            .filter(|k| k.starts_with("probability_"))
            .collect();
        assert_eq!(columns.len(), answers, "{task}");
        let recorded = metrics(&run);
        let test = || rows.iter().filter(|row| row["split"] == "test");
        if task == "classes-7" {
            let mut right = 0;
            let mut cost = 0.0;
            for row in test() {
                let sum: f64 = columns.iter().map(|column| number(row, column)).sum();
                assert!((sum - 1.0).abs() < 1e-5, "{sum}");
                let truth = number(row, "label").clamp(-3.0, 3.0).round_ties_even();
                let truth = format!("{truth}").replace("-0", "0");
                right += usize::from(row["class"] == truth);
                cost -= number(row, &format!("probability_{truth}")).ln() / 16.0;
            }
            near(right as f64 / 16.0, &recorded["test"]["accuracy"]);
            let expected = recorded["test"]["cross_entropy"].as_f64().unwrap();
            assert!((cost - expected).abs() < 1e-5, "{cost} {expected}");
        } else {
            let mut cost = 0.0;
            for (row, name) in test().flat_map(|row| columns.iter().map(move |name| (row, name))) {
                let probability = number(row, name);
                let truth = number(row, &name.replace("probability", "label"));
                cost -= if truth > 0.0 {
                    probability
                } else {
                    1.0 - probability
                }
                .ln()
                    / 96.0;
            }
            let expected = recorded["test"]["cross_entropy"].as_f64().unwrap();
            assert!((cost - expected).abs() < 1e-5, "{cost} {expected}");
        }
    }
}

/// `mdm` where no corpus is to be found.
fn without_data(args: &[&str], empty: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mdm"));
    command.args(args).env("MDM_DATA_DIR", empty);
    command.output().expect("mdm starts")
}

#[test]
fn a_run_on_words_needs_neither_the_word_vectors_nor_labels() {
    let folder = tempfile::tempdir().unwrap();
    let glove = folder.path().join("glove.txt");
    fs::write(
        &glove,
        "good 0.1 0.2\nbad -1 2e-3\nfilm 0.3 -7\nunused 1 1\n",
    )
    .unwrap();
    let tables = folder.path().join("tables");
    fs::create_dir(&tables).unwrap();
    for split in ["train", "valid", "test"] {
        let lines: String = (0..8)
            .map(|n| {
                format!(
                    "{split}{n}\t{} film odd\t{}\n",
                    ["Good", "bad"][n % 2],
                    n as f32 / 3.0 - 1.0
                )
            })
            .collect();
        fs::write(
            tables.join(format!("{split}.tsv")),
            format!("id\ttext\tlabel\n{lines}"),
        )
        .unwrap();
    }
    let store = folder.path().join("store");
    let store = store.to_str().unwrap();
    let prepare = [
        "data",
        "prepare",
        "--input",
        tables.to_str().unwrap(),
        "--output",
        store,
    ];
    succeeds(&mdm(prepare));
    let vectors = format!("data.word_vectors={}", glove.display());
    let args = ["--dataset", store, "--set", &vectors, "--measure", "none"];
    let run = trained(folder.path(), &args);
    let kept = fs::read_to_string(Path::new(&run).join("word_vectors.txt")).unwrap();
    assert_eq!(kept, "3 2\ngood 0.1 0.2\nbad -1 0.002\nfilm 0.3 -7\n");
    fs::remove_file(&glove).unwrap();

    // The run's own test split, from the transcripts.
    let output = mdm(["predict", &run, "--input", tables.to_str().unwrap()]);
    succeeds(&output);
    assert!(
        stderr(&output).contains("48 of 72 words have a vector; 1 of 4"),
        "{}",
        stderr(&output)
    );
    let labelled = rows(&stdout(&output));
    near(mae(&labelled, "test").1, &metrics(&run)["test"]["mae"]);
    // Evaluation does without the vectors' file too.
    let evaluated = mdm(["evaluate", &run, "--json"]);
    succeeds(&evaluated);
    let evaluated: Value = serde_json::from_slice(&evaluated.stdout).unwrap();
    assert_eq!(evaluated["test"], metrics(&run)["test"]);

    // Without labels, one table by itself; what is too long is cut, and the transcript is whole.
    let new = folder.path().join("new.tsv");
    let long = "film ".repeat(60);
    let text = labelled[16]["words"].clone();
    fs::write(&new, format!("id\ttext\na\t{text}\nb\t{long}\nc\t\n")).unwrap();
    let output = mdm(["predict", &run, "--input", new.to_str().unwrap()]);
    succeeds(&output);
    assert!(
        stderr(&output).contains("1 of 3 utterances are cut to their first 50 steps"),
        "{}",
        stderr(&output)
    );
    let unlabelled = rows(&stdout(&output));
    assert_eq!(unlabelled.len(), 3);
    assert!(!unlabelled[0].contains_key("label"));
    assert_eq!(unlabelled[0]["split"], "test");
    assert_eq!(unlabelled[1]["words"], long.trim());
    let difference = number(&unlabelled[0], "prediction") - number(&labelled[16], "prediction");
    assert!(difference.abs() < 1e-6, "{difference}");
    // Nothing is learned from a table without labels.
    let wanted = [
        "data",
        "prepare",
        "--input",
        new.to_str().unwrap(),
        "--output",
        "never",
    ];
    fails(&mdm(wanted), 1, &["new.tsv", "one table of transcripts"]);
}

fn store_of(folder: &Path, name: &str, change: impl FnOnce(&mut Corpus)) -> String {
    let mut corpus = corpus();
    change(&mut corpus);
    let store = folder.join(name);
    write_store(&corpus, &store);
    store.display().to_string()
}

/// Takes a modality away.
fn remove(corpus: &mut Corpus, modality: Modality) {
    let index = corpus.index_of(modality).unwrap();
    corpus.modalities.remove(index);
    for split in Split::ALL {
        for utterance in corpus.split_mut(split) {
            utterance.features.remove(index);
        }
    }
}

#[test]
fn input_that_does_not_fit_names_modality_and_dims() {
    let folder = tempfile::tempdir().unwrap();
    let small = store_of(folder.path(), "small", |_| {});
    let run = trained(folder.path(), &["--dataset", &small]);
    succeeds(&mdm(["predict", &run, "--input", &small]));
    let predict = |input: &str| mdm(["predict", &run, "--input", input]);

    let synthetic = synthetic_store(folder.path(), false);
    fails(
        &predict(synthetic.to_str().unwrap()),
        1,
        &["language", "expected 3", "found 16"],
    );
    let silent = store_of(folder.path(), "silent", |c| remove(c, Modality::Audio));
    fails(
        &predict(&silent),
        1,
        &["audio", "expected 2", "no such modality"],
    );
    let words = store_of(folder.path(), "words", |c| remove(c, Modality::Language));
    fails(&predict(&words), 1, &["language", "words without vectors"]);
    fails(&predict("nowhere"), 1, &["nowhere"]);
    let no_valid = store_of(folder.path(), "no-valid", |c| c.valid.clear());
    fails(
        &mdm(["predict", &run, "--input", &no_valid, "--split", "valid"]),
        2,
        &["--split valid", "train, test"],
    );
    fails(
        &mdm(["predict", &run, "--input", &small, "--split", "dev"]),
        2,
        &["dev"],
    );
    fails(
        &mdm(["predict", &run, "--input", &small, "--layout", "tsv"]),
        1,
        &["small"],
    );

    // A run without audio does not mind that there is some.
    let folder = tempfile::tempdir().unwrap();
    let silent_run = trained(folder.path(), &["--dataset", &silent]);
    let output = mdm(["predict", &silent_run, "--input", &small]);
    succeeds(&output);
    assert!(
        stderr(&output).contains("audio is left out"),
        "{}",
        stderr(&output)
    );
    assert_eq!(rows(&stdout(&output)).len(), 24);
}

#[test]
fn a_damaged_or_missing_preparation_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let run = trained(folder.path(), &[]);
    let store = synthetic_store(folder.path(), false);
    let predict = || mdm(["predict", &run, "--input", store.to_str().unwrap()]);
    let path = Path::new(&run).join("preparation.json");
    let whole = fs::read_to_string(&path).unwrap();

    fs::write(&path, whole.replacen("\"dim\": 8", "\"dim\": 9", 1)).unwrap();
    fails(
        &predict(),
        1,
        &["preparation.json", "modalities[1].shift", "expected 9"],
    );
    fails(
        &mdm(["evaluate", &run]),
        1,
        &["preparation.json", "modalities[1].shift"],
    );
    fs::write(&path, &whole[..whole.len() - 40]).unwrap();
    fails(&predict(), 1, &["preparation.json", "modalities", "EOF"]);

    // A folder from before there was one: evaluated as ever, and told apart for prediction.
    fs::remove_file(&path).unwrap();
    fails(&predict(), 1, &["no preparation.json"]);
    let output = mdm(["evaluate", &run, "--json"]);
    succeeds(&output);
    let again: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(again["test"], metrics(&run)["test"]);
    fails(
        &mdm([
            "predict",
            store.to_str().unwrap(),
            "--input",
            store.to_str().unwrap(),
        ]),
        1,
        &["config.toml"],
    );
}

#[test]
fn equal_runs_prepare_equally_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let prepared = |name: &str| {
        let out = folder.path().join(name);
        succeeds(&train(&["--out", out.to_str().unwrap()]));
        fs::read(out.join("preparation.json")).unwrap()
    };
    assert!(prepared("a") == prepared("b"));
}

#[test]
fn a_run_on_mosi_predicts_where_there_is_no_corpus() {
    let Some(data) = data_dir() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let config = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../configs/mosi/ef_lstm_kl.toml"
    );
    let run = folder.path().join("run").display().to_string();
    let settings = [
        "--set",
        "penalty.unroll=1",
        "--set",
        "model.ef_lstm.hidden=8",
    ];
    let arguments = ["train", "--config", config, "--epochs", "1", "--out", &run];
    succeeds(&mdm([&arguments[..], &settings].concat()));

    let input = data.join("mosi/mosi_mag_layout.pkl");
    let arguments = ["predict", &run, "--input", input.to_str().unwrap()];
    let output = without_data(&arguments, &empty);
    succeeds(&output);
    assert!(stderr(&output).contains("layout mag, from its content"));
    assert!(
        stderr(&output).contains("words have a vector"),
        "{}",
        stderr(&output)
    );
    let rows = rows(&stdout(&output));
    assert_eq!(rows.len(), 1284 + 229 + 686);
    let recorded = metrics(&run);
    for (split, n) in [("valid", 229), ("test", 686)] {
        let (found, mae) = mae(&rows, split);
        assert_eq!(found, n);
        near(mae, &recorded[split]["mae"]);
    }

    // Transcripts alone, for a model of words alone.
    let tables = folder.path().join("tables");
    fs::create_dir(&tables).unwrap();
    for split in ["train", "valid", "test"] {
        let name = format!("{split}.tsv");
        fs::copy(data.join("mosi").join(&name), tables.join(&name)).unwrap();
    }
    let store = folder.path().join("text").display().to_string();
    succeeds(&mdm([
        "data",
        "prepare",
        "--input",
        tables.to_str().unwrap(),
        "--output",
        &store,
    ]));
    let vectors = data.join("glove/glove.6B.50d.mosi_mosei.txt");
    let vectors = format!("data.word_vectors={}", vectors.display());
    let run = folder.path().join("text-run").display().to_string();
    let arguments = [
        "train",
        "--dataset",
        &store,
        "--set",
        &vectors,
        "--measure",
        "none",
    ];
    let more = [
        "--epochs",
        "1",
        "--set",
        "model.ef_lstm.hidden=8",
        "--out",
        &run,
    ];
    succeeds(&mdm([&arguments[..], &more].concat()));
    fs::remove_dir_all(&store).unwrap();
    let test = data.join("mosi/test.tsv");
    let arguments = ["predict", &run, "--input", test.to_str().unwrap()];
    let output = without_data(&arguments, &empty);
    succeeds(&output);
    let rows = self::rows(&stdout(&output));
    let (n, mae) = mae(&rows, "test");
    assert_eq!(n, 686);
    near(mae, &metrics(&run)["test"]["mae"]);
    assert!(!rows[0].contains_key("score"));
}

#[test]
fn a_numpy_archive_gives_the_predictions_of_its_store() {
    let folder = tempfile::tempdir().unwrap();
    let small = store_of(folder.path(), "small", |_| {});
    let run = trained(folder.path(), &["--dataset", &small]);
    let exported = folder.path().join("small.npz").display().to_string();
    succeeds(&mdm([
        "data", "export", &small, "--format", "npz", "--output", &exported,
    ]));
    let predict = |args: &[&str]| {
        let output = mdm([&["predict", &run, "--input"], args].concat());
        succeeds(&output);
        rows(&stdout(&output))
    };
    let from_store = predict(&[&small]);
    assert_eq!(predict(&[&exported]), from_store);
    assert_eq!(
        predict(&[&exported, "--layout", Layout::Npz.name()]),
        from_store
    );
}
