//! `mdm evaluate`

use anyhow::{Context, anyhow};
use mdm_train::run::RunFolder;
use mdm_train::{Checkpoint, ExperimentConfig, evaluate, trainer};
use serde_json::json;

use crate::args::EvaluateArgs;
use crate::{backend, dataset, output, table};

/// Loads the best weights of a run and prints their metrics.
pub fn run(args: &EvaluateArgs) -> anyhow::Result<()> {
    let run = RunFolder::open(&args.run);
    let text = std::fs::read_to_string(run.config()).with_context(|| {
        format!(
            "{} is not a run folder: cannot read {}",
            args.run.display(),
            run.config().display()
        )
    })?;
    let config: ExperimentConfig = toml::from_str(&text)
        .map_err(|error| anyhow!("{}: {}", run.config().display(), error.message()))?;
    let device = backend::device(&args.backend.backend)?;
    let corpus = dataset::load(&config.data)?.corpus;
    let checkpoint: Checkpoint<_> =
        Checkpoint::of(&trainer::initialise(&config, &corpus, &device)?).load(&run.weights())?;

    let task = config.train.task;
    let valid = evaluate::evaluate(task, &checkpoint, &corpus.valid, &device);
    let test = evaluate::evaluate(task, &checkpoint, &corpus.test, &device);
    let baselines = task.baselines(&corpus.train, &corpus.test);
    if args.json {
        output::line(json!({ "valid": valid, "test": test, "baselines": baselines }))?;
    } else {
        let name = format!("{} {}", config.model.name, config.penalty.measure);
        let table = table::test_table(&name, &test, &baselines);
        output::line(table.trim_end())?;
    }
    Ok(())
}
