//! Predictions, metrics and the dependency measure on one split, with dropout off.

use burn::tensor::{Device, Int, Tensor, TensorData};
use mdm_core::seed::ChaCha8Rng;
use mdm_core::{DependencyMeasure, Mode, Shuffle, product_permutations, seed};
use mdm_data::Utterance;
use mdm_data::batch::MultimodalBatch;
use mdm_models::{FusionEncoder, Sequences, StepMask};
use serde::Serialize;

use crate::{Checkpoint, Error, Metrics, Task, TaskMetrics, on_worker};

/// Utterances a batch when nothing is trained.
const EVALUATION_BATCH: usize = 256;

/// The model's input from a batch of data.
pub fn sequences(batch: &MultimodalBatch) -> Sequences {
    let steps = batch.modalities[0].dims()[1];
    Sequences {
        modalities: batch.modalities.clone(),
        mask: StepMask::from_lengths(&batch.lengths, steps),
    }
}

/// The outputs for each utterance, in order: `[utterances, outputs]`, row-major.
pub fn predict<E: FusionEncoder>(
    checkpoint: &Checkpoint<E>,
    utterances: &[Utterance],
    device: &Device,
) -> Vec<f32> {
    let outputs = utterances.chunks(EVALUATION_BATCH).map(|utterances| {
        let z = encode(&checkpoint.encoder, utterances, device);
        checkpoint.head.forward(z, &mut Mode::Eval).flatten(0, 1)
    });
    read(outputs.collect())
}

/// Z of utterances, in order. An encoder whose time is that of the padding sees them in small batches of similar length.
fn encode<E: FusionEncoder>(encoder: &E, utterances: &[Utterance], device: &Device) -> Tensor<2> {
    let encode = |indices: &[usize]| {
        let batch = MultimodalBatch::new(utterances, indices, device);
        on_worker(|| encoder.encode(&sequences(&batch), &mut Mode::Eval))
    };
    let mut order: Vec<usize> = (0..utterances.len()).collect();
    let Some(size) = encoder.batch_of_similar_length() else {
        return encode(&order);
    };
    order.sort_by_key(|&index| utterances[index].features[0].steps());
    let z = Tensor::cat(order.chunks(size).map(encode).collect(), 0);
    let mut places = vec![0; order.len()];
    for (place, &index) in order.iter().enumerate() {
        places[index] = place as i64;
    }
    let count = places.len();
    let places = Tensor::<1, Int>::from_data(TensorData::new(places, [count]), &z.device());
    z.select(0, places)
}

/// What a checkpoint says of consecutive utterances.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// `[utterances, outputs]`, row-major: the same as those of [`predict`].
    pub outputs: Vec<f32>,
    /// T_θ(Z) of each utterance as it is, dropout off; none without a critic.
    pub scores: Option<Vec<f32>>,
}

/// The outputs and scores of utterances in order, batch by batch, each with its utterances.
pub fn predictions<'a, E: FusionEncoder>(
    checkpoint: &'a Checkpoint<E>,
    utterances: &'a [Utterance],
    device: &'a Device,
) -> impl Iterator<Item = (&'a [Utterance], Predictions)> {
    // As large as those of `predict`, so that the numbers are the same to the last bit.
    utterances.chunks(EVALUATION_BATCH).map(move |utterances| {
        let z = encode(&checkpoint.encoder, utterances, device);
        let outputs = checkpoint.head.forward(z.clone(), &mut Mode::Eval);
        let critic = checkpoint.critic.as_ref();
        let predictions = Predictions {
            outputs: read(vec![outputs.flatten(0, 1)]),
            scores: critic.map(|critic| read(vec![critic.forward(z, &mut Mode::Eval)])),
        };
        (utterances, predictions)
    })
}

/// Metrics of a task on a split.
///
/// # Panics
///
/// When an utterance lacks annotations that the task needs, which [`Task::check`] refuses.
pub fn evaluate<E: FusionEncoder>(
    task: Task,
    checkpoint: &Checkpoint<E>,
    utterances: &[Utterance],
    device: &Device,
) -> TaskMetrics {
    task.metrics(&predict(checkpoint, utterances, device), utterances)
}

/// The dependency measure of a split under the checkpoint's critic, over all its utterances at once: the scores are
/// gathered batch by batch, the measure is taken of all of them.
///
/// `None` without a critic or with fewer utterances than modalities.
///
/// # Errors
///
/// [`Error::Core`] when the permutations cannot be drawn.
pub fn measure<E: FusionEncoder>(
    checkpoint: &Checkpoint<E>,
    measure: DependencyMeasure,
    shuffle: Shuffle,
    utterances: &[Utterance],
    device: &Device,
) -> Result<Option<f64>, Error> {
    let Some(critic) = &checkpoint.critic else {
        return Ok(None);
    };
    // In random order, so that a batch is as mixed as in training; always the same one, so that epochs compare.
    let mut rng = seed::stream(0, "evaluation", 0);
    let smallest = utterances
        .first()
        .map_or(1, |utterance| utterance.features.len());
    if utterances.len() < smallest {
        return Ok(None);
    }
    let mut joint = Vec::new();
    let mut product = Vec::new();
    for indices in all_batches(utterances.len(), EVALUATION_BATCH, smallest, &mut rng) {
        let batch = MultimodalBatch::new(utterances, &indices, device);
        let permutations =
            product_permutations(batch.modalities.len(), indices.len(), shuffle, &mut rng)?;
        let input = sequences(&batch);
        let encoder = &checkpoint.encoder;
        let (z_joint, z_product) =
            on_worker(|| encoder.encode_pair(&input, &permutations, &mut Mode::Eval));
        joint.push(critic.forward(z_joint, &mut Mode::Eval));
        product.push(critic.forward(z_product, &mut Mode::Eval));
    }
    let value = measure.value(Tensor::cat(joint, 0), Tensor::cat(product, 0));
    Ok(Some(f64::from(value.into_scalar::<f32>())))
}

/// Batches with every index once, in random order, where a last one below `smallest` joins the one before it.
fn all_batches(n: usize, size: usize, smallest: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<usize>> {
    let mut batches = mdm_data::batch::epoch(n, size, 1, rng);
    if let [.., before, last] = &mut batches[..]
        && last.len() < smallest
    {
        before.append(last);
        batches.pop();
    }
    batches
}

/// What trivial predictors of the sentiment reach on a split.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Baselines {
    /// Share of the most frequent class of the split's own labels: what no constant can beat.
    pub majority: Majority,
    /// Metrics of predicting the mean training label.
    pub mean: Metrics,
    /// Metrics of predicting the median training label.
    pub median: Metrics,
}

/// Accuracies of always predicting the most frequent class.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct Majority {
    pub acc2_has0: f64,
    pub acc2_non0: f64,
    pub acc7: f64,
}

impl Baselines {
    /// The baselines of `test`; the constants come from `train`.
    pub fn new(train: &[Utterance], test: &[Utterance]) -> Self {
        let labels = |utterances: &[Utterance]| -> Vec<f32> {
            utterances.iter().map(|utterance| utterance.label).collect()
        };
        let (train, test) = (labels(train), labels(test));
        let constant = |value: f32| Metrics::new(&vec![value; test.len()], &test);
        let mean = constant(mean(&train));
        Self {
            majority: Majority {
                acc2_has0: mean.majority_acc2_has0,
                acc2_non0: mean.majority_acc2_non0,
                acc7: mean.majority_acc7,
            },
            mean,
            median: constant(median(&train)),
        }
    }
}

fn mean(values: &[f32]) -> f32 {
    let sum: f64 = values.iter().map(|&value| f64::from(value)).sum();
    (sum / values.len().max(1) as f64) as f32
}

fn median(values: &[f32]) -> f32 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0,
    }
}

/// Reads small tensors in one transfer.
pub(crate) fn read(tensors: Vec<Tensor<1>>) -> Vec<f32> {
    if tensors.is_empty() {
        return Vec::new();
    }
    Tensor::cat(tensors, 0)
        .try_into_vec_as::<f32>()
        .expect("a device that computed a tensor can give it back")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_utterance_is_left_out_of_a_measure() {
        let batches = |n| all_batches(n, 8, 3, &mut seed::stream(0, "evaluation", 0));
        for (n, expected) in [
            (2, vec![2]),
            (8, vec![8]),
            (9, vec![9]),
            (18, vec![8, 10]),
            (19, vec![8, 8, 3]),
        ] {
            let found = batches(n);
            assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), expected);
            let mut all = found.concat();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..n));
        }
    }

    #[test]
    fn constants_come_from_train_and_the_majority_from_test() {
        let utterance = |label| Utterance {
            id: "u".into(),
            words: vec![],
            features: vec![],
            label,
            ..Utterance::default()
        };
        let train = [-1.0, -2.0, 0.0, 3.0, -1.0].map(utterance);
        let test = [1.0, -1.0, -1.4, 2.0, 0.0].map(utterance);
        let baselines = Baselines::new(&train, &test);
        assert_eq!(baselines.majority.acc2_has0, 0.6);
        assert_eq!(baselines.majority.acc2_non0, 0.5);
        assert_eq!(baselines.majority.acc7, 0.4);
        assert!((baselines.mean.mae - (1.2 + 0.8 + 1.2 + 2.2 + 0.2) / 5.0).abs() < 1e-6);
        assert!((baselines.median.mae - (2.0 + 0.0 + 0.4 + 3.0 + 1.0) / 5.0).abs() < 1e-6);
    }
}
