use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::{Error, init, seed::ChaCha8Rng};

/// Settings of a [`BilinearCritic`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BilinearCriticConfig {
    /// Width of the first variable; at least 1.
    pub d_x: usize,
    /// Width of the second variable; at least 1.
    pub d_y: usize,
}

impl BilinearCriticConfig {
    /// A critic for variables of widths `d_x` and `d_y`.
    pub fn new(d_x: usize, d_y: usize) -> Self {
        Self { d_x, d_y }
    }

    /// A freshly initialised critic, with weights from `U(±1/√d_x)` as in `torch.nn.Bilinear`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a width of 0.
    pub fn init(&self, rng: &mut ChaCha8Rng, device: &Device) -> Result<BilinearCritic, Error> {
        let Self { d_x, d_y } = *self;
        if d_x == 0 || d_y == 0 {
            return Err(Error::InvalidConfig {
                field: "critic widths",
                expected: "each at least 1",
                found: format!("{d_x} and {d_y}"),
            });
        }
        let bound = 1.0 / (d_x as f64).sqrt();
        Ok(BilinearCritic {
            weight: init::uniform([d_x, d_y], bound, rng, device),
        })
    }
}

/// A critic of two variables without hidden layers: `T(x, y) = xᵀ W y`.
///
/// The score of contrastive predictive coding (van den Oord et al., 2018), for variables that are representations
/// already. It sees linear dependence only.
///
/// # Example
///
/// ```
/// use burn::module::Param;
/// use burn::tensor::{Device, Tensor};
/// use mdm_core::{BilinearCriticConfig, seed};
///
/// let device = Device::flex();
/// let mut critic = BilinearCriticConfig::new(2, 1)
///     .init(&mut seed::stream(0, "critic", 0), &device)
///     .unwrap();
/// critic.weight = Param::from_tensor(Tensor::from_floats([[1.0], [10.0]], &device));
/// let x = Tensor::from_floats([[1.0, 2.0]], &device);
/// let y = Tensor::from_floats([[3.0]], &device);
/// // (1 · 1 + 2 · 10) · 3
/// assert_eq!(critic.scores(x, y).into_scalar::<f32>(), 63.0);
/// ```
#[derive(Module, Debug)]
pub struct BilinearCritic {
    /// W, `[d_x, d_y]`.
    pub weight: Param<Tensor<2>>,
}

impl BilinearCritic {
    /// The score of each row of `x` with the same row of `y`.
    ///
    /// # Shapes
    ///
    /// - `x`: `[n, d_x]`
    /// - `y`: `[n, d_y]`
    /// - output: `[n]`
    pub fn scores(&self, x: Tensor<2>, y: Tensor<2>) -> Tensor<1> {
        (x.matmul(self.weight.val()) * y).sum_dim(1).squeeze_dim(1)
    }

    /// The score of each row of `x` with each row of `y`.
    ///
    /// # Shapes
    ///
    /// - `x`: `[n, d_x]`
    /// - `y`: `[m, d_y]`
    /// - output: `[n, m]`
    pub fn score_matrix(&self, x: Tensor<2>, y: Tensor<2>) -> Tensor<2> {
        x.matmul(self.weight.val()).matmul(y.transpose())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed;

    #[test]
    fn a_width_of_0_is_an_error() {
        let mut rng = seed::stream(0, "critic", 0);
        let config = BilinearCriticConfig::new(0, 2);
        assert!(config.init(&mut rng, &Device::flex()).is_err());
    }
}
