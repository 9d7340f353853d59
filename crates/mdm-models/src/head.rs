//! The linear head A_θ.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};
use mdm_core::init;
use mdm_core::seed::ChaCha8Rng;
use mdm_core::stochastic::{Mode, dropout};

/// Dropout, then one linear layer from Z to the outputs: one for a number, one a class or label otherwise.
///
/// The dropout belongs to the head, not to Z: the critic sees Z whole.
#[derive(Module, Debug)]
pub struct Head {
    /// `[d_z, outputs]`
    pub linear: Linear,
    dropout: f64,
}

impl Head {
    /// A fresh head; `outputs` at least 1, `dropout` in [0, 1).
    pub fn init(
        d_z: usize,
        outputs: usize,
        dropout: f64,
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Self {
        Self {
            linear: init::linear(d_z, outputs, rng, device),
            dropout,
        }
    }

    /// The outputs of each sample: predictions of a number, logits of classes or labels.
    ///
    /// # Shapes
    ///
    /// - `z`: `[batch, d_z]`
    /// - output: `[batch, outputs]`
    pub fn forward(&self, z: Tensor<2>, mode: &mut Mode) -> Tensor<2> {
        self.linear.forward(dropout(z, self.dropout, mode))
    }
}
