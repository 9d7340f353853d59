//! Wrong inputs: exit code 1 (failure) or 2 (bad usage), one clear message, nothing half-written.

mod common;

use std::fs;
use std::path::Path;

use common::{corpus, fails, mdm, train, write_store};

fn out(folder: &Path) -> String {
    folder.join("out").to_str().unwrap().to_owned()
}

/// Nothing was left in the folder but what the test put there.
#[track_caller]
fn holds_only(folder: &Path, expected: &[&str]) {
    let mut found: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, expected);
}

fn prepare(layout: &str, input: &Path, output: &str) -> std::process::Output {
    let input = input.to_str().unwrap();
    mdm([
        "data", "prepare", "--layout", layout, "--input", input, "--output", output,
    ])
}

#[test]
fn unknown_names() {
    let folder = tempfile::tempdir().unwrap();
    let out = out(folder.path());
    let run = |args: &[&str]| train(&[&["--out", &out], args].concat());
    fails(&run(&["--backend", "gpu9000"]), 2, &["gpu9000", "flex"]);
    fails(
        &run(&["--model", "tfn9"]),
        2,
        &["tfn9", "ef-lstm", "late-lstm"],
    );
    fails(
        &run(&["--measure", "entropy"]),
        2,
        &["entropy", "none", "kl"],
    );
    fails(
        &run(&["--dataset", "no/such/folder"]),
        2,
        &["no/such/folder", "synthetic", "mosi"],
    );
    fails(
        &run(&["--preset", "mine"]),
        2,
        &["mine", "paper", "official"],
    );
    fails(
        &run(&["--set", "penalty.lamda=1"]),
        2,
        &["penalty.lamda", "penalty.lambda"],
    );
    fails(&run(&["--epochs", "0"]), 2, &["train.epochs", "at least 1"]);
    fails(&run(&["--lambda", "-1"]), 2, &["lambda"]);
    fails(
        &run(&[
            "--set",
            "model.late_lstm.hidden=[4, 4]",
            "--model",
            "late-lstm",
        ]),
        2,
        &["3 modalities", "found 2"],
    );
    fails(
        &prepare("dat", Path::new("x.pkl"), &out),
        2,
        &["dat", "mag", "mult", "mmsa"],
    );
    holds_only(folder.path(), &[]);
}

#[test]
fn a_config_with_an_unknown_key_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("my.toml");
    fs::write(&config, "seed = 3\n\n[train]\nepoch = 4\n").unwrap();
    let output = train(&[
        "--config",
        config.to_str().unwrap(),
        "--out",
        &out(folder.path()),
    ]);
    fails(
        &output,
        2,
        &["my.toml, line 4", "`train.epoch`", "`train.epochs`"],
    );
    holds_only(folder.path(), &["my.toml"]);
}

#[test]
fn missing_files() {
    let folder = tempfile::tempdir().unwrap();
    let out = out(folder.path());
    fails(
        &train(&["--config", "no.toml", "--out", &out]),
        2,
        &["no.toml"],
    );
    fails(&mdm(["evaluate", &out]), 1, &["run folder"]);
    fails(&mdm(["data", "inspect", &out]), 1, &[&out]);
    fails(&prepare("mag", Path::new("no.pkl"), &out), 1, &["no.pkl"]);
    holds_only(folder.path(), &[]);
}

#[test]
fn hostile_and_truncated_pickles() {
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join("marker");
    let hostile = folder.path().join("hostile.pkl");
    let call = format!("cos\nsystem\n(S'touch {}'\ntR.", marker.display());
    fs::write(&hostile, call).unwrap();
    let truncated = folder.path().join("truncated.pkl");
    fs::write(
        &truncated,
        b"\x80\x04\x95\x20\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x05tra",
    )
    .unwrap();
    let out = out(folder.path());
    for layout in ["mag", "mult", "mmsa"] {
        fails(
            &prepare(layout, &hostile, &out),
            1,
            &["hostile.pkl", "os", "system"],
        );
        fails(&prepare(layout, &truncated, &out), 1, &["truncated.pkl"]);
    }
    assert!(!marker.exists(), "the pickle was obeyed");
    holds_only(folder.path(), &["hostile.pkl", "truncated.pkl"]);
}

#[test]
fn sources_whose_layout_cannot_be_told() {
    let folder = tempfile::tempdir().unwrap();
    let out = out(folder.path());
    let input = folder.path().join("notes.pkl");
    fs::write(&input, "these are notes").unwrap();
    let input = input.to_str().unwrap();
    let parts = ["notes.pkl", "mag, misa, mult", "begins with these are"];
    let prepare = ["data", "prepare", "--input", input, "--output", &out];
    fails(&mdm(prepare), 1, &parts);
    fails(&mdm(["data", "inspect", input]), 1, &parts);
    holds_only(folder.path(), &["notes.pkl"]);
}

#[test]
fn damaged_stores() {
    let folder = tempfile::tempdir().unwrap();
    let out = out(folder.path());
    let store = folder.path().join("store");
    let train_on = |store: &Path| train(&["--dataset", store.to_str().unwrap(), "--out", &out]);

    // Dimensions that are not those of the features.
    write_store(&corpus(), &store);
    let manifest = store.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    assert!(text.contains("\"dim\": 3"), "{text}");
    fs::write(&manifest, text.replace("\"dim\": 3", "\"dim\": 5")).unwrap();
    fails(&train_on(&store), 1, &["language", "5", "3"]);
    fs::remove_dir_all(&store).unwrap();

    // NaN, which a store must not hold.
    let mut with_nan = corpus();
    with_nan.train[2].features[1].data_mut()[0] = f32::NAN;
    write_store(&with_nan, &store);
    fails(&train_on(&store), 1, &["finite", "audio"]);
    fs::remove_dir_all(&store).unwrap();

    // A split without utterances.
    let mut without_valid = corpus();
    without_valid.valid.clear();
    write_store(&without_valid, &store);
    fails(&train_on(&store), 1, &["valid", "0 utterances"]);

    holds_only(folder.path(), &["store"]);
}

#[test]
fn a_loss_that_is_not_finite_names_step_and_term() {
    let folder = tempfile::tempdir().unwrap();
    let out = out(folder.path());
    let output = train(&["--set", "train.learning_rate=1e30", "--out", &out]);
    fails(&output, 1, &["epoch 1, step 2", "task loss"]);
    holds_only(folder.path(), &[]);
}

#[test]
fn output_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "not a folder").unwrap();
    let below = file.join("run");
    fails(
        &train(&["--out", below.to_str().unwrap()]),
        1,
        &[below.to_str().unwrap()],
    );
    fails(
        &train(&["--out", file.to_str().unwrap()]),
        1,
        &[file.to_str().unwrap()],
    );

    let taken = folder.path().join("taken");
    fs::create_dir(&taken).unwrap();
    fs::write(taken.join("metrics.json"), "{}").unwrap();
    fails(
        &train(&["--out", taken.to_str().unwrap()]),
        1,
        &["already holds"],
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "not a folder");
    holds_only(&taken, &["metrics.json"]);
    holds_only(folder.path(), &["file", "taken"]);
}

#[test]
fn weights_of_another_model() {
    let folder = tempfile::tempdir().unwrap();
    let out = out(folder.path());
    common::succeeds(&train(&["--out", &out]));
    let config = Path::new(&out).join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("hidden = 8", "hidden = 9")).unwrap();
    fails(&mdm(["evaluate", &out]), 1, &["best.safetensors"]);
}
