//! Layer normalisation.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use crate::rows;

/// Layer normalisation over the last dimension, as `torch.nn.LayerNorm`: mean 0 and variance 1 (biased, ε added to it), then
/// scale and shift.
///
/// The parameters of Burn's, by the same names; on flex the work is one kernel in each direction.
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// Scale, `[width]`; starts as 1.
    pub gamma: Param<Tensor<1>>,
    /// Shift, `[width]`; starts as 0.
    pub beta: Param<Tensor<1>>,
    epsilon: f64,
}

impl LayerNorm {
    /// A fresh layer.
    pub fn init(width: usize, epsilon: f64, device: &Device) -> Self {
        Self {
            gamma: Param::from_tensor(Tensor::ones([width], device)),
            beta: Param::from_tensor(Tensor::zeros([width], device)),
            epsilon,
        }
    }

    /// From `[…, width]` to the same.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let (scale, shift) = (self.gamma.val(), self.beta.val());
        rows::layer_norm(x, scale, shift, self.epsilon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::nn::LayerNormConfig;
    use mdm_core::{init, seed};

    #[test]
    fn values_and_gradients_are_those_of_burns() {
        let device = Device::flex().autodiff();
        let mut rng = seed::stream(0, "layer norm", 0);
        let mut ours = LayerNorm::init(7, 1e-5, &device);
        ours.gamma = init::uniform([7], 1.0, &mut rng, &device);
        ours.beta = init::uniform([7], 1.0, &mut rng, &device);
        let mut burns = LayerNormConfig::new(7).init(&device);
        burns.gamma = ours.gamma.clone();
        burns.beta = Some(ours.beta.clone());
        let x = init::uniform([3, 4, 7], 2.0, &mut rng, &device).val();
        let all = |forward: &dyn Fn(Tensor<3>) -> Tensor<3>| {
            let x = x.clone().detach().require_grad();
            let y = forward(x.clone());
            let gradients = (y.clone() * y.clone().detach().cos()).sum().backward();
            let parameters = [ours.gamma.val(), ours.beta.val()];
            let of_parameters = parameters.map(|p| p.grad(&gradients).unwrap());
            let tensors = [
                y.inner().flatten(0, 2),
                x.grad(&gradients).unwrap().flatten(0, 2),
            ];
            let tensors = tensors.into_iter().chain(of_parameters);
            tensors
                .flat_map(|tensor: Tensor<1>| tensor.try_into_vec_as::<f32>().unwrap())
                .collect::<Vec<f32>>()
        };
        let found = all(&|x| ours.forward(x));
        let expected = all(&|x| burns.forward(x));
        assert_eq!(found.len(), 84 + 84 + 14);
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    }
}
