//! What starts from utterances in memory, as a training does: the putting together of batches, and epochs.

use burn::tensor::Device;
use mdm_core::DependencyMeasure;
use mdm_core::seed::{self, ChaCha8Rng};
use mdm_data::batch::MultimodalBatch;
use mdm_data::{Corpus, Features, Modality, ModalityInfo, Utterance};
use mdm_train::config::MeasureChoice;
use mdm_train::{ExperimentConfig, train};
use rand::RngExt;

use super::super::model;
use super::super::sizes::Sizes;
use super::Work;
use crate::settings::Settings;

/// The batches of a step of Algorithm 1, put together from utterances.
pub struct Batches {
    utterances: Vec<Utterance>,
    /// Indices of each batch.
    batches: Vec<Vec<usize>>,
    device: Device,
}

impl Batches {
    pub fn new(sizes: &Sizes, device: &Device) -> anyhow::Result<Self> {
        let mut rng = seed::stream(0, "batches", 0);
        let utterances = utterances(sizes, sizes.utterances, &mut rng)?;
        let mut batch = || {
            let index = |_| rng.random_range(0..utterances.len());
            (0..sizes.batch).map(index).collect()
        };
        let batches = (0..=sizes.unroll).map(|_| batch()).collect();
        Ok(Self {
            utterances,
            batches,
            device: device.clone(),
        })
    }
}

impl Work for Batches {
    fn step(&mut self) {
        for indices in &self.batches {
            let batch = MultimodalBatch::new(&self.utterances, indices, &self.device);
            std::hint::black_box(batch);
        }
    }

    fn samples(&self) -> usize {
        self.batches.iter().map(Vec::len).sum()
    }
}

/// A training of one epoch, as `mdm train` runs it.
pub struct Epoch {
    config: ExperimentConfig,
    corpus: Corpus,
    device: Device,
}

impl Epoch {
    pub fn new(name: &str, sizes: &Sizes, device: &Device) -> anyhow::Result<Self> {
        let mut rng = seed::stream(0, "corpus", 0);
        let modalities = Modality::ALL.into_iter().zip(&sizes.dims);
        let modalities = modalities.map(|(modality, &dim)| ModalityInfo { modality, dim });
        let mut corpus = Corpus::new("random", modalities.collect());
        corpus.train = utterances(sizes, sizes.utterances, &mut rng)?;
        // Enough for a batch, so that what is timed is the training.
        corpus.valid = utterances(sizes, sizes.batch, &mut rng)?;
        corpus.test = utterances(sizes, sizes.batch, &mut rng)?;
        let mut config = Settings::new().resolve()?;
        config.model = model::config(name, sizes);
        config.train.epochs = 1;
        config.train.batch_size = sizes.batch;
        config.penalty.measure = MeasureChoice(Some(DependencyMeasure::TotalCorrelation));
        config.penalty.unroll = sizes.unroll;
        Ok(Self {
            config,
            corpus,
            device: device.clone(),
        })
    }
}

impl Work for Epoch {
    fn step(&mut self) {
        let outcome = train(&self.config, &self.corpus, &self.device, &mut ());
        std::hint::black_box(outcome.expect("a training on random numbers"));
    }

    fn samples(&self) -> usize {
        self.corpus.train.len()
    }
}

fn utterances(sizes: &Sizes, count: usize, rng: &mut ChaCha8Rng) -> anyhow::Result<Vec<Utterance>> {
    let most = Modality::ALL.len();
    if sizes.dims.len() > most {
        anyhow::bail!(
            "a corpus has at most {most} modalities, found {}",
            sizes.dims.len()
        );
    }
    let mut features = |dim: usize| {
        let values = (0..sizes.steps * dim).map(|_| rng.random_range(-1.0..1.0));
        Features::new(dim, values.collect())
    };
    let utterance = |number: usize| Utterance {
        id: number.to_string(),
        words: Vec::new(),
        features: sizes.dims.iter().map(|&dim| features(dim)).collect(),
        label: (number % 7) as f32 - 3.0,
        emotions: None,
    };
    Ok((0..count).map(utterance).collect())
}
