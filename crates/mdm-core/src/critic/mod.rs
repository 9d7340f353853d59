//! The critic T_θ, the paper's statistics network, and two forms of it for pairs of variables.
//!
//! [`Critic`] scores one representation and is what the dependency objective trains. [`SeparableCritic`] and
//! [`BilinearCritic`] score two variables given apart, and all pairs of a batch at once, as
//! [`info_nce`](crate::measure::info_nce) wants them. All are built from one stack of layers, [`Mlp`].

mod bilinear;
mod mlp;
mod separable;

use burn::module::Module;
use burn::tensor::{Device, Tensor, activation};
use serde::{Deserialize, Serialize};

pub use bilinear::{BilinearCritic, BilinearCriticConfig};
pub use mlp::{Mlp, MlpConfig};
pub use separable::{SeparableCritic, SeparableCriticConfig};

use crate::stochastic::Mode;
use crate::{Error, seed::ChaCha8Rng};

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
#[serde(from = "Written")]
pub struct CriticConfig {
    /// Width d of the representation Z; at least 1.
    pub d_z: usize,
    /// Widths of the hidden layers, first to last; each at least 1, none for a linear critic. Default: those of
    /// table 4, [`table_4_hidden`](Self::table_4_hidden).
    pub hidden: Vec<usize>,
    /// What stands after the last layer. Default: sigmoid (table 4).
    pub output: CriticOutput,
    /// Dropout after every layer but the last, in [0, 1). Default: 0.4 (table 4).
    pub dropout: f64,
    /// Slope of the leaky ReLU below 0. Default: 0.01 (PyTorch's).
    pub negative_slope: f64,
    /// Divide each weight by its largest singular value. Default: off.
    pub spectral_norm: bool,
}

/// [`CriticConfig`] as it may be stored: before the hidden layers were a setting they were those of table 4.
#[derive(Deserialize)]
struct Written {
    d_z: usize,
    hidden: Option<Vec<usize>>,
    output: CriticOutput,
    dropout: f64,
    negative_slope: f64,
    spectral_norm: bool,
}

impl From<Written> for CriticConfig {
    fn from(written: Written) -> Self {
        let table_4 = || Self::table_4_hidden(written.d_z).to_vec();
        Self {
            d_z: written.d_z,
            hidden: written.hidden.unwrap_or_else(table_4),
            output: written.output,
            dropout: written.dropout,
            negative_slope: written.negative_slope,
            spectral_norm: written.spectral_norm,
        }
    }
}

impl CriticConfig {
    /// The critic of table 4 for representations of width `d_z`.
    pub fn new(d_z: usize) -> Self {
        Self {
            d_z,
            hidden: Self::table_4_hidden(d_z).to_vec(),
            output: CriticOutput::Sigmoid,
            dropout: 0.4,
            negative_slope: mlp::NEGATIVE_SLOPE,
            spectral_norm: false,
        }
    }

    /// The hidden widths `d/2, d, d, d/4, d/4` of table 4 (integer division, at least 1).
    pub fn table_4_hidden(d_z: usize) -> [usize; 5] {
        let half = (d_z / 2).max(1);
        let quarter = (d_z / 4).max(1);
        [half, d_z, d_z, quarter, quarter]
    }

    /// The width of the input, of each hidden layer and of the output.
    pub fn widths(&self) -> Vec<usize> {
        let hidden = self.hidden.iter().copied();
        std::iter::once(self.d_z).chain(hidden).chain([1]).collect()
    }

    /// Replaces the widths of the hidden layers.
    pub fn with_hidden(mut self, hidden: Vec<usize>) -> Self {
        self.hidden = hidden;
        self
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
        let mlp = MlpConfig {
            widths: self.widths(),
            dropout: self.dropout,
            negative_slope: self.negative_slope,
            spectral_norm: self.spectral_norm,
        };
        Ok(Critic {
            mlp: mlp.init(rng, device)?,
            output: self.output,
        })
    }
}

/// The critic T_θ: linear layers with leaky ReLU and dropout between them, ending in one score.
///
/// As [`CriticConfig::new`] sets it up it is that of table 4 of the paper: six layers of the widths
/// `d → d/2 → d → d → d/4 → d/4 → 1`.
#[derive(Module, Debug)]
pub struct Critic {
    /// The layers.
    pub mlp: Mlp,
    #[module(skip)]
    output: CriticOutput,
}

impl Critic {
    /// Scores a batch of representations.
    ///
    /// # Shapes
    ///
    /// - `z`: `[batch, d_z]`
    /// - output: `[batch]`
    pub fn forward(&self, z: Tensor<2>, mode: &mut Mode) -> Tensor<1> {
        self.finish(self.mlp.forward(z, mode))
    }

    /// The scores of samples of the joint law and of the product, what [`forward`](Self::forward) gives for one after the
    /// other, in one pass.
    pub(crate) fn forward_both(
        &self,
        z_joint: Tensor<2>,
        z_product: Tensor<2>,
        mode: &mut Mode,
    ) -> [Tensor<1>; 2] {
        let scores = self.mlp.forward_both([z_joint, z_product], mode);
        scores.map(|scores| self.finish(scores))
    }

    fn finish(&self, scores: Tensor<2>) -> Tensor<1> {
        let scores = scores.squeeze_dim::<1>(1);
        match self.output {
            CriticOutput::Sigmoid => activation::sigmoid(scores),
            CriticOutput::Identity => scores,
        }
    }

    /// ∇_z T_θ(z) of each row, without dropout.
    ///
    /// ```text
    /// W_1 · D_1 · W_2 · … · D_5 · W_6 · sigmoid′      D_i: 1 where layer i is not negative, the slope where it is
    /// ```
    ///
    /// Written as forward operations, which first-order autodiff can differentiate with respect to the weights: what
    /// [`gradient_penalty`](crate::lipschitz::gradient_penalty) needs. Exact, since the critic is piecewise linear up
    /// to its output: the second derivative of the leaky ReLU is 0 almost everywhere.
    ///
    /// # Shapes
    ///
    /// - `z`: `[batch, d_z]`
    /// - output: `[batch, d_z]`
    pub fn input_gradient(&self, z: Tensor<2>) -> Tensor<2> {
        let (scores, gradient) = self.mlp.forward_with_input_gradient(z);
        match self.output {
            // sigmoid′(s) as sigmoid(s) · sigmoid(−s): `1 − sigmoid(s)` would cancel for large s.
            CriticOutput::Sigmoid => {
                gradient * activation::sigmoid(scores.clone()) * activation::sigmoid(scores.neg())
            }
            CriticOutput::Identity => gradient,
        }
    }

    /// What stands in a critic's place while its update owns it.
    pub(crate) fn without_layers() -> Self {
        Self {
            mlp: Mlp::without_layers(),
            output: CriticOutput::Identity,
        }
    }

    /// Brings the power iterations up to date with the weights, after an optimiser step. Does nothing to a critic
    /// without spectral normalisation.
    pub(crate) fn refresh_spectral_norm(self, iterations: usize) -> Self {
        Self {
            mlp: self.mlp.refresh_spectral_norm(iterations),
            output: self.output,
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::optim::{AdamConfig, GradientsParams};
    use burn::tensor::TensorData;
    use rand::RngExt;

    use super::*;
    use crate::measure::info_nce;
    use crate::{init, seed};

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
        for layer in &mut critic.mlp.layers {
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
    fn the_input_gradient_is_that_of_autodiff() {
        let device = Device::flex().autodiff();
        let mut rng = seed::stream(4, "critic", 0);
        for (output, spectral_norm, hidden) in [
            (CriticOutput::Identity, false, vec![7, 5]),
            (CriticOutput::Sigmoid, false, vec![7, 5]),
            (CriticOutput::Sigmoid, true, vec![7, 5]),
            (CriticOutput::Identity, true, vec![]),
        ] {
            let critic = CriticConfig::new(6)
                .with_hidden(hidden)
                .with_output(output)
                .with_spectral_norm(spectral_norm)
                .init(&mut rng, &device)
                .unwrap();
            let z = init::uniform([9, 6], 2.0, &mut rng, &device).val();
            let gradients = critic.forward(z.clone(), &mut Mode::Eval).sum().backward();
            let difference = z.grad(&gradients).unwrap() - critic.input_gradient(z).inner();
            let difference: f32 = difference.abs().max().into_scalar();
            assert!(difference < 1e-6, "{output:?} {spectral_norm} {difference}");
        }
    }

    #[test]
    fn a_config_stored_without_hidden_widths_is_table_4() {
        let new = CriticConfig::new(10);
        let written = Written {
            d_z: new.d_z,
            hidden: None,
            output: new.output,
            dropout: new.dropout,
            negative_slope: new.negative_slope,
            spectral_norm: new.spectral_norm,
        };
        assert_eq!(CriticConfig::from(written), new);
    }

    #[test]
    fn hidden_widths_are_free() {
        let device = Device::flex();
        let mut rng = seed::stream(0, "critic", 0);
        for (hidden, parameters) in [(vec![], 4 + 1), (vec![5, 2], 4 * 5 + 5 + 5 * 2 + 2 + 2 + 1)] {
            let config = CriticConfig::new(4).with_hidden(hidden);
            let critic = config.init(&mut rng, &device).unwrap();
            assert_eq!(critic.num_params(), parameters);
            let scores = critic.forward(Tensor::ones([3, 4], &device), &mut Mode::Eval);
            assert_eq!(scores.dims(), [3]);
        }
    }

    /// InfoNCE of a critic trained on a bit and the same bit after a channel that turns it over one time in ten.
    fn noisy_bit<M: Module>(
        mut critic: M,
        scores: fn(&M, Tensor<2>, Tensor<2>) -> Tensor<2>,
    ) -> f64 {
        let device = Device::flex().autodiff();
        let mut rng = seed::stream(6, "noisy bit", 0);
        let mut pairs = |n: usize| {
            let bit = |chance: f64, rng: &mut ChaCha8Rng| {
                if rng.random_bool(chance) { -1f32 } else { 1.0 }
            };
            let x: Vec<f32> = (0..n).map(|_| bit(0.5, &mut rng)).collect();
            let y: Vec<f32> = x.iter().map(|x| x * bit(0.1, &mut rng)).collect();
            [x, y].map(|bits| Tensor::<2>::from_data(TensorData::new(bits, [n, 1]), &device))
        };
        let mut optimizer = AdamConfig::new().init();
        for _ in 0..150 {
            let [x, y] = pairs(128);
            let mut gradients = info_nce(scores(&critic, x, y)).neg().backward();
            let gradients = GradientsParams::from_module(&mut gradients, &critic);
            critic = optimizer.step(0.02, critic, gradients);
        }
        let [x, y] = pairs(2048);
        f64::from(info_nce(scores(&critic, x, y)).into_scalar::<f32>())
    }

    #[test]
    fn critics_of_pairs_measure_a_noisy_bit() {
        let device = Device::flex().autodiff();
        let mut rng = seed::stream(0, "critic", 0);
        let separable = SeparableCriticConfig::new(1, 1)
            .with_hidden(vec![16])
            .with_d_embedding(4)
            .init(&mut rng, &device)
            .unwrap();
        let bilinear = BilinearCriticConfig::new(1, 1)
            .init(&mut rng, &device)
            .unwrap();
        // ln 2 less the entropy of one in ten
        let truth = 2f64.ln() + 0.1 * 0.1f64.ln() + 0.9 * 0.9f64.ln();
        for estimate in [
            noisy_bit(separable, SeparableCritic::score_matrix),
            noisy_bit(bilinear, BilinearCritic::score_matrix),
        ] {
            // 2048 pairs leave an error of about 0.015.
            assert!((estimate - truth).abs() < 0.05, "{estimate} {truth}");
        }
    }

    #[test]
    fn wrong_settings_are_errors() {
        let device = Device::flex();
        let mut rng = seed::stream(0, "critic", 0);
        assert!(CriticConfig::new(0).init(&mut rng, &device).is_err());
        let config = CriticConfig::new(4).with_hidden(vec![3, 0]);
        assert!(config.init(&mut rng, &device).is_err());
        let config = CriticConfig::new(4).with_dropout(1.0);
        assert!(config.init(&mut rng, &device).is_err());
    }
}
