//! Random batches.

use burn::tensor::{Device, Distribution, Tensor, TensorData};
use mdm_core::seed::{self, ChaCha8Rng};
use mdm_core::{Shuffle, product_permutations};
use mdm_models::{Sequences, StepMask};
use mdm_train::config::TaskLoss;
use mdm_train::task::Targets;
use rand::RngExt;

use super::super::model::{self, VOCABULARY};
use super::super::sizes::Sizes;

/// Batches that are made; more come from the first again.
const KEPT: usize = 11;

/// An endless supply of batches, made before the clock starts.
pub struct Data {
    rows: usize,
    steps: usize,
    modalities: usize,
    batches: Vec<(Vec<Tensor<3>>, Tensor<1>)>,
    next: usize,
    rng: ChaCha8Rng,
}

impl Data {
    pub fn new(name: &str, sizes: &Sizes, device: &Device) -> Self {
        let rows = sizes.batch;
        let pieces = model::reads_pieces(name);
        let steps = model::words(name, sizes);
        let mut rng = seed::stream(0, "data", 0);
        let normal = Distribution::Normal(0.0, 1.0);
        let mut batch = || {
            let dims = sizes.dims.iter();
            let random = |&dim: &usize| Tensor::random([rows, steps, dim], normal, device);
            let mut modalities: Vec<Tensor<3>> = dims.map(random).collect();
            if pieces {
                let ids = (0..rows * steps).map(|_| rng.random_range(1000..VOCABULARY) as f32);
                let ids = TensorData::new(ids.collect::<Vec<_>>(), [rows, steps, 1]);
                modalities[0] = Tensor::from_data(ids, device);
            }
            let labels = Tensor::random([rows], Distribution::Uniform(-3.0, 3.0), device);
            (modalities, labels)
        };
        Self {
            rows,
            steps,
            modalities: sizes.dims.len(),
            batches: (0..KEPT).map(|_| batch()).collect(),
            next: 0,
            rng: seed::stream(0, "product", 0),
        }
    }

    /// Utterances of a batch.
    pub fn rows(&self) -> usize {
        self.rows
    }

    fn draw(&mut self) -> &(Vec<Tensor<3>>, Tensor<1>) {
        self.next = (self.next + 1) % self.batches.len();
        &self.batches[self.next]
    }

    /// A batch with its targets.
    pub fn one(&mut self) -> (Sequences, Targets) {
        let mask = StepMask::full(self.rows, self.steps);
        let (modalities, labels) = self.draw();
        let (modalities, labels) = (modalities.clone(), labels.clone());
        let loss = TaskLoss::L1;
        (
            Sequences { modalities, mask },
            Targets::Sentiment { labels, loss },
        )
    }

    /// Some batches, one after the other.
    pub fn joined(&mut self, count: usize) -> Sequences {
        let drawn: Vec<Vec<Tensor<3>>> = (0..count).map(|_| self.draw().0.clone()).collect();
        let modality = |k: usize| match drawn.as_slice() {
            [one] => one[k].clone(),
            several => Tensor::cat(several.iter().map(|x| x[k].clone()).collect(), 0),
        };
        Sequences {
            modalities: (0..self.modalities).map(modality).collect(),
            mask: StepMask::full(count * self.rows, self.steps),
        }
    }

    /// Those of a batch for the product of its marginals.
    pub fn permutations(&mut self) -> Vec<Vec<usize>> {
        let (rows, rng) = (self.rows, &mut self.rng);
        product_permutations(self.modalities, rows, Shuffle::Derangement, rng)
            .expect("a batch has more rows than modalities")
    }
}
