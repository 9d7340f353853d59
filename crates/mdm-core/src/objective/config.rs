use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::DependencyObjective;
use crate::seed::ChaCha8Rng;
use crate::{CriticConfig, DependencyMeasure, Error, Lipschitz};

/// Settings of a [`DependencyObjective`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DependencyObjectiveConfig {
    /// What is maximised. Default: total correlation.
    pub measure: DependencyMeasure,
    /// The critic. Its `spectral_norm` is set from `lipschitz`; its dropout is off under any Lipschitz constraint.
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
        self.measure.check()?;
        self.lipschitz.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed;

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
            config.clone().with_lipschitz(Lipschitz::GradientPenalty {
                weight: f64::NAN,
                one_sided: false,
            }),
            DependencyObjectiveConfig::new(DependencyMeasure::Smile { tau: 0.0 }, 4),
        ] {
            let rng = seed::stream(0, "critic", 0);
            assert!(config.init(rng, &device).is_err());
        }
    }
}
