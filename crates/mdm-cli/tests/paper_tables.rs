//! `mdm reproduce table1` and `table2` with settings that show nothing and take seconds.

mod common;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime};

use common::{corpus, fails, mdm, stderr, stdout, succeeds, write_store};
use polars::prelude::{DataFrame, ParquetReader, SerReader};
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
    assert_eq!(redone.unwrap()["test"]["mae"].as_f64().unwrap(), mae(1));

    // Other settings do not mix with these cells.
    let other = table(&out, &["--set", "train.learning_rate=0.1"]);
    fails(&other, 2, &["train.learning_rate", "another config"]);
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
    assert!(text.contains("ef-lstm    kl                                failed"));
    assert!(out.join("ef-lstm-none-seed0/metrics.json").is_file());
    let markdown = fs::read_to_string(out.join("table.md")).unwrap();
    assert!(markdown.contains("Failed cells"), "{markdown}");
    assert!(markdown.contains("2 of 4 cells are finished"), "{markdown}");
    assert!(markdown.contains("| ef-lstm | `kl` | 0, 1 failed | failed |"));
    let rows = parquet(&out);
    assert_eq!(rows.height(), 4);
    for name in ["test_mae", "valid_corr", "seconds"] {
        assert_eq!(rows.column(name).unwrap().null_count(), 2, "{name}");
    }
    assert_eq!(rows.column("failure").unwrap().null_count(), 2);
    // A failed cell is tried again, and for programs it is a cell like the others.
    let again = table(&out, &[&args[..], &["--json"]].concat());
    assert_eq!(again.status.code(), Some(1));
    let report: Value = serde_json::from_str(stdout(&again).trim()).unwrap();
    let failures = report["cells"].as_array().unwrap().iter();
    let failures: Vec<&Value> = failures
        .filter(|cell| cell["failure"].is_string())
        .collect();
    assert_eq!(failures.len(), 2);
    assert!(failures.iter().all(|cell| cell["measure"] == "kl"));
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
    // Twice the same model is not twice as many seeds.
    fails(&run(&["--models", "mfn,mfn"]), 2, &["--models", "twice"]);
    fails(&run(&["--measures", "kl,none,kl"]), 2, &["kl", "twice"]);
    // What tells cells apart is not for --set: a folder would not hold what its name says.
    for (setting, option) in [
        ("seed=7", "--seeds"),
        ("model.name=tfn", "--models"),
        ("penalty.measure=none", "--measures"),
        ("data.dataset=mosi", "--dataset"),
    ] {
        fails(&run(&["--set", setting]), 2, &[setting, option]);
    }
    fails(
        &run(&["--configs", "no/such/folder"]),
        2,
        &["no/such/folder"],
    );
    fails(
        &run(&["--dataset", "nowhere"]),
        2,
        &["nowhere", "synthetic"],
    );
    fails(&run(&["--backend", "gpu9000"]), 2, &["gpu9000"]);
    assert_eq!(run(&["--seeds", "0"]).status.code(), Some(2));
    assert!(!Path::new(out).exists());
}

/// EF-LSTM and Late-LSTM, each with two measures: small models, for tests of what is made of the cells.
fn lstms(out: &Path, args: &[&str]) -> Output {
    let chosen = ["--models", "ef-lstm,late-lstm", "--measures", "none,f"];
    table1(out, &[&chosen[..], args].concat())
}

fn table1(out: &Path, args: &[&str]) -> Output {
    let start = ["reproduce", "table1", "--out", out.to_str().unwrap()];
    mdm([&start[..], TINY, args].concat())
}

fn parquet(out: &Path) -> DataFrame {
    let file = File::open(out.join("table.parquet")).unwrap();
    ParquetReader::new(file).finish().unwrap()
}

/// When each cell's files were written last.
fn written(out: &Path) -> Vec<(String, SystemTime)> {
    let mut all = Vec::new();
    for cell in fs::read_dir(out)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        if cell.is_dir() {
            for file in fs::read_dir(cell).unwrap().map(|entry| entry.unwrap()) {
                let time = file.metadata().unwrap().modified().unwrap();
                all.push((file.path().display().to_string(), time));
            }
        }
    }
    all.sort();
    all
}

/// Mean and deviation (with n − 1).
fn spread(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0)).sqrt())
}

#[test]
fn every_number_follows_from_the_cells_and_nothing_runs_twice() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("table");
    let three = ["--seeds", "3"];
    let first = lstms(&out, &three);
    succeeds(&first);
    let before = written(&out);
    let second = lstms(&out, &three);
    succeeds(&second);
    assert!(stderr(&second).contains("12 of 12"), "{}", stderr(&second));
    assert_eq!(written(&out), before);
    assert_eq!(stdout(&second), stdout(&first));

    let markdown = fs::read_to_string(out.join("table.md")).unwrap();
    assert!(markdown.contains("12 of 12 cells are finished, seeds 0 to 2"));
    let values = |model: &str, measure: &str, name: &str| -> Vec<f64> {
        let value = |seed| {
            let cell = out.join(format!("{model}-{measure}-seed{seed}/metrics.json"));
            json(&cell)["test"][name].as_f64().unwrap()
        };
        (0..3).map(value).collect()
    };
    let columns = [
        ("acc7", 100.0, 1),
        ("acc2_has0", 100.0, 1),
        ("acc2_non0", 100.0, 1),
        ("mae", 1.0, 3),
        ("corr", 1.0, 3),
    ];
    for model in ["ef-lstm", "late-lstm"] {
        for measure in ["none", "f"] {
            let start = format!("| {model} | `{measure}` | 3 |");
            let row = markdown.lines().find(|line| line.starts_with(&start));
            let cells: Vec<&str> = row.unwrap().split('|').map(str::trim).collect();
            for (place, (name, factor, digits)) in columns.into_iter().enumerate() {
                let (mean, deviation) = spread(&values(model, measure, name));
                let (mean, deviation) = (factor * mean, factor * deviation);
                let expected = format!("{mean:.digits$} ± {deviation:.digits$}");
                // Bold is the better of the two, or both where they are equal.
                let other = if measure == "none" { "f" } else { "none" };
                let other = factor * spread(&values(model, other, name)).0;
                let best = if name == "mae" {
                    mean <= other
                } else {
                    mean >= other
                };
                let expected = if best {
                    format!("**{expected}**")
                } else {
                    expected
                };
                assert_eq!(cells[4 + place], expected, "{model} {measure} {name}");
            }
        }
        // Seed by seed, not mean against mean: the error is that of the differences.
        let differences: Vec<f64> = (values(model, "f", "mae").iter())
            .zip(values(model, "none", "mae"))
            .map(|(with, without)| with - without)
            .collect();
        let (mean, deviation) = spread(&differences);
        let expected = format!("MAE {mean:+.3} ± {:.3}", deviation / 3f64.sqrt());
        let start = format!("- {model} `f`: ");
        let line = markdown.lines().find(|line| line.starts_with(&start));
        assert!(line.unwrap().contains(&expected), "{expected}: {line:?}");
    }
    // The majority and the mean stand above all models.
    let majority = json(&out.join("ef-lstm-none-seed0/metrics.json"));
    let majority = majority["baselines"]["majority"]["acc7"].as_f64().unwrap();
    let expected = format!("| majority class | – | – | {:.1} |", 100.0 * majority);
    let place = |text: &str| markdown.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(place(&expected) < place("| mean of training labels"));
    assert!(place("| mean of training labels") < place("| ef-lstm |"));

    let rows = parquet(&out);
    assert_eq!(rows.height(), 12);
    let folders = rows.column("folder").unwrap().str().unwrap().clone();
    for name in ["mae", "acc7_unclipped", "f1_non0", "corr_mag", "n"] {
        for split in ["test", "valid"] {
            let column = rows.column(&format!("{split}_{name}")).unwrap();
            for (folder, value) in folders.iter().zip(column.f64().unwrap().iter()) {
                let metrics = json(&out.join(folder.unwrap()).join("metrics.json"));
                assert_eq!(value, metrics[split][name].as_f64(), "{split} {name}");
            }
        }
    }
    assert_eq!(rows.column("failure").unwrap().null_count(), 12);
}

#[test]
fn a_cell_is_the_run_that_train_makes() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("table");
    let configs = folder.path().join("configs");
    fs::create_dir_all(configs.join("synthetic")).unwrap();
    let text = "[model.ef_lstm]\nhidden = 6\n[train]\nepochs = 9\n";
    fs::write(configs.join("synthetic/ef-lstm.toml"), text).unwrap();
    let configs = configs.to_str().unwrap();
    succeeds(&table1(&out, &["--configs", configs, "--measures", "f"]));

    let cell = out.join("ef-lstm-f-seed1");
    let config = fs::read_to_string(cell.join("config.toml")).unwrap();
    // The folder's settings, with those of --set on top.
    assert!(config.contains("hidden = 6\n") && config.contains("epochs = 2\n"));
    let run = folder.path().join("run");
    let (config, run_name) = (cell.join("config.toml"), run.to_str().unwrap());
    let arguments = ["train", "--config", config.to_str().unwrap()];
    succeeds(&mdm([&arguments[..], &["--out", run_name]].concat()));
    for name in [
        "config.toml",
        "metrics.json",
        "preparation.json",
        "best.safetensors",
    ] {
        let (of_cell, of_run) = (fs::read(cell.join(name)), fs::read(run.join(name)));
        assert!(of_cell.unwrap() == of_run.unwrap(), "{name}");
    }
}

#[test]
fn what_is_damaged_is_redone_and_what_is_not_ours_stays() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("table");
    let one = ["--seeds", "1"];
    let first = lstms(&out, &one);
    succeeds(&first);
    let metrics = out.join("ef-lstm-f-seed0/metrics.json");
    let whole = fs::read(&metrics).unwrap();
    fs::write(&metrics, &whole[..whole.len() / 2]).unwrap();
    fs::remove_file(out.join("late-lstm-f-seed0/best.safetensors")).unwrap();
    fs::write(out.join("late-lstm-none-seed0/run.json"), "").unwrap();
    let before = written(&out);
    let second = lstms(&out, &one);
    succeeds(&second);
    assert!(stderr(&second).contains("1 of 4"), "{}", stderr(&second));
    assert_eq!(stdout(&second), stdout(&first));
    assert_eq!(fs::read(&metrics).unwrap(), whole);
    let kept = |(path, _): &&(String, SystemTime)| path.contains("ef-lstm-none-seed0/");
    let now = written(&out);
    assert!(now.iter().filter(kept).eq(before.iter().filter(kept)));

    // A run from before a setting was there has its default.
    let config = out.join("ef-lstm-none-seed0/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let without = text.replace("length_pool = 0\n", "");
    assert_ne!(without, text);
    fs::write(&config, without).unwrap();
    let third = lstms(&out, &one);
    succeeds(&third);
    assert!(stderr(&third).contains("4 of 4"), "{}", stderr(&third));

    // Another config is refused, and trained on request; it is kept then.
    let other = [&one[..], &["--set", "train.patience=3"]].concat();
    let parts = [
        "train.patience is 6 there and 3 here",
        "--out",
        "--overwrite",
    ];
    fails(&lstms(&out, &other), 2, &parts);
    assert_eq!(fs::read(&metrics).unwrap(), whole);
    let overwrite = [&other[..], &["--overwrite"]].concat();
    let fourth = lstms(&out, &overwrite);
    succeeds(&fourth);
    assert!(stderr(&fourth).contains("4/4"), "{}", stderr(&fourth));
    let fifth = lstms(&out, &overwrite);
    assert!(stderr(&fifth).contains("4 of 4"), "{}", stderr(&fifth));

    // So is another backend, which the head of the table would name.
    let run = out.join("ef-lstm-f-seed0/run.json");
    let text = fs::read_to_string(&run).unwrap();
    fs::write(&run, text.replace("\"flex ", "\"wgpu ")).unwrap();
    let parts = ["ef-lstm-f-seed0", "backend is wgpu there and flex here"];
    fails(&lstms(&out, &other), 2, &parts);

    // Nobody's files are taken away, overwriting or not.
    let foreign = folder.path().join("foreign");
    let notes = foreign.join("ef-lstm-none-seed0/notes.txt");
    fs::create_dir_all(notes.parent().unwrap()).unwrap();
    fs::write(&notes, "precious").unwrap();
    for args in [&one[..], &["--overwrite"]] {
        fails(&lstms(&foreign, args), 2, &["ef-lstm-none-seed0", "no run"]);
    }
    assert_eq!(fs::read_to_string(&notes).unwrap(), "precious");
}

#[test]
fn a_killed_table_has_what_was_finished_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (killed, whole) = (folder.path().join("killed"), folder.path().join("whole"));
    // Long enough that the kill comes before the end.
    let settings = [
        "--measures",
        "none,f",
        "--seeds",
        "3",
        "--set",
        "train.epochs=40",
        "--set",
        "train.patience=40",
    ];
    let mut child = Command::new(env!("CARGO_BIN_EXE_mdm"))
        .args(["reproduce", "table1", "--out"])
        .arg(&killed)
        .args([TINY, &settings].concat())
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let clock = Instant::now();
    while !killed.join("table.parquet").is_file() {
        assert!(clock.elapsed() < Duration::from_secs(120), "no table");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let rows = parquet(&killed).height();
    assert!((1..6).contains(&rows), "{rows}");
    let markdown = fs::read_to_string(killed.join("table.md")).unwrap();
    assert!(markdown.contains("of 6 cells are finished"), "{markdown}");

    // Killed while a run began.
    let begun = killed.join("ef-lstm-f-seed2");
    fs::create_dir_all(&begun).unwrap();
    fs::write(begun.join("config.toml.tmp-1-0"), "seed").unwrap();

    let run = |out: &Path| table1(out, &settings);
    let resumed = run(&killed);
    succeeds(&resumed);
    assert!(stderr(&resumed).contains("of 6 fits are kept"));
    assert_eq!(stdout(&resumed), stdout(&run(&whole)));
}

#[test]
fn one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("table");
    fs::create_dir(&out).unwrap();
    let held = File::create(out.join("lock")).unwrap();
    held.lock().unwrap();
    fails(
        &lstms(&out, &["--seeds", "1"]),
        1,
        &["another mdm is at work"],
    );
    held.unlock().unwrap();
    succeeds(&lstms(&out, &["--seeds", "1"]));
}

#[test]
fn published_figures_stand_apart_and_only_beside_their_corpus() {
    let folder = tempfile::tempdir().unwrap();
    let markdown = |name: &str, more: &[&str]| {
        let store = folder.path().join(name);
        write_store(&corpus(), &store);
        let out = folder.path().join(format!("table-{name}"));
        let data = ["--seeds", "1", "--dataset", store.to_str().unwrap()];
        succeeds(&table1(&out, &[&data[..], more].concat()));
        fs::read_to_string(out.join("table.md")).unwrap()
    };
    let both = &["--models", "ef-lstm,late-lstm", "--measures", "none,f"];
    let (own, published) = {
        let text = markdown("mosi", both);
        let (own, published) = text.split_once("## As published").unwrap();
        (own.to_owned(), published.to_owned())
    };
    assert!(published.contains("None of them was measured with this program"));
    assert!(published.contains("| ef-lstm | `f` | 33.7 | 76.2 | 1.02 | 0.66 |"));
    // The paper has no such model.
    assert!(!published.contains("late-lstm") && own.contains("| late-lstm |"));
    assert!(!own.contains("33.7 |"));
    // One seed has no spread: nothing is said of one.
    let row = own.lines().find(|line| line.starts_with("| ef-lstm | `f`"));
    assert!(!row.unwrap().contains('±'), "{row:?}");
    let text = markdown("reviews", both);
    assert!(!text.contains("As published"));
    // Without the plain model there is nothing to compare with.
    let text = markdown("alone", &["--measures", "f"]);
    assert!(!text.contains("What the penalty changes"));
}
