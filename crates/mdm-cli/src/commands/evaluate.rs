//! `mdm evaluate`

use anyhow::ensure;
use mdm_train::robustness::robustness;
use mdm_train::run::RunFolder;
use mdm_train::{Baselines, Checkpoint, evaluate, trainer};
use serde_json::json;

use crate::args::EvaluateArgs;
use crate::settings::Settings;
use crate::{backend, dataset, output, table};

/// Loads the best weights of a run and prints their metrics.
pub fn run(args: &EvaluateArgs) -> anyhow::Result<()> {
    let run = RunFolder::open(&args.run);
    ensure!(
        run.config().is_file(),
        "{} is not a run folder: it has no config.toml",
        args.run.display()
    );
    // On top of the defaults: a run from before a setting was there has its default.
    let mut settings = Settings::new();
    settings.add_file(&run.config())?;
    let config = settings.resolve()?;
    let device = backend::device(&args.backend.backend)?;
    let corpus = dataset::load(&config.data)?.corpus;
    let missing = crate::robustness::missing(args, &corpus)?;
    let checkpoint: Checkpoint<_> =
        Checkpoint::of(&trainer::initialise(&config, &corpus, &device)?).load(&run.weights())?;

    let valid = evaluate::evaluate(&checkpoint, &corpus.valid, &device);
    let test = evaluate::evaluate(&checkpoint, &corpus.test, &device);
    let baselines = Baselines::new(&corpus.train, &corpus.test);
    let robustness = missing
        .map(|missing| robustness(&checkpoint, &corpus, missing, &test, &device))
        .transpose()?;
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
    if let Some(robustness) = &robustness {
        let table = crate::robustness::table(&test, robustness);
        output::line(format!("\n{table}"))?;
    }
    Ok(())
}
