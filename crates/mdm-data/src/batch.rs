//! Batches of tensors, and the order in which they come.

use burn::tensor::{Device, Tensor, TensorData};
use rand::Rng;
use rand::seq::SliceRandom;

use crate::corpus::{Emotions, Utterance};

/// Utterances as tensors: one padded sequence a modality.
#[derive(Clone, Debug)]
pub struct MultimodalBatch {
    /// One tensor `[batch, steps, dim]` a modality, in the corpus's order, padded with zeros on the right.
    pub modalities: Vec<Tensor<3>>,
    /// Real steps of each utterance.
    pub lengths: Vec<usize>,
    /// Labels, `[batch]`.
    pub labels: Tensor<1>,
    /// Intensities of the [emotions](Emotions::NAMES), `[batch, 6]`, where every utterance of the batch has them.
    pub emotions: Option<Tensor<2>>,
}

impl MultimodalBatch {
    /// Puts the utterances at `indices` on a device, padded to the longest of them.
    ///
    /// # Panics
    ///
    /// When `indices` is empty, an index is out of range, or the modalities of an utterance differ in steps (see
    /// [`align`](crate::align::align)).
    pub fn new(utterances: &[Utterance], indices: &[usize], device: &Device) -> Self {
        let chosen: Vec<&Utterance> = indices.iter().map(|&index| &utterances[index]).collect();
        let lengths: Vec<usize> = chosen
            .iter()
            .map(|utterance| utterance.features[0].steps())
            .collect();
        let steps = lengths
            .iter()
            .copied()
            .max()
            .expect("a batch has an utterance");
        let modalities = chosen[0].features.iter().enumerate();
        let modalities = modalities
            .map(|(modality, features)| padded(&chosen, modality, features.dim(), steps, device))
            .collect();
        let labels: Vec<f32> = chosen.iter().map(|utterance| utterance.label).collect();
        Self {
            modalities,
            lengths,
            labels: Tensor::from_data(TensorData::new(labels, [indices.len()]), device),
            emotions: emotions(&chosen, device),
        }
    }
}

fn emotions(utterances: &[&Utterance], device: &Device) -> Option<Tensor<2>> {
    let rows = utterances.iter().map(|utterance| utterance.emotions);
    let rows: Vec<Emotions> = rows.collect::<Option<_>>()?;
    let values: Vec<f32> = rows.iter().flat_map(|row| row.0).collect();
    let shape = [utterances.len(), Emotions::NAMES.len()];
    Some(Tensor::from_data(TensorData::new(values, shape), device))
}

fn padded(
    utterances: &[&Utterance],
    modality: usize,
    dim: usize,
    steps: usize,
    device: &Device,
) -> Tensor<3> {
    let mut data = vec![0.0; utterances.len() * steps * dim];
    for (row, utterance) in data.chunks_exact_mut(steps * dim).zip(utterances) {
        let features = &utterance.features[modality];
        assert_eq!(
            features.steps(),
            utterance.features[0].steps(),
            "the modalities of {} differ in steps",
            utterance.id
        );
        row[..features.data().len()].copy_from_slice(features.data());
    }
    Tensor::from_data(
        TensorData::new(data, [utterances.len(), steps, dim]),
        device,
    )
}

/// The batches of one epoch: every index once, in random order, `batch_size` at a time.
///
/// A last batch below `smallest` is left out (its utterances come in another epoch), unless it is the only one.
///
/// # Example
///
/// ```
/// use mdm_data::batch::epoch;
/// use rand::{SeedableRng, rngs::ChaCha8Rng};
///
/// let batches = epoch(10, 4, 3, &mut ChaCha8Rng::seed_from_u64(0));
/// assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4]);
/// ```
pub fn epoch(n: usize, batch_size: usize, smallest: usize, rng: &mut impl Rng) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(rng);
    let mut batches: Vec<Vec<usize>> = order.chunks(batch_size.max(1)).map(<[_]>::to_vec).collect();
    if batches.len() > 1 && batches.last().is_some_and(|last| last.len() < smallest) {
        batches.pop();
    }
    batches
}

/// How a split is cut into batches, epoch after epoch.
#[derive(Clone, Debug)]
pub struct BatchPlan {
    lengths: Vec<usize>,
    batch_size: usize,
    smallest: usize,
    pool: usize,
}

impl BatchPlan {
    /// A plan for utterances; `smallest` as in [`epoch`].
    ///
    /// With a `pool` above 0 the shuffled utterances of so many batches are sorted by length before they are cut, and the
    /// batches shuffled: less padding, at the price of batches that are less mixed. With 0 an epoch is [`epoch`].
    pub fn new(utterances: &[Utterance], batch_size: usize, smallest: usize, pool: usize) -> Self {
        let lengths = utterances.iter().map(|u| u.features[0].steps());
        Self {
            lengths: lengths.collect(),
            batch_size: batch_size.max(1),
            smallest,
            pool,
        }
    }

    /// The batches of an epoch: every index once, but those of a last batch that is too small.
    pub fn epoch(&self, rng: &mut impl Rng) -> Vec<Vec<usize>> {
        let n = self.lengths.len();
        let batches = epoch(n, self.batch_size, self.smallest, rng);
        if self.pool == 0 {
            return batches;
        }
        let mut by_length = Vec::with_capacity(batches.len());
        for pool in batches.chunks(self.pool) {
            let mut indices = pool.concat();
            indices.sort_by_key(|&index| self.lengths[index]);
            by_length.extend(indices.chunks(self.batch_size).map(<[_]>::to_vec));
        }
        by_length.shuffle(rng);
        by_length
    }

    /// How many batches an epoch has.
    pub fn batches(&self) -> usize {
        let n = self.lengths.len();
        let (batches, rest) = (n.div_ceil(self.batch_size), n % self.batch_size);
        match batches > 1 && rest > 0 && rest < self.smallest {
            true => batches - 1,
            false => batches,
        }
    }
}

/// An endless stream of fresh batches: epoch after epoch, each in its own random order.
#[derive(Debug)]
pub struct BatchStream<R> {
    plan: BatchPlan,
    rng: R,
    waiting: Vec<Vec<usize>>,
}

impl<R: Rng> BatchStream<R> {
    /// A stream of the batches of a plan.
    pub fn new(plan: BatchPlan, rng: R) -> Self {
        Self {
            plan,
            rng,
            waiting: Vec::new(),
        }
    }
}

impl<R: Rng> Iterator for BatchStream<R> {
    type Item = Vec<usize>;

    fn next(&mut self) -> Option<Vec<usize>> {
        if self.waiting.is_empty() {
            self.waiting = self.plan.epoch(&mut self.rng);
        }
        self.waiting.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Features;
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    #[test]
    fn padding_is_zeros_on_the_right() {
        let utterance = |values: &[f32], label| Utterance {
            id: "u".into(),
            words: vec![],
            features: vec![Features::new(1, values.to_vec())],
            label,
            ..Utterance::default()
        };
        let utterances = [utterance(&[1.0, 2.0], 0.5), utterance(&[3.0], -1.0)];
        let batch = MultimodalBatch::new(&utterances, &[1, 0], &Device::flex());
        assert_eq!(batch.lengths, [1, 2]);
        let values = batch.modalities[0]
            .clone()
            .try_into_vec_as::<f32>()
            .unwrap();
        assert_eq!(values, [3.0, 0.0, 1.0, 2.0]);
        assert_eq!(batch.labels.try_into_vec_as::<f32>().unwrap(), [-1.0, 0.5]);
        assert!(batch.emotions.is_none());
    }

    #[test]
    fn emotions_are_a_row_an_utterance_and_all_or_none() {
        let utterance = |emotions| Utterance {
            features: vec![Features::zeros(1, 1)],
            emotions,
            ..Utterance::default()
        };
        let happy = Emotions([2.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let afraid = Emotions([0.0, 0.0, 0.0, 1.0, 0.0, 3.0]);
        let utterances = [Some(happy), Some(afraid), None].map(utterance);
        let emotions = |indices: &[usize]| {
            let batch = MultimodalBatch::new(&utterances, indices, &Device::flex());
            batch.emotions
        };
        let rows = emotions(&[1, 0]).unwrap();
        assert_eq!(rows.dims(), [2, 6]);
        let values = rows.try_into_vec_as::<f32>().unwrap();
        assert_eq!(values, [afraid.0, happy.0].concat());
        assert!(emotions(&[0, 2]).is_none());
    }

    #[test]
    fn an_epoch_holds_every_index_once_and_depends_on_the_seed_alone() {
        let batches = |seed| epoch(23, 5, 3, &mut ChaCha8Rng::seed_from_u64(seed));
        let mut all = batches(1).concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..23));
        assert_eq!(batches(1), batches(1));
        assert_ne!(batches(1), batches(2));
    }

    fn plan(lengths: &[usize], batch_size: usize, smallest: usize, pool: usize) -> BatchPlan {
        let utterance = |&steps: &usize| Utterance {
            features: vec![Features::zeros(steps, 1)],
            ..Utterance::default()
        };
        let utterances: Vec<Utterance> = lengths.iter().map(utterance).collect();
        BatchPlan::new(&utterances, batch_size, smallest, pool)
    }

    #[test]
    fn a_plan_knows_how_many_batches_it_has() {
        for (n, size, smallest) in [(23, 5, 3), (22, 5, 3), (21, 5, 3), (20, 5, 3), (2, 8, 3)] {
            for pool in [0, 2] {
                let plan = plan(&vec![1; n], size, smallest, pool);
                let batches = plan.epoch(&mut ChaCha8Rng::seed_from_u64(0));
                assert_eq!(batches.len(), plan.batches(), "{n} {pool}");
            }
        }
    }

    #[test]
    fn a_pool_makes_batches_of_similar_length_and_loses_nobody() {
        let lengths: Vec<usize> = (0..64).map(|index| 1 + index * 37 % 64).collect();
        let padded = |pool| {
            let batches = plan(&lengths, 8, 1, pool).epoch(&mut ChaCha8Rng::seed_from_u64(3));
            let mut all = batches.concat();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..64));
            let longest = |batch: &Vec<usize>| batch.iter().map(|&i| lengths[i]).max().unwrap();
            batches.iter().map(longest).sum::<usize>()
        };
        // One pool over all: 8 + 16 + … + 64.
        assert_eq!(padded(8), 288);
        assert!(padded(4) < padded(0));
    }

    #[test]
    fn a_stream_never_ends_and_a_small_corpus_keeps_its_only_batch() {
        let plan = plan(&[1, 1], 8, 3, 0);
        let stream = BatchStream::new(plan, ChaCha8Rng::seed_from_u64(0));
        assert!(stream.take(5).all(|batch| batch.len() == 2));
    }
}
