//! The linear head A_θ.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};
use mdm_core::init;
use mdm_core::seed::ChaCha8Rng;
use mdm_core::stochastic::{Mode, dropout};

/// Dropout, then one linear layer from Z to the prediction.
///
/// The dropout belongs to the head, not to Z: the critic sees Z whole.
#[derive(Module, Debug)]
pub struct Head {
    /// `[d_z, 1]`
    pub linear: Linear,
    dropout: f64,
}

impl Head {
    /// A fresh head; `dropout` in [0, 1).
    pub fn init(d_z: usize, dropout: f64, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        Self {
            linear: init::linear(d_z, 1, rng, device),
            dropout,
        }
    }

    /// The prediction of each sample.
    ///
    /// # Shapes
    ///
    /// - `z`: `[batch, d_z]`
    /// - output: `[batch]`
    pub fn forward(&self, z: Tensor<2>, mode: &mut Mode) -> Tensor<1> {
        let z = dropout(z, self.dropout, mode);
        self.linear.forward(z).squeeze_dim(1)
    }
}
