//! One epoch of Algorithm 1.

use burn::module::Module;
use burn::tensor::Device;
use mdm_core::seed::{ChaCha8Rng, stream};
use mdm_core::{Mode, product_permutations};
use mdm_data::Utterance;
use mdm_data::batch::{BatchPlan, BatchStream};
use mdm_models::Encoder;

use super::Observer;
use super::ledger::{EpochLosses, Ledger};
use crate::algorithm::Algorithm1;
use crate::config::{ExperimentConfig, TrainConfig};
use crate::evaluate::sequences;
use crate::modality_dropout::ModalityDropout;
use crate::{CriticPass, Error};

/// How training utterances become batches.
pub(super) fn plan(config: &ExperimentConfig, utterances: &[Utterance]) -> BatchPlan {
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

/// Numbers in the sequences of the critic's batches that are there at once, at most: 64 MiB.
const NUMBERS_AT_ONCE: usize = 1 << 24;

/// How many of the critic's batches are encoded at once.
fn at_once(config: &ExperimentConfig, utterances: &[Utterance]) -> usize {
    let steps = utterances.iter().map(|u| u.features[0].steps()).max();
    let width: usize = utterances[0].features.iter().map(|f| f.dim()).sum();
    let batch = config.train.batch_size * steps.unwrap_or(1) * width;
    (NUMBERS_AT_ONCE / batch.max(1)).max(1)
}

/// The critic's and the model's updates of an epoch.
pub(super) fn run_epoch(
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

    let at_once = at_once(config, utterances);
    let mut ledger = Ledger::new(epoch, batches.len());
    for batches in batches.chunks(config.train.accumulation) {
        if algorithm.penalty.is_some() {
            let encoder = algorithm.model.encoder.valid();
            let joins = CriticPass::joins(&encoder, device);
            let mut left = config.penalty.unroll;
            while left > 0 {
                let batches = critic_batches.by_ref().take(left.min(at_once));
                let batches: Vec<Vec<usize>> = batches.collect();
                left -= batches.len();
                let mut pass = |batches: &[Vec<usize>]| {
                    let rng = &mut streams.critic_modality_dropout;
                    let input = modality_dropout.join(utterances, batches, rng, device)?;
                    let permutations = batches.iter().map(|indices| permutations(indices.len()));
                    Ok(CriticPass {
                        input: sequences(&input),
                        permutations: permutations.collect::<Result<_, _>>()?,
                    })
                };
                let of_pass = if joins { batches.len() } else { 1 };
                let passes = batches.chunks(of_pass).map(&mut pass);
                let passes = passes.collect::<Result<Vec<_>, Error>>()?;
                ledger.add_critic(algorithm.update_critic(&encoder, &passes));
            }
        }
        let share = 1.0 / batches.len() as f64;
        for indices in batches {
            let rng = &mut streams.modality_dropout;
            let one = std::slice::from_ref(indices);
            let batch = modality_dropout.join(utterances, one, rng, device)?;
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
