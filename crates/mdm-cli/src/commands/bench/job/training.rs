//! Steps of a training, and predictions.

use burn::module::Module;
use burn::tensor::Device;
use mdm_core::seed::{self, ChaCha8Rng};
use mdm_core::{CriticConfig, CriticOutput, DependencyMeasure, DependencyObjectiveConfig, Mode};
use mdm_models::{Encoder, FusionEncoder};
use mdm_train::optimizer::{AdamW, Optimizer};
use mdm_train::{Algorithm1, CriticPass, FusionModel, Penalty};

use super::super::model;
use super::super::sizes::Sizes;
use super::Work;
use super::data::Data;

const LAMBDA: f64 = 0.1;
const LEARNING_RATE: f64 = 1e-4;

/// A model in training.
pub struct Training {
    algorithm: Algorithm1<Encoder>,
    /// Updates of the critic in a step.
    unroll: usize,
    device: Device,
    data: Data,
    rng: ChaCha8Rng,
}

impl Training {
    /// With the penalty or without.
    pub fn new(
        name: &str,
        sizes: &Sizes,
        has_penalty: bool,
        device: &Device,
    ) -> anyhow::Result<Self> {
        let autodiff = device.clone().autodiff();
        let model = model::fresh(name, sizes, &autodiff)?;
        let penalty = match has_penalty {
            true => Some(penalty(model.encoder.d_z(), &autodiff)?),
            false => None,
        };
        Ok(Self {
            algorithm: Algorithm1 {
                model,
                penalty,
                optimizer: Optimizer::constant(AdamW::default(), LEARNING_RATE),
            },
            unroll: sizes.unroll,
            device: device.clone(),
            data: Data::new(name, sizes, device),
            rng: seed::stream(0, "dropout", 0),
        })
    }

    fn critic(&mut self) {
        let encoder = self.algorithm.model.encoder.valid();
        // As the trainer does it.
        let of_pass = match CriticPass::joins(&encoder, &self.device) {
            true => self.unroll,
            false => 1,
        };
        let pass = |_| CriticPass {
            input: self.data.joined(of_pass),
            permutations: (0..of_pass).map(|_| self.data.permutations()).collect(),
        };
        let passes: Vec<CriticPass> = (0..self.unroll / of_pass).map(pass).collect();
        self.algorithm.update_critic(&encoder, &passes);
    }
}

impl Work for Training {
    fn step(&mut self) {
        let mut permutations = Vec::new();
        if self.algorithm.penalty.is_some() {
            self.critic();
            permutations = self.data.permutations();
        }
        let (input, targets) = self.data.one();
        let mode = &mut Mode::Train(&mut self.rng);
        (self.algorithm).accumulate(&input, &targets, &permutations, 1.0, mode);
        self.algorithm.update_model();
    }

    fn samples(&self) -> usize {
        match self.algorithm.penalty {
            Some(_) => self.data.rows() * (self.unroll + 1),
            None => self.data.rows(),
        }
    }
}

/// A model that predicts.
pub struct Inference {
    model: FusionModel<Encoder>,
    data: Data,
}

impl Inference {
    pub fn new(name: &str, sizes: &Sizes, device: &Device) -> anyhow::Result<Self> {
        let model = model::fresh(name, sizes, &device.clone().autodiff())?;
        Ok(Self {
            model: model.valid(),
            data: Data::new(name, sizes, device),
        })
    }
}

impl Work for Inference {
    fn step(&mut self) {
        let (input, _) = self.data.one();
        std::hint::black_box(self.model.predict(&input));
    }

    fn samples(&self) -> usize {
        self.data.rows()
    }
}

fn penalty(d_z: usize, device: &Device) -> anyhow::Result<Penalty> {
    let critic = CriticConfig::new(d_z).with_output(CriticOutput::Identity);
    let config = DependencyObjectiveConfig::new(DependencyMeasure::TotalCorrelation, d_z)
        .with_critic(critic)
        .with_learning_rate(LEARNING_RATE);
    Ok(Penalty {
        objective: config.init(seed::stream(0, "critic", 0), device)?,
        lambda: LAMBDA,
    })
}
