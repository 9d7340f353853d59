//! The critic T_θ, the paper's statistics network.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, activation, module::linear};
use serde::{Deserialize, Serialize};

use crate::lipschitz::SpectralNorm;
use crate::stochastic::{Mode, dropout};
use crate::{Error, init, seed::ChaCha8Rng};

/// What stands after the critic's last layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CriticOutput {
    /// A sigmoid, as in table 4 of the paper. Scores lie in (0, 1), which bounds the measures (total correlation and
    /// Wasserstein by 1, equation 7 by 1 − 1/e): a saturating dependence score, not an estimate in nats.
    #[default]
    Sigmoid,
    /// Nothing. The measures can reach their true value: the choice for estimation.
    Identity,
}

/// Settings of a [`Critic`].
///
/// # Example
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use mdm_core::{CriticConfig, seed, stochastic::Mode};
///
/// let device = Device::flex();
/// let critic = CriticConfig::new(64).init(&mut seed::stream(0, "critic", 0), &device).unwrap();
/// let scores = critic.forward(Tensor::zeros([8, 64], &device), &mut Mode::Eval);
/// assert_eq!(scores.dims(), [8]);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CriticConfig {
    /// Width d of the representation Z; at least 1.
    pub d_z: usize,
    /// What stands after the last layer. Default: sigmoid (table 4).
    pub output: CriticOutput,
    /// Dropout after every layer but the last, in [0, 1). Default: 0.4 (table 4).
    pub dropout: f64,
    /// Slope of the leaky ReLU below 0. Default: 0.01 (PyTorch's).
    pub negative_slope: f64,
    /// Divide each weight by its largest singular value. Default: off.
    pub spectral_norm: bool,
}

impl CriticConfig {
    /// The critic of table 4 for representations of width `d_z`.
    pub fn new(d_z: usize) -> Self {
        Self {
            d_z,
            output: CriticOutput::Sigmoid,
            dropout: 0.4,
            negative_slope: 0.01,
            spectral_norm: false,
        }
    }

    /// Replaces what stands after the last layer.
    pub fn with_output(mut self, output: CriticOutput) -> Self {
        self.output = output;
        self
    }

    /// Replaces the dropout probability.
    pub fn with_dropout(mut self, dropout: f64) -> Self {
        self.dropout = dropout;
        self
    }

    /// Switches spectral normalisation on or off.
    pub fn with_spectral_norm(mut self, spectral_norm: bool) -> Self {
        self.spectral_norm = spectral_norm;
        self
    }

    /// A freshly initialised critic.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a width of 0 or a dropout outside [0, 1).
    pub fn init(&self, rng: &mut ChaCha8Rng, device: &Device) -> Result<Critic, Error> {
        if self.d_z == 0 {
            return Err(Error::InvalidConfig {
                field: "d_z",
                expected: "at least 1",
                found: "0".into(),
            });
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(Error::InvalidConfig {
                field: "critic dropout",
                expected: "in [0, 1)",
                found: self.dropout.to_string(),
            });
        }
        let widths = Critic::widths(self.d_z);
        let layers: Vec<Linear> = widths
            .windows(2)
            .map(|pair| init::linear(pair[0], pair[1], rng, device))
            .collect();
        let spectral_norm = if self.spectral_norm {
            layers
                .iter()
                .map(|layer| SpectralNorm::init(&layer.weight, rng))
                .collect()
        } else {
            Vec::new()
        };
        Ok(Critic {
            layers,
            spectral_norm,
            output: self.output,
            dropout: self.dropout,
            negative_slope: self.negative_slope,
        })
    }
}

/// The critic T_θ of table 4: six linear layers with leaky ReLU and dropout between them.
///
/// Widths `d → d/2 → d → d → d/4 → d/4 → 1` (integer division, at least 1).
#[derive(Module, Debug)]
pub struct Critic {
    /// The linear layers, first to last; weights are `[in, out]`.
    pub layers: Vec<Linear>,
    /// One power iteration a layer, or none.
    spectral_norm: Vec<SpectralNorm>,
    #[module(skip)]
    output: CriticOutput,
    dropout: f64,
    negative_slope: f64,
}

impl Critic {
    /// The seven widths of a critic on representations of width `d`.
    pub fn widths(d: usize) -> [usize; 7] {
        let half = (d / 2).max(1);
        let quarter = (d / 4).max(1);
        [d, half, d, d, quarter, quarter, 1]
    }

    /// Scores a batch of representations.
    ///
    /// # Shapes
    ///
    /// - `z`: `[batch, d_z]`
    /// - output: `[batch]`
    pub fn forward(&self, z: Tensor<2>, mode: &mut Mode) -> Tensor<1> {
        let last = self.layers.len() - 1;
        let mut x = z;
        for (index, layer) in self.layers.iter().enumerate() {
            x = linear(x, self.weight(index), layer.bias.as_ref().map(Param::val));
            if index < last {
                x = activation::leaky_relu(x, self.negative_slope);
                x = dropout(x, self.dropout, mode);
            }
        }
        let scores = x.squeeze_dim::<1>(1);
        match self.output {
            CriticOutput::Sigmoid => activation::sigmoid(scores),
            CriticOutput::Identity => scores,
        }
    }

    fn weight(&self, index: usize) -> Tensor<2> {
        let weight = self.layers[index].weight.val();
        match self.spectral_norm.get(index) {
            Some(spectral_norm) => spectral_norm.apply(weight),
            None => weight,
        }
    }

    /// Brings the power iterations up to date with the weights, after an optimiser step. Does nothing to a critic
    /// without spectral normalisation.
    pub(crate) fn refresh_spectral_norm(mut self, iterations: usize) -> Self {
        for (state, layer) in self.spectral_norm.iter_mut().zip(&self.layers) {
            *state = state.clone().refresh(layer.weight.val(), iterations);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed;

    #[test]
    fn parameter_counts_of_table_4() {
        let device = Device::flex();
        for (d, parameters) in [(768, 1_366_465), (128, 38_305), (64, 9_681)] {
            let critic = CriticConfig::new(d)
                .init(&mut seed::stream(0, "critic", 0), &device)
                .unwrap();
            assert_eq!(critic.num_params(), parameters);
        }
    }

    #[test]
    fn sigmoid_keeps_scores_between_0_and_1() {
        let device = Device::flex();
        let critic = CriticConfig::new(5)
            .init(&mut seed::stream(0, "critic", 0), &device)
            .unwrap();
        let scores = critic.forward(Tensor::full([3, 5], 1e3, &device), &mut Mode::Eval);
        let scores = scores.try_into_vec_as::<f32>().unwrap();
        assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)));
    }

    #[test]
    fn a_spectrally_normalised_critic_is_1_lipschitz() {
        let device = Device::flex();
        let mut rng = seed::stream(3, "critic", 0);
        let config = CriticConfig::new(16)
            .with_output(CriticOutput::Identity)
            .with_spectral_norm(true);
        let mut critic = config.init(&mut rng, &device).unwrap();
        // Far from normalised weights.
        for layer in &mut critic.layers {
            layer.weight = layer.weight.clone().map(|weight| weight * 20.0);
        }
        let critic = critic.refresh_spectral_norm(50);
        let a = init::uniform([64, 16], 3.0, &mut rng, &device).val();
        let b = init::uniform([64, 16], 3.0, &mut rng, &device).val();
        let rise = (critic.forward(a.clone(), &mut Mode::Eval)
            - critic.forward(b.clone(), &mut Mode::Eval))
        .abs();
        let run = (a - b).square().sum_dim(1).sqrt().squeeze_dim::<1>(1);
        let slope: f32 = (rise / run).max().into_scalar();
        assert!(slope <= 1.001, "slope {slope}");
    }

    #[test]
    fn wrong_settings_are_errors() {
        let device = Device::flex();
        let mut rng = seed::stream(0, "critic", 0);
        assert!(CriticConfig::new(0).init(&mut rng, &device).is_err());
        let config = CriticConfig::new(4).with_dropout(1.0);
        assert!(config.init(&mut rng, &device).is_err());
    }
}
