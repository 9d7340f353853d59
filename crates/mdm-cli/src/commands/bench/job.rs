//! What is timed.

use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor, TensorData};
use mdm_core::seed::{self, ChaCha8Rng};
use mdm_core::{
    CriticConfig, CriticOutput, DependencyMeasure, DependencyObjective, DependencyObjectiveConfig,
    Mode, Shuffle, product_permutations,
};
use mdm_models::{Encoder, FusionEncoder, Sequences, StepMask};
use mdm_train::config::TaskLoss;
use mdm_train::optimizer::{AdamW, Optimizer};
use mdm_train::task::Targets;
use mdm_train::{Algorithm1, CriticPass, FusionModel, Penalty};
use rand::RngExt;

use super::model::{self, DIMS, STEPS, VOCABULARY};

/// Updates of the critic in a step of Algorithm 1.
const UNROLL: usize = 10;
const LAMBDA: f64 = 0.1;
const LEARNING_RATE: f64 = 1e-4;

/// A kind of step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Forward, backward and AdamW on the task's loss alone.
    TrainStep,
    /// Ten updates of the critic on fresh batches, then one of the model with the penalty.
    Algorithm1,
    /// Predictions of a batch.
    Inference,
    /// One update of a critic on the total correlation of three Gaussian variables of 20 components.
    Estimator,
}

impl Job {
    /// The jobs of a workload.
    pub fn of(name: &str) -> Vec<Self> {
        match name {
            "estimator" => vec![Self::Estimator],
            _ => vec![Self::TrainStep, Self::Algorithm1, Self::Inference],
        }
    }

    /// The name in the results.
    pub fn name(self) -> &'static str {
        match self {
            Self::TrainStep => "train_step",
            Self::Algorithm1 => "algorithm1",
            Self::Inference => "inference",
            Self::Estimator => "gaussian_tc",
        }
    }

    /// Everything before the clock.
    pub fn prepare(self, name: &str, device: &Device) -> anyhow::Result<Box<dyn Work>> {
        let autodiff = device.clone().autodiff();
        if self == Self::Estimator {
            return Ok(Box::new(Estimator::new(device)?));
        }
        let model = model::fresh(name, &autodiff)?;
        let data = Data::new(name, device);
        if self == Self::Inference {
            let model = model.valid();
            return Ok(Box::new(Inference { model, data }));
        }
        let penalty = match self {
            Self::Algorithm1 => Some(penalty(model.encoder.d_z(), &autodiff)?),
            _ => None,
        };
        let adamw = AdamW {
            betas: [0.9, 0.999],
            epsilon: 1e-8,
            weight_decay: 0.01,
        };
        Ok(Box::new(Training {
            algorithm: Algorithm1 {
                model,
                penalty,
                optimizer: Optimizer::constant(adamw, LEARNING_RATE),
            },
            device: device.clone(),
            data,
            rng: seed::stream(0, "dropout", 0),
        }))
    }
}

/// Something that is done again and again.
pub trait Work {
    fn step(&mut self);
    /// Utterances that a step reads.
    fn samples(&self) -> usize;
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

/// An endless supply of batches, made before the clock starts.
struct Data {
    rows: usize,
    steps: usize,
    batches: Vec<(Vec<Tensor<3>>, Tensor<1>)>,
    next: usize,
    rng: ChaCha8Rng,
}

impl Data {
    fn new(name: &str, device: &Device) -> Self {
        let rows = model::batch(name);
        let pieces = model::reads_pieces(name);
        let steps = if pieces { STEPS - 2 } else { STEPS };
        let mut rng = seed::stream(0, "data", 0);
        let normal = Distribution::Normal(0.0, 1.0);
        let mut batch = || {
            let mut modalities: Vec<Tensor<3>> = DIMS
                .map(|dim| Tensor::random([rows, steps, dim], normal, device))
                .into();
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
            batches: (0..=UNROLL).map(|_| batch()).collect(),
            next: 0,
            rng: seed::stream(0, "product", 0),
        }
    }

    fn draw(&mut self) -> &(Vec<Tensor<3>>, Tensor<1>) {
        self.next = (self.next + 1) % self.batches.len();
        &self.batches[self.next]
    }

    fn one(&mut self) -> (Sequences, Targets) {
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
    fn joined(&mut self, count: usize) -> Sequences {
        let drawn: Vec<Vec<Tensor<3>>> = (0..count).map(|_| self.draw().0.clone()).collect();
        let modality = |k: usize| match drawn.as_slice() {
            [one] => one[k].clone(),
            several => Tensor::cat(several.iter().map(|x| x[k].clone()).collect(), 0),
        };
        Sequences {
            modalities: (0..DIMS.len()).map(modality).collect(),
            mask: StepMask::full(count * self.rows, self.steps),
        }
    }

    fn permutations(&mut self) -> Vec<Vec<usize>> {
        let (rows, rng) = (self.rows, &mut self.rng);
        product_permutations(DIMS.len(), rows, Shuffle::Derangement, rng)
            .expect("a batch has more rows than modalities")
    }
}

struct Training {
    algorithm: Algorithm1<Encoder>,
    device: Device,
    data: Data,
    rng: ChaCha8Rng,
}

impl Training {
    fn critic(&mut self) {
        let encoder = self.algorithm.model.encoder.valid();
        // As the trainer does it.
        let of_pass = match CriticPass::joins(&encoder, &self.device) {
            true => UNROLL,
            false => 1,
        };
        let pass = |_| CriticPass {
            input: self.data.joined(of_pass),
            permutations: (0..of_pass).map(|_| self.data.permutations()).collect(),
        };
        let passes: Vec<CriticPass> = (0..UNROLL / of_pass).map(pass).collect();
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
            Some(_) => self.data.rows * (UNROLL + 1),
            None => self.data.rows,
        }
    }
}

struct Inference {
    model: FusionModel<Encoder>,
    data: Data,
}

impl Work for Inference {
    fn step(&mut self) {
        let (input, _) = self.data.one();
        std::hint::black_box(self.model.predict(&input));
    }

    fn samples(&self) -> usize {
        self.data.rows
    }
}

/// Three variables of 20 components, any two of which are correlated by 0.5, and a critic with two hidden layers of 256.
struct Estimator {
    objective: DependencyObjective,
    device: Device,
    rng: ChaCha8Rng,
}

impl Estimator {
    const ROWS: usize = 256;
    const DIM: usize = 20;
    /// The Cholesky factor of the correlations.
    const ROOT: [&[f64]; 3] = [
        &[1.0],
        &[0.5, 0.866_025_403_784_438_6],
        &[0.5, 0.288_675_134_594_812_9, 0.816_496_580_927_726],
    ];

    fn new(device: &Device) -> anyhow::Result<Self> {
        let width = 3 * Self::DIM;
        let mut critic = CriticConfig::new(width)
            .with_hidden(vec![256, 256])
            .with_output(CriticOutput::Identity)
            .with_dropout(0.0);
        critic.negative_slope = 0.0;
        let mut config = DependencyObjectiveConfig::new(DependencyMeasure::TotalCorrelation, width)
            .with_critic(critic)
            .with_learning_rate(5e-4);
        config.weight_decay = 0.0;
        let autodiff = device.clone().autodiff();
        Ok(Self {
            objective: config.init(seed::stream(0, "critic", 0), &autodiff)?,
            device: device.clone(),
            rng: seed::stream(0, "product", 0),
        })
    }
}

impl Work for Estimator {
    fn step(&mut self) {
        let normal = Distribution::Normal(0.0, 1.0);
        let sources: [Tensor<2>; 3] =
            [(); 3].map(|()| Tensor::random([Self::ROWS, Self::DIM], normal, &self.device));
        let variables = Self::ROOT.map(|weights| {
            let terms = weights.iter().zip(&sources);
            let terms = terms.map(|(&weight, source)| source.clone() * weight);
            terms.reduce(|sum, term| sum + term).expect("a variable")
        });
        let permutations =
            product_permutations(3, Self::ROWS, Shuffle::Uniform, &mut self.rng).expect("rows");
        let permuted = variables.iter().zip(permutations).map(|(variable, rows)| {
            let rows: Vec<i64> = rows.into_iter().map(|row| row as i64).collect();
            let rows = Tensor::from_data(TensorData::new(rows, [Self::ROWS]), &self.device);
            variable.clone().select(0, rows)
        });
        let product = Tensor::cat(permuted.collect(), 1);
        let joint = Tensor::cat(variables.into(), 1);
        let graph = |z: Tensor<2>| Tensor::from_inner(z);
        self.objective.update_critic(graph(joint), graph(product));
    }

    fn samples(&self) -> usize {
        Self::ROWS
    }
}
