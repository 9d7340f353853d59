use burn::module::{Module, Param};
use burn::tensor::{Tensor, TensorData};
use rand::RngExt;

use crate::seed::ChaCha8Rng;

/// `weight / σ(weight)` with σ estimated by power iteration.
///
/// # Shapes
///
/// - `weight`: `[r, c]`
/// - `u`: `[r]`, the left singular vector so far, of length 1
/// - output: the normalised weight `[r, c]`, σ `[1]`, the new `u` `[r]` and `v` `[c]`
///
/// # Numerics
///
/// The gradient flows through σ = uᵀ W v with u and v held constant, as in PyTorch. A zero weight is returned as it is.
pub fn spectral_norm(
    weight: Tensor<2>,
    u: Tensor<1>,
    iterations: usize,
) -> (Tensor<2>, Tensor<1>, Tensor<1>, Tensor<1>) {
    let (u, v) = power_iteration(weight.clone().detach(), u, iterations);
    let sigma = singular_value(weight.clone(), u.clone(), v.clone());
    let normalised = weight / sigma.clone().clamp_min(f32::MIN_POSITIVE).unsqueeze::<2>();
    (normalised, sigma, u, v)
}

fn power_iteration(weight: Tensor<2>, u: Tensor<1>, iterations: usize) -> (Tensor<1>, Tensor<1>) {
    let rows = weight.dims()[0];
    let mut u = u.reshape([rows, 1]);
    let mut v = unit(weight.clone().transpose().matmul(u.clone()));
    for round in 0..iterations {
        if round > 0 {
            v = unit(weight.clone().transpose().matmul(u));
        }
        u = unit(weight.clone().matmul(v.clone()));
    }
    (u.squeeze_dim(1), v.squeeze_dim(1))
}

fn singular_value(weight: Tensor<2>, u: Tensor<1>, v: Tensor<1>) -> Tensor<1> {
    let product = weight.matmul(v.unsqueeze_dim(1)).squeeze_dim::<1>(1);
    (u * product).sum()
}

fn unit(x: Tensor<2>) -> Tensor<2> {
    let length = x.clone().square().sum().sqrt().clamp_min(f32::MIN_POSITIVE);
    x / length.unsqueeze::<2>()
}

/// The power iteration of one weight, kept from update to update.
#[derive(Module, Debug)]
pub struct SpectralNorm {
    u: Param<Tensor<1>>,
    v: Param<Tensor<1>>,
}

impl SpectralNorm {
    /// Starts from a random direction and iterates until the estimate has settled.
    pub fn init(weight: &Param<Tensor<2>>, rng: &mut ChaCha8Rng) -> Self {
        const ROUNDS: usize = 30;
        let weight = weight.val().inner();
        let [rows, _] = weight.dims();
        let start: Vec<f32> = (0..rows).map(|_| rng.random::<f32>() + 0.5).collect();
        let start = Tensor::from_data(TensorData::new(start, [rows]), &weight.device());
        let (u, v) = power_iteration(weight, start, ROUNDS);
        Self {
            u: constant(u),
            v: constant(v),
        }
    }

    /// `weight / σ` with the singular vectors as they stand.
    pub fn apply(&self, weight: Tensor<2>) -> Tensor<2> {
        let sigma = singular_value(weight.clone(), self.u.val(), self.v.val());
        weight / sigma.clamp_min(f32::MIN_POSITIVE).unsqueeze::<2>()
    }

    /// Improves the singular vectors for the weight as it is now.
    pub fn refresh(self, weight: Tensor<2>, iterations: usize) -> Self {
        let (u, v) = power_iteration(weight.inner(), self.u.val().inner(), iterations);
        Self {
            u: self.u.map(|_| u),
            v: self.v.map(|_| v),
        }
    }
}

fn constant(value: Tensor<1>) -> Param<Tensor<1>> {
    Param::from_tensor(value).set_require_grad(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn power_iteration_finds_the_largest_singular_value() {
        let device = Device::flex();
        let weight = Tensor::<2>::from_floats([[3.0, 0.0], [0.0, -5.0]], &device);
        let u = Tensor::<1>::from_floats([1.0, 1.0], &device);
        let (normalised, sigma, ..) = spectral_norm(weight, u, 40);
        assert!((sigma.into_scalar::<f32>() - 5.0).abs() < 1e-4);
        let largest: f32 = normalised.abs().max().into_scalar();
        assert!((largest - 1.0).abs() < 1e-5);
    }
}
