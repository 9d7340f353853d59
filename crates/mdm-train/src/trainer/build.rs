//! The model of a run: fresh, or to be filled with the weights of another.

use std::path::Path;

use burn::tensor::Device;
use mdm_core::seed::stream;
use mdm_data::{Corpus, Modality};
use mdm_models::{Encoder, FusionEncoder, Inputs, Language, Vocabulary};

use super::epoch::plan;
use crate::Error;
use crate::algorithm::{Algorithm1, FusionModel, Penalty};
use crate::config::ExperimentConfig;
use crate::optimizer::Optimizer;

/// A fresh model, its text encoder with pretrained weights where the config names some, and, with a penalty, a fresh
/// critic, from the seed of the config.
///
/// # Errors
///
/// [`Error::Model`] and [`Error::Core`] when the settings do not fit the model or the corpus, [`Error::NotAnnotated`] when
/// the corpus lacks what the task needs.
pub fn initialise(
    config: &ExperimentConfig,
    corpus: &Corpus,
    device: &Device,
) -> Result<Algorithm1<Encoder>, Error> {
    config.train.task.check(corpus)?;
    let pretrained = config.model.text().map(|text| text.pretrained.as_str());
    build(
        config,
        corpus,
        device,
        pretrained.filter(|path| !path.is_empty()),
    )
}

/// As [`initialise`], without pretrained weights and for a corpus that need not be annotated: to be filled with the weights
/// of a run.
///
/// # Errors
///
/// [`Error::Model`] and [`Error::Core`] when the settings do not fit the model or the corpus.
pub fn untrained(
    config: &ExperimentConfig,
    corpus: &Corpus,
    device: &Device,
) -> Result<Algorithm1<Encoder>, Error> {
    build(config, corpus, device, None)
}

fn build(
    config: &ExperimentConfig,
    corpus: &Corpus,
    device: &Device,
    pretrained: Option<&str>,
) -> Result<Algorithm1<Encoder>, Error> {
    let task = config.train.task;
    if config.penalty.measure.0.is_some() && corpus.modalities.len() < 2 {
        return Err(Error::InvalidConfig {
            field: "penalty.measure",
            expected: "`none` for a corpus with a single modality, which has nothing to depend on",
            found: config.penalty.measure.to_string(),
        });
    }
    let autodiff = device.clone().autodiff();
    let mut rng = stream(config.seed, "model", 0);
    let inputs = inputs(corpus);
    let (mut encoder, head) = config
        .model
        .init(&inputs, task.outputs(), &mut rng, &autodiff)?;
    if let Some(folder) = pretrained {
        encoder.load_pretrained(Path::new(folder), &autodiff)?;
    }
    check_steps(config, &encoder)?;
    let penalty = match config.penalty.objective(encoder.d_z()) {
        None => None,
        Some(objective) => Some(Penalty {
            objective: objective.init(stream(config.seed, "critic", 0), &autodiff)?,
            lambda: config.penalty.lambda,
        }),
    };
    let model = FusionModel { encoder, head };
    let updates = config.train.epochs * updates_of_epoch(config, corpus);
    let optimizer = Optimizer::new(&config.train, &model, updates);
    Ok(Algorithm1 {
        model,
        penalty,
        optimizer,
    })
}

/// A text encoder needs two steps for its special pieces, and may have a limit.
fn check_steps(config: &ExperimentConfig, encoder: &Encoder) -> Result<(), Error> {
    let steps = config.data.max_steps;
    let wrong = |expected, found| {
        Err(Error::InvalidConfig {
            field: "data.max_steps",
            expected,
            found,
        })
    };
    if config.model.name.reads_pieces() && steps < 3 {
        return wrong("at least 3 for a text encoder", steps.to_string());
    }
    match encoder.max_steps() {
        Some(most) if steps > most => wrong(
            "no more than the positions of the text encoder",
            format!("{steps} for {most}"),
        ),
        _ => Ok(()),
    }
}

/// Updates of encoder and head in an epoch.
fn updates_of_epoch(config: &ExperimentConfig, corpus: &Corpus) -> usize {
    plan(config, &corpus.train)
        .batches()
        .div_ceil(config.train.accumulation)
}

/// What the corpus offers to a model.
fn inputs(corpus: &Corpus) -> Inputs {
    Inputs {
        dims: corpus.dims(),
        language: match corpus.index_of(Modality::Language) {
            None => Language::Absent,
            Some(_) => match corpus.pieces {
                None => Language::Vectors,
                Some(pieces) => Language::Pieces(Vocabulary {
                    size: pieces.size,
                    cls: pieces.cls,
                    sep: pieces.sep,
                    pad: pieces.pad,
                }),
            },
        },
    }
}
