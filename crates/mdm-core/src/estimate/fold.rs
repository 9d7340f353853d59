//! One critic: fitted to some samples, chosen on others, asked about the rest.

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use rand::seq::SliceRandom;
use serde::Serialize;

use super::config::EstimatorConfig;
use super::gaussian::{GaussianLogRatio, second_moments};
use super::held_out::HeldOut;
use super::link::{Link, Rows};
use super::network::{GaussianPart, Network, Scorer};
use crate::lipschitz::{GRADIENT_NORM_EPSILON, gradient_penalty};
use crate::measure::{CriticValue, info_nce, jensen_shannon};
use crate::seed::ChaCha8Rng;
use crate::{AdamW, DependencyMeasure, Error, Lipschitz};

/// Product samples for each validation sample, and the most validation samples there are.
const VALIDATION_PRODUCTS: usize = 16;
const VALIDATION_SAMPLES: usize = 8192;

/// AdamW's ε: Burn's default.
const EPSILON: f32 = 1e-5;

/// A point of the training curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CurvePoint {
    /// Optimiser steps so far.
    pub step: usize,
    /// The measure on the batch of the last step; `None` before the first one.
    pub batch: Option<f64>,
    /// The measure on the validation samples.
    pub validation: f64,
}

/// What training a fold left behind.
pub(super) struct Fold {
    pub held_out: HeldOut,
    pub curve: Vec<CurvePoint>,
    /// Whether validation had stopped improving before the steps ran out.
    pub stopped_early: bool,
}

/// Which samples a fold uses for what.
pub(super) struct Split {
    pub train: Vec<usize>,
    pub validation: Vec<usize>,
    pub held_out: Vec<usize>,
}

/// Trains the critic of one fold and scores the samples it has not seen.
pub(super) fn run(
    link: &Link,
    split: &Split,
    config: &EstimatorConfig,
    mut rng: ChaCha8Rng,
    device: &Device,
) -> Result<Fold, Error> {
    let inner = device.clone().without_autodiff();
    let scorer = Scorer {
        link,
        gaussian: GaussianPart::new(config, || gaussian_log_ratio(link, split), &inner),
    };
    let mut network = Network::init(config, &link.input_dims(), &mut rng, device)?;
    if scorer.gaussian.is_some() {
        network = network.silenced();
    }
    let validation = Validation::new(link, split, config, &mut rng)?;
    let mut ascent = Ascent {
        scorer: &scorer,
        config,
        device,
        critic_value: CriticValue::default(),
    };
    let adamw = AdamW {
        epsilon: EPSILON,
        weight_decay: config.weight_decay as f32,
        ..AdamW::default()
    };
    let mut optimizer = ModuleOptimizer::from(adamw);
    let mut batches = Batches::new(split.train.clone(), config.batch_size);

    let mut average = network.valid();
    let first = validation.value(&scorer, &average, config, &inner);
    let mut curve = vec![CurvePoint {
        step: 0,
        batch: None,
        validation: first,
    }];
    let mut best = (first, 0, average.clone());
    let mut stopped_early = false;
    for step in 1..=config.max_steps {
        let rows = batches.next(&mut rng);
        let value = ascent.value(&network, rows, &mut rng)?;
        let mut loss = value.clone().neg();
        if let Some(penalty) = ascent.gradient_penalty(&network, rows, &mut rng)? {
            loss = loss + penalty;
        }
        let mut gradients = loss.backward();
        let gradients = GradientsParams::from_module(&mut gradients, &network);
        network = optimizer.step(learning_rate(config, step), network, gradients);
        if let Network::Mlp(critic) = network {
            network = Network::Mlp(config.lipschitz().restrict(critic));
        }

        average = match config.lipschitz() {
            // The plain mean of the first steps, then a running one.
            Lipschitz::None => {
                average.moved_to(&network, config.averaging.max(1.0 / (step + 1) as f64))
            }
            // A mean of constrained weights need not meet the constraint.
            _ => network.valid(),
        };

        if step % config.check_every == 0 || step == config.max_steps {
            let now = validation.value(&scorer, &average, config, &inner);
            curve.push(CurvePoint {
                step,
                batch: Some(f64::from(value.into_scalar::<f32>())),
                validation: now,
            });
            // An undefined first value loses to any other.
            if now > best.0 || best.0.is_nan() {
                best = (now, step, average.clone());
            } else if step >= best.1 + config.patience * config.check_every {
                stopped_early = true;
                break;
            }
        }
    }
    let range = validation.range(&scorer, &best.2, &inner);
    let held_out = HeldOut::new(&scorer, &best.2, split, range, config, &mut rng, &inner)?;
    Ok(Fold {
        held_out,
        curve,
        stopped_early,
    })
}

fn gaussian_log_ratio(link: &Link, split: &Split) -> GaussianLogRatio {
    let dims = link.dims();
    let d = dims.iter().sum();
    let train = second_moments(&link.host, d, &split.train);
    let validation = second_moments(&link.host, d, &split.validation);
    GaussianLogRatio::fit(&train, split.train.len(), &validation, &dims)
}

/// What a step of the critic ascends.
struct Ascent<'a> {
    scorer: &'a Scorer<'a>,
    config: &'a EstimatorConfig,
    device: &'a Device,
    /// With MINE's running mean over the steps.
    critic_value: CriticValue,
}

impl Ascent<'_> {
    /// The measure on the rows and on product samples of them.
    fn value(
        &mut self,
        network: &Network,
        rows: &[usize],
        rng: &mut ChaCha8Rng,
    ) -> Result<Tensor<1>, Error> {
        let (link, measure) = (self.scorer.link, self.config.measure);
        if measure == DependencyMeasure::InfoNce
            && let Some(scores) = self.scorer.score_matrix(network, rows, self.device)
        {
            return Ok(info_nce(scores));
        }
        let product = link.product(rows, self.config.products(), rng)?;
        let scores_joint = self.scorer.scores(network, &link.joint(rows), self.device);
        let scores_product = self.scorer.scores(network, &product, self.device);
        Ok(self
            .critic_value
            .next(measure, scores_joint, scores_product))
    }

    /// The weighted gradient penalty between the rows and product samples of them, where the config has one.
    fn gradient_penalty(
        &self,
        network: &Network,
        rows: &[usize],
        rng: &mut ChaCha8Rng,
    ) -> Result<Option<Tensor<1>>, Error> {
        let Lipschitz::GradientPenalty { weight, one_sided } = self.config.lipschitz() else {
            return Ok(None);
        };
        let Network::Mlp(critic) = network else {
            return Ok(None); // EstimatorConfig::check lets no other network have a constraint.
        };
        let link = self.scorer.link;
        let z = |rows| Tensor::from_inner(Tensor::cat(link.inputs(&rows), 1));
        let (joint, product) = (z(link.joint(rows)), z(link.product(rows, 1, rng)?));
        let u: Vec<f32> = (0..rows.len()).map(|_| rng.random()).collect();
        let device = self.device.clone().without_autodiff();
        let u = Tensor::from_data(TensorData::new(u, [rows.len(), 1]), &device);
        let penalty = gradient_penalty(critic, joint, product, u, one_sided, GRADIENT_NORM_EPSILON);
        Ok(Some(penalty * weight))
    }
}

/// Falls from the config's value to 0 along a half cosine.
fn learning_rate(config: &EstimatorConfig, step: usize) -> f64 {
    let done = (step - 1) as f64 / config.max_steps as f64;
    config.learning_rate * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
}

/// The samples that choose among the critics of a training run.
struct Validation {
    joint: Rows,
    product: Rows,
}

impl Validation {
    fn new(
        link: &Link,
        split: &Split,
        config: &EstimatorConfig,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, Error> {
        let rows = &split.validation[..split.validation.len().min(VALIDATION_SAMPLES)];
        let products = VALIDATION_PRODUCTS.max(config.products());
        Ok(Self {
            joint: link.joint(rows),
            product: link.product(rows, products, rng)?,
        })
    }

    fn value(
        &self,
        scorer: &Scorer,
        network: &Network,
        config: &EstimatorConfig,
        device: &Device,
    ) -> f64 {
        let scores_joint = scorer.scores(network, &self.joint, device);
        let scores_product = scorer.scores(network, &self.product, device);
        let value = match config.measure {
            // The bound that trains the critic says better than the clipped one which critic is best.
            DependencyMeasure::Smile { .. } => jensen_shannon(scores_joint, scores_product),
            measure => measure.value(scores_joint, scores_product),
        };
        f64::from(value.into_scalar::<f32>())
    }

    /// The lowest score of a joint sample and the highest score of any.
    fn range(&self, scorer: &Scorer, network: &Network, device: &Device) -> [f32; 2] {
        let scores_joint = scorer.scores(network, &self.joint, device);
        let scores_product = scorer.scores(network, &self.product, device);
        let highest = scores_joint.clone().max().max_pair(scores_product.max());
        [scores_joint.min().into_scalar(), highest.into_scalar()]
    }
}

/// Batches of the training rows, shuffled anew for every pass; a last one that is not full is left out.
struct Batches {
    rows: Vec<usize>,
    size: usize,
    next: usize,
}

impl Batches {
    fn new(rows: Vec<usize>, size: usize) -> Self {
        Self {
            size: size.min(rows.len()),
            next: rows.len(),
            rows,
        }
    }

    fn next(&mut self, rng: &mut ChaCha8Rng) -> &[usize] {
        if self.next + self.size > self.rows.len() {
            self.rows.shuffle(rng);
            self.next = 0;
        }
        self.next += self.size;
        &self.rows[self.next - self.size..self.next]
    }
}
