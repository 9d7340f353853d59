//! The dependency objective: a critic, its optimiser and a measure, for anybody's training loop.

use burn::module::Module;
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::lipschitz::clip_weights;
use crate::seed::ChaCha8Rng;
use crate::stochastic::Mode;
use crate::{Critic, CriticConfig, DependencyMeasure, Error, Lipschitz};

/// Settings of a [`DependencyObjective`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DependencyObjectiveConfig {
    /// What is maximised. Default: total correlation.
    pub measure: DependencyMeasure,
    /// The critic. Its `spectral_norm` is set from `lipschitz`.
    pub critic: CriticConfig,
    /// How the critic is kept Lipschitz. Default: not at all.
    pub lipschitz: Lipschitz,
    /// Learning rate of the critic's AdamW; above 0. Default: 1e-3 (inside the paper's grid).
    pub learning_rate: f64,
    /// AdamW's decoupled weight decay; at least 0. Default: 0.01 (PyTorch's).
    pub weight_decay: f64,
    /// AdamW's β₁ and β₂. Default: 0.9 and 0.999.
    pub betas: [f64; 2],
    /// AdamW's ε. Default: 1e-8 (PyTorch's).
    pub epsilon: f64,
}

impl DependencyObjectiveConfig {
    /// The paper's critic for representations of width `d_z`, ascending `measure`.
    pub fn new(measure: DependencyMeasure, d_z: usize) -> Self {
        Self {
            measure,
            critic: CriticConfig::new(d_z),
            lipschitz: Lipschitz::None,
            learning_rate: 1e-3,
            weight_decay: 0.01,
            betas: [0.9, 0.999],
            epsilon: 1e-8,
        }
    }

    /// Replaces the critic's settings.
    pub fn with_critic(mut self, critic: CriticConfig) -> Self {
        self.critic = critic;
        self
    }

    /// Replaces the Lipschitz constraint.
    pub fn with_lipschitz(mut self, lipschitz: Lipschitz) -> Self {
        self.lipschitz = lipschitz;
        self
    }

    /// Replaces the critic's learning rate.
    pub fn with_learning_rate(mut self, learning_rate: f64) -> Self {
        self.learning_rate = learning_rate;
        self
    }

    /// A fresh objective on `device`, which must have autodiff on. All its randomness (initial weights, dropout) comes
    /// from `rng`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a setting outside its range.
    pub fn init(&self, mut rng: ChaCha8Rng, device: &Device) -> Result<DependencyObjective, Error> {
        self.check()?;
        let spectral = matches!(self.lipschitz, Lipschitz::SpectralNorm { .. });
        let critic = self
            .critic
            .clone()
            .with_spectral_norm(spectral)
            .init(&mut rng, device)?;
        Ok(DependencyObjective::new(self, critic, rng))
    }

    fn check(&self) -> Result<(), Error> {
        let invalid = |field, expected, found: f64| {
            Err(Error::InvalidConfig {
                field,
                expected,
                found: found.to_string(),
            })
        };
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return invalid(
                "critic learning rate",
                "a positive number",
                self.learning_rate,
            );
        }
        if !(self.weight_decay >= 0.0 && self.weight_decay.is_finite()) {
            return invalid(
                "critic weight decay",
                "0 or a positive number",
                self.weight_decay,
            );
        }
        match self.lipschitz {
            Lipschitz::WeightClipping { limit } if limit.is_nan() || limit <= 0.0 => {
                invalid("weight clipping limit", "a positive number", limit)
            }
            Lipschitz::SpectralNorm { iterations: 0 } => {
                invalid("spectral norm iterations", "at least 1", 0.0)
            }
            _ => Ok(()),
        }
    }
}

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
    lipschitz: Lipschitz,
    learning_rate: f64,
    rng: ChaCha8Rng,
}

impl DependencyObjective {
    /// An objective around a critic that exists already (a loaded one, say).
    pub fn new(config: &DependencyObjectiveConfig, critic: Critic, rng: ChaCha8Rng) -> Self {
        let [beta_1, beta_2] = config.betas;
        let optimizer = AdamWConfig::new()
            .with_beta_1(beta_1 as f32)
            .with_beta_2(beta_2 as f32)
            .with_epsilon(config.epsilon as f32)
            .with_weight_decay(config.weight_decay as f32)
            .init();
        Self {
            critic,
            optimizer,
            measure: config.measure,
            lipschitz: config.lipschitz,
            learning_rate: config.learning_rate,
            rng,
        }
    }

    /// One ascent step of the critic on the measure. Returns the measure as it was before the step (nats for the
    /// Kullback–Leibler family), off the graph; reading it is left to the caller, since that waits for the device.
    ///
    /// No gradient reaches `z_joint` and `z_product`: give it representations computed without a graph.
    ///
    /// # Shapes
    ///
    /// - `z_joint`: `[n, d_z]`, representations of samples of the joint law
    /// - `z_product`: `[m, d_z]`, of the product of the marginals
    /// - output: `[1]`
    pub fn update_critic(&mut self, z_joint: Tensor<2>, z_product: Tensor<2>) -> Tensor<1> {
        let mode = &mut Mode::Train(&mut self.rng);
        let scores_joint = self.critic.forward(z_joint.detach(), mode);
        let scores_product = self.critic.forward(z_product.detach(), mode);
        let value = self.measure.value(scores_joint, scores_product);

        let mut gradients = value.clone().neg().backward();
        let gradients = GradientsParams::from_module(&mut gradients, &self.critic);
        let critic = self
            .optimizer
            .step(self.learning_rate, self.critic.clone(), gradients);
        self.critic = match self.lipschitz {
            Lipschitz::None => critic,
            Lipschitz::WeightClipping { limit } => clip_weights(critic, limit),
            Lipschitz::SpectralNorm { iterations } => critic.refresh_spectral_norm(iterations),
        };
        value.inner()
    }

    /// The measure under the critic as it stands, for the encoder's loss: subtract λ times it.
    ///
    /// The critic is frozen (no gradient, no dropout); the gradient flows through both `z_joint` and `z_product`.
    ///
    /// # Shapes
    ///
    /// - `z_joint`: `[n, d_z]`
    /// - `z_product`: `[m, d_z]`
    /// - output: `[1]`
    pub fn penalty(&self, z_joint: Tensor<2>, z_product: Tensor<2>) -> Tensor<1> {
        let critic = self.critic.valid();
        let scores_joint = critic.forward(z_joint, &mut Mode::Eval);
        let scores_product = critic.forward(z_product, &mut Mode::Eval);
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
    use super::*;
    use crate::critic::CriticOutput;
    use crate::{init, seed};

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
        let critic = CriticConfig::new(D_Z)
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
    fn a_spectrally_normalised_critic_measures_a_shift() {
        let lipschitz = Lipschitz::SpectralNorm { iterations: 1 };
        let distance = trained(lipschitz, DependencyMeasure::Wasserstein, 2.0);
        // The distance is 2; 256 samples a cloud leave an error of about 0.09.
        assert!((distance - 2.0).abs() < 0.25, "{distance}");
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
            DependencyMeasure::FDivergence(crate::measure::FDivergence::Kl),
        ] {
            let none = trained(Lipschitz::None, measure, 0.0);
            // Two unit Gaussians one apart: a divergence of 0.5 nats.
            let some = trained(Lipschitz::None, measure, 1.0);
            assert!(none.abs() < 0.1, "{measure}: {none}");
            assert!((some - 0.5).abs() < 0.2, "{measure}: {some}");
        }
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

    #[test]
    fn wrong_settings_are_errors() {
        let device = Device::flex().autodiff();
        let config = DependencyObjectiveConfig::new(DependencyMeasure::Wasserstein, 4);
        for config in [
            config.clone().with_learning_rate(0.0),
            config
                .clone()
                .with_lipschitz(Lipschitz::WeightClipping { limit: -1.0 }),
            config
                .clone()
                .with_lipschitz(Lipschitz::SpectralNorm { iterations: 0 }),
        ] {
            let rng = seed::stream(0, "critic", 0);
            assert!(config.init(rng, &device).is_err());
        }
    }
}
