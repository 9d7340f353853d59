//! PyTorch's default initialisation, drawn on the host.

use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;

use crate::normal;
use crate::seed::ChaCha8Rng;

/// A parameter with every element from `U(−bound, bound)`.
///
/// Drawn on the host, so that one seed gives one network on every backend.
pub fn uniform<const D: usize>(
    shape: [usize; D],
    bound: f64,
    rng: &mut ChaCha8Rng,
    device: &Device,
) -> Param<Tensor<D>> {
    let values = (0..shape.iter().product())
        .map(|_| ((2.0 * rng.random::<f64>() - 1.0) * bound) as f32)
        .collect::<Vec<_>>();
    Param::from_data(TensorData::new(values, shape), device)
}

/// A parameter with every element from the normal distribution with mean 0 and this standard deviation.
pub fn normal<const D: usize>(
    shape: [usize; D],
    deviation: f64,
    rng: &mut ChaCha8Rng,
    device: &Device,
) -> Param<Tensor<D>> {
    let values = (0..shape.iter().product())
        .map(|_| (normal::sample(rng) * deviation) as f32)
        .collect::<Vec<_>>();
    Param::from_data(TensorData::new(values, shape), device)
}

/// A linear layer as `torch.nn.Linear` starts it: weight and bias from `U(±1/√d_input)`.
///
/// # Example
///
/// ```
/// use burn::tensor::Device;
/// use mdm_core::{init, seed};
///
/// let layer = init::linear(16, 3, &mut seed::stream(0, "init", 0), &Device::flex());
/// assert_eq!(layer.weight.dims(), [16, 3]);
/// assert!(layer.weight.val().abs().max().into_scalar::<f32>() <= 0.25);
/// ```
pub fn linear(d_input: usize, d_output: usize, rng: &mut ChaCha8Rng, device: &Device) -> Linear {
    let bound = 1.0 / (d_input.max(1) as f64).sqrt();
    Linear {
        weight: uniform([d_input, d_output], bound, rng, device),
        bias: Some(uniform([d_output], bound, rng, device)),
    }
}
