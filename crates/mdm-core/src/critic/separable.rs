use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::mlp::{Mlp, MlpConfig, NEGATIVE_SLOPE};
use crate::{Error, seed::ChaCha8Rng, stochastic::Mode};

/// Settings of a [`SeparableCritic`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeparableCriticConfig {
    /// Width of the first variable; at least 1.
    pub d_x: usize,
    /// Width of the second variable; at least 1.
    pub d_y: usize,
    /// Widths of the hidden layers of both networks; each at least 1. Default: 256, 256 (Poole et al., 2019).
    pub hidden: Vec<usize>,
    /// Width of the space in which the two meet; at least 1. Default: 32 (Poole et al., 2019).
    pub d_embedding: usize,
    /// Slope of the leaky ReLU below 0. Default: 0.01 (PyTorch's).
    pub negative_slope: f64,
}

impl SeparableCriticConfig {
    /// The default critic for variables of widths `d_x` and `d_y`.
    pub fn new(d_x: usize, d_y: usize) -> Self {
        Self {
            d_x,
            d_y,
            hidden: vec![256, 256],
            d_embedding: 32,
            negative_slope: NEGATIVE_SLOPE,
        }
    }

    /// Replaces the widths of the hidden layers.
    pub fn with_hidden(mut self, hidden: Vec<usize>) -> Self {
        self.hidden = hidden;
        self
    }

    /// Replaces the width of the embedding.
    pub fn with_d_embedding(mut self, d_embedding: usize) -> Self {
        self.d_embedding = d_embedding;
        self
    }

    /// A freshly initialised critic.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a width of 0.
    pub fn init(&self, rng: &mut ChaCha8Rng, device: &Device) -> Result<SeparableCritic, Error> {
        let mut network = |d_input| {
            let widths = [&[d_input], self.hidden.as_slice(), &[self.d_embedding]].concat();
            MlpConfig {
                negative_slope: self.negative_slope,
                ..MlpConfig::new(widths)
            }
            .init(rng, device)
        };
        Ok(SeparableCritic {
            g: network(self.d_x)?,
            h: network(self.d_y)?,
        })
    }
}

/// A critic of two variables, each with a network of its own: `T(x, y) = g(x)ᵀ h(y)`.
///
/// All n² pairs of a batch cost n evaluations of each network and one matrix product, which makes it the critic for
/// [`info_nce`](crate::measure::info_nce) on large batches (van den Oord et al., 2018; the separable critic of Poole et
/// al., "On Variational Bounds of Mutual Information", 2019).
///
/// # Example
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use mdm_core::measure::info_nce;
/// use mdm_core::{SeparableCriticConfig, seed};
///
/// let device = Device::flex();
/// let mut rng = seed::stream(0, "critic", 0);
/// let critic = SeparableCriticConfig::new(3, 5).init(&mut rng, &device).unwrap();
/// let (x, y) = (Tensor::ones([8, 3], &device), Tensor::ones([8, 5], &device));
/// // Equal samples cannot be told apart: every score is the same, and the bound is 0.
/// assert!(info_nce(critic.score_matrix(x, y)).into_scalar::<f32>().abs() < 1e-6);
/// ```
#[derive(Module, Debug)]
pub struct SeparableCritic {
    /// The network of the first variable.
    pub g: Mlp,
    /// The network of the second variable.
    pub h: Mlp,
}

impl SeparableCritic {
    /// The score of each row of `x` with the same row of `y`.
    ///
    /// # Shapes
    ///
    /// - `x`: `[n, d_x]`
    /// - `y`: `[n, d_y]`
    /// - output: `[n]`
    pub fn scores(&self, x: Tensor<2>, y: Tensor<2>) -> Tensor<1> {
        let (g, h) = self.embed(x, y);
        (g * h).sum_dim(1).squeeze_dim(1)
    }

    /// The score of each row of `x` with each row of `y`.
    ///
    /// # Shapes
    ///
    /// - `x`: `[n, d_x]`
    /// - `y`: `[m, d_y]`
    /// - output: `[n, m]`
    pub fn score_matrix(&self, x: Tensor<2>, y: Tensor<2>) -> Tensor<2> {
        let (g, h) = self.embed(x, y);
        g.matmul(h.transpose())
    }

    fn embed(&self, x: Tensor<2>, y: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
        // There is no dropout, so the mode does not matter.
        let g = self.g.forward(x, &mut Mode::Eval);
        let h = self.h.forward(y, &mut Mode::Eval);
        (g, h)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{init, seed};

    #[test]
    fn the_diagonal_of_the_matrix_is_the_scores() {
        let device = Device::flex();
        let mut rng = seed::stream(0, "critic", 0);
        let config = SeparableCriticConfig::new(3, 5)
            .with_hidden(vec![7])
            .with_d_embedding(4);
        let critic = config.init(&mut rng, &device).unwrap();
        let x = init::uniform([6, 3], 1.0, &mut rng, &device).val();
        let y = init::uniform([6, 5], 1.0, &mut rng, &device).val();
        let matrix = critic.score_matrix(x.clone(), y.clone().narrow(0, 0, 4));
        assert_eq!(matrix.dims(), [6, 4]);
        let matrix = matrix.try_into_vec_as::<f32>().unwrap();
        let scores = critic.scores(x, y).try_into_vec_as::<f32>().unwrap();
        for row in 0..4 {
            assert!((matrix[row * 4 + row] - scores[row]).abs() < 1e-6);
        }
    }

    #[test]
    fn a_width_of_0_is_an_error() {
        let mut rng = seed::stream(0, "critic", 0);
        let config = SeparableCriticConfig::new(3, 0);
        assert!(config.init(&mut rng, &Device::flex()).is_err());
    }
}
