//! Numerically stable building blocks of the measures.

use burn::tensor::{Tensor, activation};

/// `ln( mean_i exp(x_i) )`, in log space.
///
/// # Shapes
///
/// - `x`: `[n]`, n ≥ 1
/// - output: `[1]`
///
/// # Numerics
///
/// The largest score is subtracted first, so scores of ±200 neither overflow nor vanish in `f32`. The gradient
/// is the soft-max of the scores.
///
/// # Example
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use mdm_core::numerics::log_mean_exp;
///
/// let x = Tensor::<1>::from_floats([200.0, 200.0], &Device::flex());
/// assert_eq!(log_mean_exp(x).into_scalar::<f32>(), 200.0);
/// ```
pub fn log_mean_exp(x: Tensor<1>) -> Tensor<1> {
    let largest = x.clone().detach().max();
    (x - largest.clone()).exp().mean().log() + largest
}

/// `ln(1 + exp(x))` element by element, without overflow, with gradient `sigmoid(x)`.
pub fn softplus<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    activation::log_sigmoid(x.neg()).neg()
}
