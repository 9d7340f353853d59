//! The dependency objective: a critic, its optimiser and a measure, for anybody's training loop.

mod config;

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Tensor, TensorData};
use rand::RngExt;

pub use config::DependencyObjectiveConfig;

use crate::lipschitz::{GRADIENT_NORM_EPSILON, gradient_penalty};
use crate::measure::CriticValue;
use crate::seed::ChaCha8Rng;
use crate::stochastic::Mode;
use crate::{AdamW, Critic, DependencyMeasure, Lipschitz};

/// A critic, its AdamW and a measure: the dependency term of a loss.
///
/// In a training loop, first let the critic ascend a few times ([`update_critic`](Self::update_critic)), then subtract
/// λ times the [`penalty`](Self::penalty) from the loss of the encoder.
///
/// # Example
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use mdm_core::{DependencyMeasure, DependencyObjectiveConfig, seed};
///
/// let device = Device::flex().autodiff();
/// let config = DependencyObjectiveConfig::new(DependencyMeasure::TotalCorrelation, 4);
/// let mut objective = config.init(seed::stream(0, "critic", 0), &device).unwrap();
///
/// // Representations of a batch, and of the same batch with its modalities permuted against each other.
/// let z_joint = Tensor::<2>::ones([8, 4], &device).require_grad();
/// let z_product = Tensor::<2>::zeros([8, 4], &device);
///
/// for _ in 0..3 {
///     objective.update_critic(z_joint.clone(), z_product.clone());
/// }
/// let loss = objective.penalty(z_joint.clone(), z_product) * -0.1;
/// let gradients = loss.backward();
/// assert!(z_joint.grad(&gradients).is_some());
/// ```
pub struct DependencyObjective {
    critic: Critic,
    optimizer: ModuleOptimizer,
    measure: DependencyMeasure,
    /// With MINE's running mean over the critic's updates.
    critic_value: CriticValue,
    lipschitz: Lipschitz,
    learning_rate: f64,
    rng: ChaCha8Rng,
}

impl DependencyObjective {
    /// An objective around a critic that exists already (a loaded one, say).
    pub fn new(config: &DependencyObjectiveConfig, critic: Critic, rng: ChaCha8Rng) -> Self {
        let adamw = AdamW {
            betas: config.betas.map(|beta| beta as f32),
            epsilon: config.epsilon as f32,
            weight_decay: config.weight_decay as f32,
        };
        Self {
            critic,
            optimizer: adamw.into(),
            measure: config.measure,
            critic_value: CriticValue::default(),
            lipschitz: config.lipschitz,
            learning_rate: config.learning_rate,
            rng,
        }
    }

    /// One ascent step of the critic on the measure. Returns the measure as it was before the step (nats for the
    /// Kullback–Leibler family), off the graph; reading it is left to the caller, since that waits for the device.
    ///
    /// Under [`DependencyMeasure::Mine`] the step also moves the running mean that corrects the gradient. Under
    /// [`Lipschitz::GradientPenalty`] the critic ascends `measure − weight · gradient_penalty`. Dropout works only
    /// without a Lipschitz constraint (see [`Lipschitz`]).
    ///
    /// No gradient reaches `z_joint` and `z_product`: give it representations computed without a graph.
    ///
    /// # Shapes
    ///
    /// - `z_joint`: `[n, d_z]`, representations of samples of the joint law
    /// - `z_product`: `[m, d_z]`, of the product of the marginals
    /// - output: `[1]`
    ///
    /// # Panics
    ///
    /// Under [`DependencyMeasure::InfoNce`], when m is no multiple of n.
    pub fn update_critic(&mut self, z_joint: Tensor<2>, z_product: Tensor<2>) -> Tensor<1> {
        let (z_joint, z_product) = (z_joint.detach(), z_product.detach());
        let mode = &mut match self.lipschitz {
            Lipschitz::None => Mode::Train(&mut self.rng),
            _ => Mode::Eval,
        };
        let [scores_joint, scores_product] =
            (self.critic).forward_both(z_joint.clone(), z_product.clone(), mode);
        let value = (self.critic_value).next(self.measure, scores_joint, scores_product);
        let loss = match self.lipschitz {
            Lipschitz::GradientPenalty { weight, one_sided } => {
                value.clone().neg() + self.gradient_penalty(z_joint, z_product, one_sided) * weight
            }
            _ => value.clone().neg(),
        };

        let mut gradients = loss.backward();
        let gradients = GradientsParams::from_module(&mut gradients, &self.critic);
        // Moved out, so that no other reference makes the optimiser copy the parameters.
        let critic = std::mem::replace(&mut self.critic, Critic::without_layers());
        let critic = (self.optimizer).step(self.learning_rate, critic, gradients);
        self.critic = self.lipschitz.restrict(critic);
        value.inner()
    }

    fn gradient_penalty(
        &mut self,
        z_joint: Tensor<2>,
        z_product: Tensor<2>,
        one_sided: bool,
    ) -> Tensor<1> {
        let rows = z_joint.dims()[0].max(z_product.dims()[0]);
        let u: Vec<f32> = (0..rows).map(|_| self.rng.random()).collect();
        let device = z_joint.device().without_autodiff();
        let u = Tensor::from_data(TensorData::new(u, [rows, 1]), &device);
        let epsilon = GRADIENT_NORM_EPSILON;
        gradient_penalty(&self.critic, z_joint, z_product, u, one_sided, epsilon)
    }

    /// The measure under the critic as it stands, for the encoder's loss: subtract λ times it.
    ///
    /// The critic is frozen (no gradient, no dropout); the gradient flows through both `z_joint` and `z_product`. It is
    /// that of [`DependencyMeasure::value`]: MINE's running mean belongs to the critic's updates and is not used here.
    ///
    /// # Shapes
    ///
    /// - `z_joint`: `[n, d_z]`
    /// - `z_product`: `[m, d_z]`
    /// - output: `[1]`
    pub fn penalty(&self, z_joint: Tensor<2>, z_product: Tensor<2>) -> Tensor<1> {
        let critic = self.critic.valid();
        let [scores_joint, scores_product] =
            critic.forward_both(z_joint, z_product, &mut Mode::Eval);
        self.measure.value(scores_joint, scores_product)
    }

    /// T_θ of each sample, off the graph: how much the critic takes it for one of the joint law.
    ///
    /// # Shapes
    ///
    /// - `z`: `[n, d_z]`
    /// - output: `[n]`
    pub fn scores(&self, z: Tensor<2>) -> Tensor<1> {
        self.critic.valid().forward(z.inner(), &mut Mode::Eval)
    }

    /// The critic.
    pub fn critic(&self) -> &Critic {
        &self.critic
    }

    /// The measure.
    pub fn measure(&self) -> DependencyMeasure {
        self.measure
    }

    /// Starts a new stream of dropout masks: called at the start of an epoch, it makes the rest of a run independent
    /// of how it got there.
    pub fn reseed(&mut self, rng: ChaCha8Rng) {
        self.rng = rng;
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::measure::{FDivergence, MINE_RATE, SMILE_TAU};
    use crate::{CriticConfig, CriticOutput, init, seed};

    const D_Z: usize = 16;

    /// Two nearly Gaussian clouds of unit variance, a distance of `shift` apart along the first axis.
    fn clouds(shift: f64, device: &Device, index: u64) -> (Tensor<2>, Tensor<2>) {
        let mut rng = seed::stream(5, "clouds", index);
        let mut uniform = || {
            init::uniform([256, D_Z], 1.0, &mut rng, device)
                .val()
                .inner()
        };
        let mut cloud = || Tensor::from_inner(uniform() + uniform() + uniform());
        let along = Tensor::<2>::eye(D_Z, device).narrow(0, 0, 1);
        (cloud() + along * shift, cloud())
    }

    fn trained(lipschitz: Lipschitz, measure: DependencyMeasure, shift: f64) -> f32 {
        let device = Device::flex().autodiff();
        // Shallower than table 4, which needs about twice the updates under a gradient penalty.
        let critic = CriticConfig::new(D_Z)
            .with_hidden(vec![32, 32])
            .with_output(CriticOutput::Identity)
            .with_dropout(0.0);
        let config = DependencyObjectiveConfig::new(measure, D_Z)
            .with_critic(critic)
            .with_lipschitz(lipschitz)
            .with_learning_rate(3e-3);
        let mut objective = config.init(seed::stream(1, "critic", 0), &device).unwrap();
        for step in 0..300 {
            let (joint, product) = clouds(shift, &device, step);
            objective.update_critic(joint, product);
        }
        let (joint, product) = clouds(shift, &device, 1_000_000);
        objective.penalty(joint, product).into_scalar()
    }

    #[test]
    fn a_constrained_critic_measures_a_shift() {
        let gradient_penalty = |one_sided| Lipschitz::GradientPenalty {
            weight: Lipschitz::GRADIENT_PENALTY_WEIGHT,
            one_sided,
        };
        // Two clouds 2 apart. A gradient penalty of weight 10 lets the slope rise to 1 + 2 / (2 · 10).
        for (lipschitz, slope) in [
            (Lipschitz::SpectralNorm { iterations: 1 }, 1.0),
            (gradient_penalty(false), 1.1),
            (gradient_penalty(true), 1.1),
        ] {
            let distance = trained(lipschitz, DependencyMeasure::Wasserstein, 2.0) / slope;
            // 256 samples a cloud leave an error of about 0.09.
            assert!((distance - 2.0).abs() < 0.2, "{lipschitz:?}: {distance}");
        }
    }

    #[test]
    fn weight_clipping_bounds_the_wasserstein_critic() {
        let clipped = trained(
            Lipschitz::WeightClipping { limit: 0.05 },
            DependencyMeasure::Wasserstein,
            2.0,
        );
        let free = trained(Lipschitz::None, DependencyMeasure::Wasserstein, 2.0);
        assert!(clipped < 1.0 && free > 10.0, "{clipped} {free}");
    }

    #[test]
    fn the_same_law_twice_is_no_dependence_and_different_laws_are() {
        for measure in [
            DependencyMeasure::TotalCorrelation,
            DependencyMeasure::Mine { rate: MINE_RATE },
            DependencyMeasure::Smile { tau: SMILE_TAU },
            DependencyMeasure::FDivergence(FDivergence::Kl),
        ] {
            let none = trained(Lipschitz::None, measure, 0.0);
            // Two unit Gaussians one apart: a divergence of 0.5 nats.
            let some = trained(Lipschitz::None, measure, 1.0);
            assert!(none.abs() < 0.1, "{measure}: {none}");
            assert!((some - 0.5).abs() < 0.2, "{measure}: {some}");
        }
    }

    #[test]
    fn every_measure_takes_a_step() {
        let device = Device::flex().autodiff();
        let (joint, product) = clouds(1.0, &device, 0);
        for measure in DependencyMeasure::ALL {
            let config = DependencyObjectiveConfig::new(measure, D_Z);
            let mut objective = config.init(seed::stream(1, "critic", 0), &device).unwrap();
            for _ in 0..2 {
                let value = objective.update_critic(joint.clone(), product.clone());
                assert!(value.into_scalar::<f32>().is_finite(), "{measure}");
            }
            let penalty = objective.penalty(joint.clone(), product.clone());
            assert!(penalty.into_scalar::<f32>().is_finite(), "{measure}");
        }
    }

    #[test]
    fn the_running_mean_of_mine_follows_the_updates() {
        let device = Device::flex().autodiff();
        let measure = DependencyMeasure::Mine { rate: 0.5 };
        let config = DependencyObjectiveConfig::new(measure, D_Z)
            .with_critic(CriticConfig::new(D_Z).with_dropout(0.0));
        let mut objective = config.init(seed::stream(1, "critic", 0), &device).unwrap();
        let mut running: Option<f32> = None;
        for step in 0..3 {
            let (joint, product) = clouds(1.0, &device, step);
            let batch: f32 = objective.scores(product.clone()).exp().mean().into_scalar();
            running = Some(running.map_or(batch, |running| 0.5 * (running + batch)));
            objective.update_critic(joint, product);
            let log_mean: f32 = objective
                .critic_value
                .log_mean
                .clone()
                .unwrap()
                .into_scalar();
            assert!((log_mean - running.unwrap().ln()).abs() < 1e-5, "{step}");
        }
    }

    #[test]
    fn a_constrained_critic_trains_without_dropout() {
        let device = Device::flex().autodiff();
        let (joint, product) = clouds(1.0, &device, 0);
        let value = |lipschitz, dropout| {
            let critic = CriticConfig::new(D_Z).with_dropout(dropout);
            let config = DependencyObjectiveConfig::new(DependencyMeasure::Wasserstein, D_Z)
                .with_critic(critic)
                .with_lipschitz(lipschitz);
            let mut objective = config.init(seed::stream(1, "critic", 0), &device).unwrap();
            let value = objective.update_critic(joint.clone(), product.clone());
            value.into_scalar::<f32>()
        };
        for lipschitz in [
            Lipschitz::WeightClipping { limit: 0.1 },
            Lipschitz::SpectralNorm { iterations: 1 },
            Lipschitz::GRADIENT_PENALTY,
        ] {
            assert_eq!(value(lipschitz, 0.4), value(lipschitz, 0.0));
        }
        assert_ne!(value(Lipschitz::None, 0.4), value(Lipschitz::None, 0.0));
    }

    #[test]
    fn a_gradient_penalty_takes_batches_of_different_sizes() {
        let device = Device::flex().autodiff();
        let (joint, product) = clouds(1.0, &device, 0);
        let config = DependencyObjectiveConfig::new(DependencyMeasure::InfoNce, D_Z)
            .with_lipschitz(Lipschitz::GRADIENT_PENALTY);
        let mut objective = config.init(seed::stream(1, "critic", 0), &device).unwrap();
        let value = objective.update_critic(joint.narrow(0, 0, 64), product);
        assert!(value.into_scalar::<f32>().is_finite());
    }

    #[test]
    fn the_penalty_leaves_the_critic_alone() {
        let device = Device::flex().autodiff();
        let config = DependencyObjectiveConfig::new(DependencyMeasure::TotalCorrelation, D_Z);
        let objective = config.init(seed::stream(1, "critic", 0), &device).unwrap();
        let (joint, product) = clouds(1.0, &device, 0);
        let (joint, product) = (joint.detach().require_grad(), product.require_grad());
        let mut gradients = objective.penalty(joint.clone(), product.clone()).backward();
        assert!(joint.grad(&gradients).is_some() && product.grad(&gradients).is_some());
        let of_critic = GradientsParams::from_module(&mut gradients, objective.critic());
        assert!(of_critic.is_empty());
    }
}
