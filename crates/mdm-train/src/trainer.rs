//! The training loop: Algorithm 1 over epochs, the best epoch by the task's criterion on the validation split.

use std::path::Path;
use std::time::Instant;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use mdm_core::seed::{ChaCha8Rng, stream};
use mdm_core::{Mode, product_permutations};
use mdm_data::batch::{BatchPlan, BatchStream};
use mdm_data::{Corpus, Modality, Utterance};
use mdm_models::{Encoder, FusionEncoder, Inputs, Language, Vocabulary};

use crate::algorithm::{Algorithm1, FusionModel, Penalty};
use crate::config::{ExperimentConfig, TrainConfig};
use crate::evaluate::{self, evaluate, read, sequences};
use crate::modality_dropout::ModalityDropout;
use crate::optimizer::Optimizer;
use crate::{Checkpoint, EpochRecord, Error, TaskBaselines, TaskMetrics};

/// Losses are read from the device once in so many steps: reading waits for it.
const STEPS_PER_READ: usize = 8;

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
/// config, the corpus and the backend.
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
    observer: &mut impl Observer,
) -> Result<Outcome, Error> {
    config.check()?;
    check_sizes(corpus)?;
    check_batch_size(config, corpus)?;
    let mut algorithm = initialise(config, corpus, device)?;
    let modality_dropout = ModalityDropout::new(&config.train, corpus);
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
    if let Some(most) = encoder.max_steps()
        && config.data.max_steps > most
    {
        return Err(Error::InvalidConfig {
            field: "data.max_steps",
            expected: "no more than the positions of the text encoder",
            found: format!("{} for {most}", config.data.max_steps),
        });
    }
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

/// Updates of encoder and head in an epoch.
fn updates_of_epoch(config: &ExperimentConfig, corpus: &Corpus) -> usize {
    plan(config, &corpus.train)
        .batches()
        .div_ceil(config.train.accumulation)
}

/// How training utterances become batches.
fn plan(config: &ExperimentConfig, utterances: &[Utterance]) -> BatchPlan {
    let modalities = utterances.first().map_or(1, |u| u.features.len());
    let TrainConfig {
        batch_size,
        length_pool,
        ..
    } = config.train;
    // The utterances of a last batch that is too small for a product come in another epoch.
    let smallest = modalities.min(batch_size);
    BatchPlan::new(utterances, batch_size, smallest, length_pool)
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

/// Mean losses of an epoch.
struct EpochLosses {
    task: f64,
    measure: f64,
    critic_measure: f64,
    total: f64,
}

/// The generators of one epoch. Each is a function of seed and epoch alone, so an epoch can be run again without the
/// ones before it.
struct Streams {
    batches: ChaCha8Rng,
    critic_batches: ChaCha8Rng,
    product: ChaCha8Rng,
    dropout: ChaCha8Rng,
    critic_dropout: ChaCha8Rng,
    modality_dropout: ChaCha8Rng,
    critic_modality_dropout: ChaCha8Rng,
}

impl Streams {
    fn new(seed: u64, epoch: usize) -> Self {
        let stream = |name| stream(seed, name, epoch as u64);
        Self {
            batches: stream("batches"),
            critic_batches: stream("critic batches"),
            product: stream("product"),
            dropout: stream("dropout"),
            critic_dropout: stream("critic dropout"),
            modality_dropout: stream("modality dropout"),
            critic_modality_dropout: stream("critic modality dropout"),
        }
    }
}

fn run_epoch(
    algorithm: &mut Algorithm1<Encoder>,
    config: &ExperimentConfig,
    utterances: &[Utterance],
    modality_dropout: &ModalityDropout,
    epoch: usize,
    device: &Device,
    observer: &mut impl Observer,
) -> Result<EpochLosses, Error> {
    let mut streams = Streams::new(config.seed, epoch);
    if let Some(penalty) = &mut algorithm.penalty {
        penalty.objective.reseed(streams.critic_dropout);
    }
    let modalities = utterances[0].features.len();
    let plan = plan(config, utterances);
    let batches = plan.epoch(&mut streams.batches);
    let mut critic_batches = BatchStream::new(plan, streams.critic_batches);
    let mut permutations = |batch: usize| match config.penalty.measure.0 {
        // Without a penalty there is no product batch.
        None => Ok(Vec::new()),
        Some(_) => {
            let shuffle = config.penalty.shuffle;
            product_permutations(modalities, batch, shuffle, &mut streams.product)
        }
    };

    let mut ledger = Ledger::new(epoch, batches.len());
    for batches in batches.chunks(config.train.accumulation) {
        if algorithm.penalty.is_some() {
            let encoder = algorithm.model.encoder.valid();
            for _ in 0..config.penalty.unroll {
                let indices = critic_batches.next().expect("the stream has no end");
                let rng = &mut streams.critic_modality_dropout;
                let batch = modality_dropout.batch(utterances, &indices, rng, device)?;
                let permutations = permutations(indices.len())?;
                let measure = algorithm.update_critic(&encoder, &sequences(&batch), &permutations);
                ledger.critic.extend(measure);
            }
        }
        let share = 1.0 / batches.len() as f64;
        for indices in batches {
            let rng = &mut streams.modality_dropout;
            let batch = modality_dropout.batch(utterances, indices, rng, device)?;
            let permutations = permutations(indices.len())?;
            let targets = config.train.task.targets(&batch, config.train.loss);
            let mode = &mut Mode::Train(&mut streams.dropout);
            let input = sequences(&batch);
            let losses = algorithm.accumulate(&input, &targets, &permutations, share, mode);
            ledger.add(losses.task, losses.measure, losses.total)?;
            observer.step(&ledger.report());
        }
        algorithm.update_model();
    }
    ledger.finish()
}

/// Collects losses on the device, reads them now and then, and stops at the first that is not finite.
struct Ledger {
    epoch: usize,
    steps: usize,
    done: usize,
    critic: Vec<Tensor<1>>,
    waiting: Vec<[Option<Tensor<1>>; 3]>,
    sums: [f64; 3],
    critic_sum: f64,
    critic_count: usize,
    latest: [f32; 3],
}

/// The terms of a step's loss, in the order they are collected.
const TERMS: [&str; 3] = ["task loss", "dependency measure", "total loss"];

impl Ledger {
    fn new(epoch: usize, steps: usize) -> Self {
        Self {
            epoch,
            steps,
            done: 0,
            critic: Vec::new(),
            waiting: Vec::new(),
            sums: [0.0; 3],
            critic_sum: 0.0,
            critic_count: 0,
            latest: [f32::NAN; 3],
        }
    }

    fn add(
        &mut self,
        task: Tensor<1>,
        measure: Option<Tensor<1>>,
        total: Tensor<1>,
    ) -> Result<(), Error> {
        self.waiting.push([Some(task), measure, Some(total)]);
        self.done += 1;
        if self.waiting.len() == STEPS_PER_READ || self.done == self.steps {
            self.read()?;
        }
        Ok(())
    }

    fn read(&mut self) -> Result<(), Error> {
        let first_step = self.done - self.waiting.len() + 1;
        let critic = read(std::mem::take(&mut self.critic));
        self.critic_sum += critic.iter().map(|&value| f64::from(value)).sum::<f64>();
        self.critic_count += critic.len();
        let waiting = std::mem::take(&mut self.waiting);
        let present: Vec<[bool; 3]> = waiting
            .iter()
            .map(|terms| terms.each_ref().map(Option::is_some))
            .collect();
        let mut values = read(waiting.into_iter().flatten().flatten().collect()).into_iter();
        for (offset, present) in present.into_iter().enumerate() {
            for (term, name) in TERMS.into_iter().enumerate() {
                if !present[term] {
                    continue;
                }
                let value = values.next().expect("as many values as tensors");
                if !value.is_finite() {
                    return Err(Error::NonFinite {
                        epoch: self.epoch,
                        step: first_step + offset,
                        term: name,
                        value,
                    });
                }
                self.sums[term] += f64::from(value);
                self.latest[term] = value;
            }
        }
        Ok(())
    }

    fn report(&self) -> StepReport {
        StepReport {
            epoch: self.epoch,
            step: self.done,
            steps: self.steps,
            task: self.latest[0],
            measure: self.latest[1],
        }
    }

    fn finish(self) -> Result<EpochLosses, Error> {
        let [task, measure, total] = self.sums.map(|sum| sum / self.steps as f64);
        let with_penalty = self.critic_count > 0;
        Ok(EpochLosses {
            task,
            measure: if with_penalty { measure } else { f64::NAN },
            critic_measure: self.critic_sum / self.critic_count as f64,
            total,
        })
    }
}
