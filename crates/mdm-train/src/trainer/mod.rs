//! The training loop: Algorithm 1 over epochs, the best epoch by the task's criterion on the validation split.

mod build;
mod epoch;
mod ledger;

use std::time::Instant;

use burn::tensor::Device;
use mdm_data::{Corpus, Utterance};
use mdm_models::Encoder;

use crate::config::ExperimentConfig;
use crate::evaluate::{self, evaluate};
use crate::modality_dropout::ModalityDropout;
use crate::{Checkpoint, EpochRecord, Error, TaskBaselines, TaskMetrics, on_worker};

pub use build::{initialise, untrained};
use epoch::run_epoch;

/// What a training tells while it runs.
pub trait Observer {
    /// A step is done. Losses are the latest that were read.
    fn step(&mut self, _step: &StepReport) {}

    /// An epoch is done; `best` holds the weights when it is the best so far.
    ///
    /// # Errors
    ///
    /// Whatever the observer cannot do; the training stops with it.
    fn epoch(
        &mut self,
        _record: &EpochRecord,
        _best: Option<&Checkpoint<Encoder>>,
    ) -> Result<(), Error> {
        Ok(())
    }
}

/// An observer that does nothing.
impl Observer for () {}

/// Where a training stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepReport {
    /// Epoch, from 1.
    pub epoch: usize,
    /// Steps of this epoch that are done.
    pub step: usize,
    /// Steps of an epoch.
    pub steps: usize,
    /// Latest task loss.
    pub task: f32,
    /// Latest measure; NaN without a penalty.
    pub measure: f32,
}

/// What a training ends with.
#[derive(Debug)]
pub struct Outcome {
    /// Weights of the best epoch.
    pub best: Checkpoint<Encoder>,
    /// The best epoch, from 1.
    pub best_epoch: usize,
    /// Every epoch.
    pub history: Vec<EpochRecord>,
    /// Validation metrics of the best epoch.
    pub valid: TaskMetrics,
    /// Test metrics of the best epoch, looked at once.
    pub test: TaskMetrics,
    /// The measure on the test split; none without a penalty.
    pub test_measure: Option<f64>,
    /// What trivial predictors reach on the test split.
    pub baselines: TaskBaselines,
}

/// Trains on a prepared corpus (cleaned, aligned, normalised).
///
/// `device` is a plain device: the gradient is switched on where it is needed. The result is a function of the
/// config, the corpus and the backend. It happens on a thread of Rayon's pool where the processor computes ([`on_worker`]).
///
/// # Errors
///
/// [`Error::InvalidConfig`] and [`Error::Model`] for settings that do not fit, [`Error::TooFewUtterances`] for a split
/// that is too small, [`Error::NotAnnotated`] for a corpus without what the task needs, [`Error::NonFinite`] when a loss is,
/// [`Error::NonFiniteCriterion`] when the criterion of an epoch is, and whatever the observer returns.
pub fn train(
    config: &ExperimentConfig,
    corpus: &Corpus,
    device: &Device,
    observer: &mut (impl Observer + Send),
) -> Result<Outcome, Error> {
    on_worker(|| train_here(config, corpus, device, observer))
}

fn train_here(
    config: &ExperimentConfig,
    corpus: &Corpus,
    device: &Device,
    observer: &mut impl Observer,
) -> Result<Outcome, Error> {
    config.check()?;
    check_sizes(corpus)?;
    check_batch_size(config, corpus)?;
    let modality_dropout = ModalityDropout::new(&config.train, corpus)?;
    let mut algorithm = initialise(config, corpus, device)?;
    let task = config.train.task;

    let mut history: Vec<EpochRecord> = Vec::new();
    let mut best: Option<(usize, Checkpoint<Encoder>)> = None;
    for epoch in 1..=config.train.epochs {
        let start = Instant::now();
        let losses = run_epoch(
            &mut algorithm,
            config,
            &corpus.train,
            &modality_dropout,
            epoch,
            device,
            observer,
        )?;

        let checkpoint = Checkpoint::of(&algorithm);
        let valid = evaluate(task, &checkpoint, &corpus.valid, device);
        check_criterion(epoch, &valid)?;
        let valid_measure = measure_of(config, &checkpoint, &corpus.valid, device)?;
        let best_criterion = best
            .as_ref()
            .map(|&(epoch, _)| history[epoch - 1].valid.criterion());
        let is_best = best_criterion.is_none_or(|best| valid.criterion() < best);
        let record = EpochRecord {
            epoch,
            train_task: losses.task,
            train_measure: losses.measure,
            critic_measure: losses.critic_measure,
            train_total: losses.total,
            valid_measure: valid_measure.unwrap_or(f64::NAN),
            valid,
            best: is_best,
            learning_rate: algorithm.optimizer.learning_rate(),
            seconds: start.elapsed().as_secs_f64(),
        };
        observer.epoch(&record, is_best.then_some(&checkpoint))?;
        history.push(record);
        if is_best {
            best = Some((epoch, checkpoint));
        }
        let best_epoch = best.as_ref().map_or(epoch, |&(epoch, _)| epoch);
        if epoch - best_epoch >= config.train.patience {
            break;
        }
    }

    let (best_epoch, best) = best.expect("the first epoch is the best so far");
    Ok(Outcome {
        valid: history[best_epoch - 1].valid.clone(),
        test: evaluate(task, &best, &corpus.test, device),
        test_measure: measure_of(config, &best, &corpus.test, device)?,
        baselines: task.baselines(&corpus.train, &corpus.test),
        best,
        best_epoch,
        history,
    })
}

fn check_sizes(corpus: &Corpus) -> Result<(), Error> {
    let modalities = corpus.modalities.len().max(1);
    for (split, found, needed) in [
        ("train", corpus.train.len(), modalities),
        ("valid", corpus.valid.len(), 1),
        ("test", corpus.test.len(), 1),
    ] {
        if found < needed {
            let corpus = corpus.name.clone();
            return Err(Error::TooFewUtterances {
                corpus,
                split,
                needed,
                found,
            });
        }
    }
    Ok(())
}

/// A product batch needs a row for each modality: under a derangement, no two may come from one utterance.
fn check_batch_size(config: &ExperimentConfig, corpus: &Corpus) -> Result<(), Error> {
    let size = config.train.batch_size;
    if config.penalty.measure.0.is_some() && size < corpus.modalities.len() {
        return Err(Error::InvalidConfig {
            field: "train.batch_size",
            expected: "at least the number of modalities, with a penalty",
            found: format!("{size} for {}", corpus.modalities.len()),
        });
    }
    Ok(())
}

/// A comparison with NaN is never true, so the first epoch would pass for the best.
fn check_criterion(epoch: usize, valid: &TaskMetrics) -> Result<(), Error> {
    let (criterion, value) = valid.summary()[0];
    if value.is_finite() {
        return Ok(());
    }
    Err(Error::NonFiniteCriterion {
        epoch,
        criterion,
        value,
    })
}

fn measure_of(
    config: &ExperimentConfig,
    checkpoint: &Checkpoint<Encoder>,
    utterances: &[Utterance],
    device: &Device,
) -> Result<Option<f64>, Error> {
    match config.penalty.measure.0 {
        None => Ok(None),
        Some(measure) => {
            let shuffle = config.penalty.shuffle;
            evaluate::measure(checkpoint, measure, shuffle, utterances, device)
        }
    }
}
