//! `mdm evaluate`

use anyhow::anyhow;
use mdm_train::robustness::robustness;
use mdm_train::{Checkpoint, evaluate, trainer};
use serde_json::json;

use crate::args::EvaluateArgs;
use crate::failure::usage;
use crate::{backend, dataset, output, settings, table};

/// Loads the best weights of a run and prints their metrics.
pub fn run(args: &EvaluateArgs) -> anyhow::Result<()> {
    let (run, config) = settings::of_run(&args.run)?;
    let device = backend::device(&args.backend.backend)?;
    let corpus = match run.preparation()? {
        Some(preparation) => dataset::load_for(&config.data, &preparation)?,
        // A run from before it was kept: fitted on the same corpus, it is the same.
        None => dataset::load(&config)?.corpus,
    };
    config.train.task.check(&corpus)?;
    let missing = crate::robustness::missing(args, &corpus)?;
    let checkpoint: Checkpoint<_> =
        Checkpoint::of(&trainer::untrained(&config, &corpus, &device)?).load(&run.weights())?;

    let task = config.train.task;
    let valid = evaluate::evaluate(task, &checkpoint, &corpus.valid, &device);
    let test = evaluate::evaluate(task, &checkpoint, &corpus.test, &device);
    let baselines = task.baselines(&corpus.train, &corpus.test);
    let whole = test.sentiment();
    let robustness = match (missing, whole) {
        (None, _) => None,
        (Some(missing), Some(whole)) => Some(robustness(
            task,
            &checkpoint,
            &corpus,
            missing,
            whole,
            &device,
        )?),
        (Some(_), None) => {
            return Err(usage(anyhow!(
                "--keep and --drop compare accuracies of the sentiment, which train.task = \"{task}\" does not give"
            )));
        }
    };
    if args.json {
        let mut object = json!({ "valid": valid, "test": test, "baselines": baselines });
        if let Some(robustness) = &robustness {
            object["robustness"] = serde_json::to_value(robustness)?;
        }
        output::line(object)?;
        return Ok(());
    }
    let name = format!("{} {}", config.model.name, config.penalty.measure);
    let table = table::test_table(&name, &test, &baselines);
    output::line(table.trim_end())?;
    if let (Some(whole), Some(robustness)) = (whole, &robustness) {
        let table = crate::robustness::table(whole, robustness);
        output::line(format!("\n{table}"))?;
    }
    Ok(())
}
