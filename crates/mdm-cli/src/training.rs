//! One training into one run folder: what `mdm train` does once and a table many times.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use burn::tensor::Device;
use mdm_train::run::{Provenance, Recorder, RunFolder};
use mdm_train::{ExperimentConfig, Observer, Outcome, train, trainer};

use crate::dataset::{self, Prepared};
use crate::text_encoder;

/// Makes a config independent of the folder it was given in: absolute paths, and the sizes of a pretrained model.
///
/// # Errors
///
/// A pretrained model or tokeniser that is not there.
pub fn anchor(config: &mut ExperimentConfig) -> anyhow::Result<()> {
    dataset::anchor_paths(&mut config.data)?;
    text_encoder::resolve(&mut config.model)
}

/// Creates the run folder, if the model fits the data.
///
/// # Errors
///
/// Settings that do not fit, before anything is written; a folder that holds something.
pub fn folder(
    config: &ExperimentConfig,
    prepared: &Prepared,
    device: &Device,
    out: &Path,
) -> anyhow::Result<RunFolder> {
    trainer::initialise(config, &prepared.corpus, device)?;
    let config = toml::to_string(config)?;
    Ok(RunFolder::create(out, &config, &prepared.preparation)?)
}

/// Trains and records the run in its folder.
///
/// # Errors
///
/// Whatever stops the training; a folder in which nothing was recorded is taken back.
pub fn into_folder(
    run: &RunFolder,
    config: &ExperimentConfig,
    prepared: &Prepared,
    device: &Device,
    backend: &str,
    observer: impl Observer + Send,
) -> anyhow::Result<(Outcome, Duration)> {
    let (started, clock) = (SystemTime::now(), Instant::now());
    let mut recorder = Recorder::new(run, observer);
    let outcome = train(config, &prepared.corpus, device, &mut recorder)
        .inspect_err(|_| run.discard_if_unused())?;
    drop(recorder);
    let elapsed = clock.elapsed();
    let backend = format!("{backend} {device:?}");
    run.finish(&outcome, &Provenance::new(backend, started, elapsed))?;
    Ok((outcome, elapsed))
}
