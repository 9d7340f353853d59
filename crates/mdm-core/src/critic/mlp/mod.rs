//! The stack of layers inside every critic.

#[cfg(feature = "flex")]
mod flex;

#[cfg(feature = "flex")]
use std::sync::Arc;

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData, activation, module::linear};

use crate::lipschitz::SpectralNorm;
use crate::stochastic::{Mode, dropout_mask};
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
        let masks = self.masks(x.dims()[0], mode);
        self.through(x, masks)
    }

    /// The outputs of two batches, which take one way through the stack together: what [`forward`](Self::forward) gives for
    /// one after the other.
    pub(super) fn forward_both(
        &self,
        [first, second]: [Tensor<2>; 2],
        mode: &mut Mode,
    ) -> [Tensor<2>; 2] {
        let [n, m] = [first.dims()[0], second.dims()[0]];
        let mut masks = self.masks(n, mode);
        let others = self.masks(m, mode);
        for (mask, other) in masks.iter_mut().zip(others) {
            mask.extend(other);
        }
        let y = self.through(Tensor::cat(vec![first, second], 0), masks);
        [y.clone().narrow(0, 0, n), y.narrow(0, n, m)]
    }

    /// What dropout multiplies the output of each layer but the last with, `[rows, d_layer]`; none without dropout.
    fn masks(&self, rows: usize, mode: &mut Mode) -> Vec<Vec<f32>> {
        let hidden = &self.layers[..self.layers.len() - 1];
        let mask = |layer: &Linear| {
            let [_, width] = layer.weight.dims();
            dropout_mask(rows * width, self.dropout, mode)
        };
        hidden.iter().filter_map(mask).collect()
    }

    fn through(&self, x: Tensor<2>, masks: Vec<Vec<f32>>) -> Tensor<2> {
        #[cfg(feature = "flex")]
        let masks = {
            let masks = Arc::new(masks);
            if let Some(y) = self.by_kernel(&x, &masks) {
                return y;
            }
            Arc::unwrap_or_clone(masks)
        };
        self.composed(x, masks)
    }

    #[cfg(feature = "flex")]
    fn by_kernel(&self, x: &Tensor<2>, masks: &Arc<Vec<Vec<f32>>>) -> Option<Tensor<2>> {
        let layer = |(index, layer): (usize, &Linear)| {
            let bias = layer.bias.as_ref()?.val();
            Some((self.weight(index), bias))
        };
        let layers: Option<Vec<_>> = self.layers.iter().enumerate().map(layer).collect();
        flex::forward(x, &layers?, masks, self.negative_slope)
    }

    /// The stack in Burn's operations.
    fn composed(&self, mut x: Tensor<2>, masks: Vec<Vec<f32>>) -> Tensor<2> {
        // Constants: off the autodiff device they cost no graph node of their own.
        let device = x.device().without_autodiff();
        let mut masks = masks.into_iter();
        let last = self.layers.len() - 1;
        for index in 0..=last {
            x = self.layer(index, x, self.weight(index));
            if index < last {
                x = leaky_relu(x, self.negative_slope);
                if let Some(mask) = masks.next() {
                    let mask = TensorData::new(mask, x.shape());
                    x = x * Tensor::from_data(mask, &device);
                }
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

    pub(super) fn without_layers() -> Self {
        Self {
            layers: Vec::new(),
            spectral_norm: Vec::new(),
            dropout: 0.0,
            negative_slope: 0.0,
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

    /// Outputs and gradients of a stack: of rows where they are tracked, of parameters where these are.
    #[cfg(feature = "flex")]
    fn outputs_and_gradients(
        mlp: &Mlp,
        x: Tensor<2>,
        forward: impl Fn(Tensor<2>) -> Tensor<2>,
    ) -> Vec<Option<Vec<f32>>> {
        let y = forward(x.clone());
        let numbers = |tensor: Tensor<1>| tensor.try_into_vec_as::<f32>().unwrap();
        let mut found = vec![Some(numbers(y.clone().inner().flatten(0, 1)))];
        if y.is_tracked() {
            let gradients = (y.clone() * y.detach().cos()).sum().backward();
            found.push(x.grad(&gradients).map(|x| numbers(x.flatten(0, 1))));
            for layer in &mlp.layers {
                let weight = layer.weight.val().grad(&gradients);
                let bias = layer.bias.as_ref().unwrap().val().grad(&gradients);
                found.push(weight.map(|weight| numbers(weight.flatten(0, 1))));
                found.push(bias.map(numbers));
            }
        }
        found
    }

    #[cfg(feature = "flex")]
    #[test]
    fn the_kernel_gives_what_the_operations_give() {
        let device = Device::flex().autodiff();
        let mut rng = seed::stream(0, "critic", 0);
        for (widths, dropout, negative_slope, spectral_norm) in [
            (vec![5, 1], 0.0, 0.01, false),
            (vec![5, 7, 3, 1], 0.0, 0.0, false),
            (vec![5, 7, 3, 1], 0.4, 0.2, true),
            (vec![6, 3, 6, 6, 1, 2, 3, 2, 1], 0.4, 0.01, false),
        ] {
            let config = MlpConfig {
                widths,
                dropout,
                negative_slope,
                spectral_norm,
            };
            let mlp = config.init(&mut rng, &device).unwrap();
            let x = init::uniform([9, config.widths[0]], 1.0, &mut rng, &device).val();
            let plain = x.clone().inner();
            let mut mask_rng = seed::stream(0, "masks", 0);
            let masks = mlp.masks(9, &mut Mode::Train(&mut mask_rng));
            assert_eq!(masks.is_empty(), dropout == 0.0);
            // The parameters' gradients, the rows', both, none.
            for (mlp, x) in [
                (mlp.clone(), plain.clone()),
                (mlp.valid(), x.clone().detach().require_grad()),
                (mlp.clone(), x.clone().detach().require_grad()),
                (mlp.valid(), plain),
            ] {
                let shared = Arc::new(masks.clone());
                let by_kernel = |x| mlp.by_kernel(&x, &shared).expect("a stack for the kernel");
                let found = outputs_and_gradients(&mlp, x.clone(), by_kernel);
                let composed = |x| mlp.composed(x, masks.clone());
                let expected = outputs_and_gradients(&mlp, x, composed);
                assert_eq!(found.len(), expected.len());
                for (found, expected) in found.iter().zip(&expected) {
                    assert_eq!(found.is_some(), expected.is_some());
                    let found = found.iter().flatten();
                    for (found, expected) in found.zip(expected.iter().flatten()) {
                        let difference = (found - expected).abs();
                        assert!(difference < 1e-5, "{config:?}: {found} {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn two_batches_together_are_two_batches() {
        let device = Device::flex();
        let mut rng = seed::stream(0, "critic", 0);
        let config = MlpConfig {
            dropout: 0.4,
            ..MlpConfig::new(vec![4, 6, 5, 1])
        };
        let mlp = config.init(&mut rng, &device).unwrap();
        let [a, b] = [3, 5].map(|n| init::uniform([n, 4], 1.0, &mut rng, &device).val());
        let numbers = |tensor: Tensor<2>| tensor.try_into_vec_as::<f32>().unwrap();
        let (mut one, mut two) = (seed::stream(1, "masks", 0), seed::stream(1, "masks", 0));
        let both = mlp.forward_both([a.clone(), b.clone()], &mut Mode::Train(&mut one));
        let single = [a, b].map(|x| mlp.forward(x, &mut Mode::Train(&mut two)));
        for (both, single) in both.into_iter().zip(single) {
            let (both, single) = (numbers(both), numbers(single));
            assert_eq!(both.len(), single.len());
            for (both, single) in both.iter().zip(single) {
                assert!((both - single).abs() < 1e-6);
            }
        }
    }

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
