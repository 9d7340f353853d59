use std::f64::consts::LN_2;

use burn::tensor::Tensor;

use crate::numerics::softplus;

/// The Jensen–Shannon bound, between 0 and 2 ln 2 nats at its optimum.
///
/// ```text
/// −mean( softplus(−scores_joint) ) − mean( softplus(scores_product) ) + 2 ln 2
/// ```
///
/// Twice the Jensen–Shannon divergence for the best critic, which is `T = ln(dp/dq)` (Nowozin et al., 2016). Its
/// gradients are bounded, so it trains where the Kullback–Leibler bounds have too much variance.
///
/// # Shapes
///
/// - `scores_joint`: `[n]`
/// - `scores_product`: `[m]`
/// - output: `[1]`
///
/// # Example
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use mdm_core::measure::jensen_shannon;
///
/// // A critic that cannot tell the two laws apart.
/// let scores = Tensor::from_floats([0.0, 0.0], &Device::flex());
/// assert!(jensen_shannon(scores.clone(), scores).into_scalar::<f32>().abs() < 1e-6);
/// ```
pub fn jensen_shannon(scores_joint: Tensor<1>, scores_product: Tensor<1>) -> Tensor<1> {
    jensen_shannon_raw(scores_joint, scores_product) + 2.0 * LN_2
}

/// [`jensen_shannon`] without its constant: the discriminator's log-likelihood, at most 0.
///
/// # Shapes
///
/// As [`jensen_shannon`].
pub fn jensen_shannon_raw(scores_joint: Tensor<1>, scores_product: Tensor<1>) -> Tensor<1> {
    softplus(scores_joint.neg()).mean().neg() - softplus(scores_product).mean()
}
