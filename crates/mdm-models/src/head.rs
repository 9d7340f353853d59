//! The head A_θ: from Z to the outputs.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, activation};
use mdm_core::init;
use mdm_core::seed::ChaCha8Rng;
use mdm_core::stochastic::{Mode, dropout};

/// Dropout, then one linear layer from Z to the outputs: one for a number, one a class or label otherwise.
///
/// The dropout belongs to the head, not to Z: the critic sees Z whole. Two official models have other heads: that of
/// TFN is [bounded](Self::bounded), and what LMF fuses [is the prediction](Self::identity).
#[derive(Module, Debug)]
pub struct Head {
    /// `[d_z, outputs]`; none where Z is the output.
    pub linear: Option<Linear>,
    /// The outputs lie within ± this, by a sigmoid.
    limit: Option<f64>,
    dropout: f64,
}

impl Head {
    /// The paper's head: a fresh linear layer; `outputs` at least 1, `dropout` in [0, 1).
    pub fn init(
        d_z: usize,
        outputs: usize,
        dropout: f64,
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Self {
        Self {
            linear: Some(init::linear(d_z, outputs, rng, device)),
            limit: None,
            dropout,
        }
    }

    /// The head with its outputs squeezed into ± `limit`: `limit · (2 sigmoid(x) − 1)`.
    pub fn bounded(self, limit: f64) -> Self {
        Self {
            limit: Some(limit),
            ..self
        }
    }

    /// No layer: Z is the output.
    pub fn identity() -> Self {
        Self {
            linear: None,
            limit: None,
            dropout: 0.0,
        }
    }

    /// The outputs of each sample: predictions of a number, logits of classes or labels.
    ///
    /// # Shapes
    ///
    /// - `z`: `[batch, d_z]`
    /// - output: `[batch, outputs]`
    pub fn forward(&self, z: Tensor<2>, mode: &mut Mode) -> Tensor<2> {
        let z = dropout(z, self.dropout, mode);
        let output = match &self.linear {
            Some(linear) => linear.forward(z),
            None => z,
        };
        match self.limit {
            Some(limit) => activation::sigmoid(output) * (2.0 * limit) - limit,
            None => output,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mdm_core::seed;

    #[test]
    fn a_bounded_head_stays_within_its_limit_and_an_identity_changes_nothing() {
        let device = Device::flex();
        let mut rng = seed::stream(0, "head", 0);
        let z = Tensor::<2>::from_floats([[80.0, -3.0], [0.5, 1e4]], &device);
        let values = |head: &Head| {
            let output = head.forward(z.clone(), &mut Mode::Eval);
            output.try_into_vec_as::<f32>().unwrap()
        };
        let plain = Head::init(2, 3, 0.5, &mut rng, &device);
        let bounded = values(&plain.clone().bounded(3.0));
        for (plain, bounded) in values(&plain).iter().zip(bounded) {
            let sigmoid = 1.0 / (1.0 + (-plain).exp());
            assert!((bounded - (sigmoid * 6.0 - 3.0)).abs() < 1e-5);
        }
        assert_eq!(values(&Head::identity()), [80.0, -3.0, 0.5, 1e4]);
    }
}
