//! `mdm train`

use std::path::{Path, PathBuf};

use mdm_train::run::metrics_json;
use mdm_train::{ExperimentConfig, Task};

use crate::args::TrainArgs;
use crate::failure::usage;
use crate::progress::Progress;
use crate::settings::Settings;
use crate::{backend, dataset, output, table, training};

/// Trains, records the run and prints the test table.
pub fn run(args: &TrainArgs) -> anyhow::Result<()> {
    let mut config = resolve(args).map_err(usage)?;
    training::anchor(&mut config)?;
    let device = backend::device(&args.backend.backend)?;
    let prepared = dataset::load(&config)?;
    let out = args.out.clone().unwrap_or_else(|| free_folder(&config));
    let run = training::folder(&config, &prepared, &device, &out)?;

    let ExperimentConfig {
        data,
        model,
        penalty,
        seed,
        ..
    } = &config;
    eprintln!(
        "training {} on {} with measure {} (lambda {}), seed {seed}, backend {}",
        model.name, data.dataset, penalty.measure, penalty.lambda, args.backend.backend
    );
    for note in &prepared.notes {
        eprintln!("{note}");
    }
    let progress = Progress::new(config.train.epochs);
    let backend = &args.backend.backend;
    let (outcome, elapsed) =
        training::into_folder(&run, &config, &prepared, &device, backend, progress)?;

    if args.json {
        output::line(serde_json::to_string(&metrics_json(&outcome))?)?;
    } else {
        let name = format!("{} {}", model.name, penalty.measure);
        let table = table::test_table(&name, &outcome.test, &outcome.baselines);
        output::line(table.trim_end())?;
        if let Some(measure) = outcome.test_measure {
            output::line(format!("dependency measure on test: {measure:.4}"))?;
        }
    }
    eprintln!(
        "best epoch {} of {}, {:.1} s; run folder {}",
        outcome.best_epoch,
        outcome.history.len(),
        elapsed.as_secs_f64(),
        out.display()
    );
    Ok(())
}

fn resolve(args: &TrainArgs) -> anyhow::Result<ExperimentConfig> {
    let mut settings = Settings::new();
    if let Some(preset) = &args.preset {
        settings.add_preset(preset)?;
    }
    if let Some(path) = &args.config {
        settings.add_file(path)?;
    }
    for assignment in &args.set {
        settings.add_assignment(assignment)?;
    }
    let text = |value: &Option<String>| value.clone().map(toml::Value::String);
    // A seed above i64 is no TOML integer; as a string it gives the error that says so.
    let integer = |value: Option<u64>| {
        value.map(|value| match i64::try_from(value) {
            Ok(value) => toml::Value::Integer(value),
            Err(_) => toml::Value::String(value.to_string()),
        })
    };
    let flags = [
        ("--dataset", "data.dataset", text(&args.dataset)),
        ("--model", "model.name", text(&args.model)),
        ("--measure", "penalty.measure", text(&args.measure)),
        (
            "--lambda",
            "penalty.lambda",
            args.lambda.map(toml::Value::Float),
        ),
        ("--seed", "seed", integer(args.seed)),
        ("--epochs", "train.epochs", integer(args.epochs)),
    ];
    for (flag, key, value) in flags {
        if let Some(value) = value {
            settings.add_flag(flag, key, value)?;
        }
    }
    settings.resolve()
}

/// A folder under `runs/` that says what is in it and is not taken yet.
fn free_folder(config: &ExperimentConfig) -> PathBuf {
    let dataset = Path::new(&config.data.dataset);
    let dataset = dataset
        .file_name()
        .unwrap_or(dataset.as_os_str())
        .to_string_lossy();
    let task = match config.train.task {
        Task::Regression => String::new(),
        task => format!("-{task}"),
    };
    let name = format!(
        "{dataset}{task}-{}-{}-seed{}",
        config.model.name, config.penalty.measure, config.seed
    );
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    std::iter::once(name.clone())
        .chain(numbered)
        .map(|name| Path::new("runs").join(name))
        .find(|path| !path.exists())
        .expect("there is a free number")
}
