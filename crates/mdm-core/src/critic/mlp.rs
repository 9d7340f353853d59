//! The stack of layers inside every critic.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, activation, module::linear};

use crate::lipschitz::SpectralNorm;
use crate::stochastic::{Mode, dropout};
use crate::{Error, init, seed::ChaCha8Rng};

/// Slope of the leaky ReLU below 0: PyTorch's default.
pub(super) const NEGATIVE_SLOPE: f64 = 0.01;

/// Settings of an [`Mlp`].
#[derive(Debug, Clone, PartialEq)]
pub struct MlpConfig {
    /// Widths of the input, of each hidden layer and of the output; at least two, each at least 1.
    pub widths: Vec<usize>,
    /// Dropout after every layer but the last, in [0, 1). Default: 0.
    pub dropout: f64,
    /// Slope of the leaky ReLU below 0. Default: 0.01 (PyTorch's).
    pub negative_slope: f64,
    /// Divide each weight by its largest singular value. Default: off.
    pub spectral_norm: bool,
}

impl MlpConfig {
    /// A plain stack of these widths.
    pub fn new(widths: Vec<usize>) -> Self {
        Self {
            widths,
            dropout: 0.0,
            negative_slope: NEGATIVE_SLOPE,
            spectral_norm: false,
        }
    }

    /// A freshly initialised stack.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for fewer than two widths, a width of 0 or a dropout outside [0, 1).
    pub fn init(&self, rng: &mut ChaCha8Rng, device: &Device) -> Result<Mlp, Error> {
        if self.widths.len() < 2 || self.widths.contains(&0) {
            return Err(Error::InvalidConfig {
                field: "critic widths",
                expected: "an input and an output, each width at least 1",
                found: format!("{:?}", self.widths),
            });
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(Error::InvalidConfig {
                field: "critic dropout",
                expected: "in [0, 1)",
                found: self.dropout.to_string(),
            });
        }
        let layers: Vec<Linear> = self
            .widths
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
        Ok(Mlp {
            layers,
            spectral_norm,
            dropout: self.dropout,
            negative_slope: self.negative_slope,
        })
    }
}

/// Linear layers with leaky ReLU and dropout between them.
#[derive(Module, Debug)]
pub struct Mlp {
    /// The linear layers, first to last; weights are `[in, out]`.
    pub layers: Vec<Linear>,
    /// One power iteration a layer, or none.
    spectral_norm: Vec<SpectralNorm>,
    dropout: f64,
    negative_slope: f64,
}

impl Mlp {
    /// The output of the last layer.
    ///
    /// # Shapes
    ///
    /// - `x`: `[batch, d_input]`
    /// - output: `[batch, d_output]`
    pub fn forward(&self, x: Tensor<2>, mode: &mut Mode) -> Tensor<2> {
        let last = self.layers.len() - 1;
        let mut x = x;
        for index in 0..=last {
            x = self.layer(index, x, self.weight(index));
            if index < last {
                x = leaky_relu(x, self.negative_slope);
                x = dropout(x, self.dropout, mode);
            }
        }
        x
    }

    /// The output of a stack with one output, and its gradient with respect to each row of `x`, without dropout.
    ///
    /// The gradient is the product of the weights and the slopes of the leaky ReLUs: plain forward operations, so that
    /// first-order autodiff can differentiate it once more. The slopes are constant almost everywhere and taken as
    /// constants, hence exact.
    ///
    /// # Shapes
    ///
    /// - `x`: `[batch, d_input]`
    /// - output: `[batch, 1]` and `[batch, d_input]`
    pub(super) fn forward_with_input_gradient(&self, x: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
        let [batch, _] = x.dims();
        let last = self.layers.len() - 1;
        let weights: Vec<_> = (0..=last).map(|index| self.weight(index)).collect();
        let mut slopes = Vec::with_capacity(last);
        let mut x = x;
        for (index, weight) in weights.iter().enumerate() {
            x = self.layer(index, x, weight.clone());
            if index < last {
                let flat = x.clone().lower_equal_scalar(0.0);
                slopes.push(x.ones_like().mask_fill(flat, self.negative_slope));
                x = leaky_relu(x, self.negative_slope);
            }
        }
        let [d_last, _] = weights[last].dims();
        let mut gradient = weights[last].clone().transpose().expand([batch, d_last]);
        for (weight, slope) in weights.into_iter().zip(slopes).rev() {
            gradient = (gradient * slope).matmul(weight.transpose());
        }
        (x, gradient)
    }

    fn layer(&self, index: usize, x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
        linear(x, weight, self.layers[index].bias.as_ref().map(Param::val))
    }

    fn weight(&self, index: usize) -> Tensor<2> {
        let weight = self.layers[index].weight.val();
        match self.spectral_norm.get(index) {
            Some(spectral_norm) => spectral_norm.apply(weight),
            None => weight,
        }
    }

    /// Brings the power iterations up to date with the weights, after an optimiser step. Does nothing to a stack
    /// without spectral normalisation.
    pub(super) fn refresh_spectral_norm(mut self, iterations: usize) -> Self {
        for (state, layer) in self.spectral_norm.iter_mut().zip(&self.layers) {
            *state = state.clone().refresh(layer.weight.val(), iterations);
        }
        self
    }
}

/// `x` above 0 and `slope · x` below, whose slope at 0 is PyTorch's, that of below.
///
/// In a graph Burn's own is three operations and a mask, a ReLU is one.
fn leaky_relu(x: Tensor<2>, slope: f64) -> Tensor<2> {
    if slope == 0.0 {
        return activation::relu(x);
    }
    activation::relu(x.clone()) * (1.0 - slope) + x * slope
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed;

    #[test]
    fn wrong_settings_are_errors() {
        let device = Device::flex();
        let mut rng = seed::stream(0, "critic", 0);
        let dropout = MlpConfig {
            dropout: 1.0,
            ..MlpConfig::new(vec![4, 1])
        };
        for config in [
            MlpConfig::new(vec![4]),
            MlpConfig::new(vec![4, 0, 1]),
            dropout,
        ] {
            assert!(config.init(&mut rng, &device).is_err(), "{config:?}");
        }
    }
}
