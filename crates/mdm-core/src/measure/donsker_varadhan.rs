use burn::tensor::Tensor;

use crate::numerics::log_mean_exp;

/// The Donsker–Varadhan bound on the Kullback–Leibler divergence, in nats.
///
/// ```text
/// mean(scores_joint) − ln( mean( exp(scores_product) ) )
/// ```
///
/// With the joint law against the product of the marginals this bounds the total correlation from below
/// (equation 6 of the paper; Donsker and Varadhan, 1983; MINE: Belghazi et al., 2018). It is tight for
/// `T = ln(dp/dq) + constant`.
///
/// # Shapes
///
/// - `scores_joint`: `[n]`, the critic on samples of the joint law
/// - `scores_product`: `[m]`, the critic on samples of the product of the marginals
/// - output: `[1]`
///
/// # Numerics
///
/// The logarithm is taken in log space ([`log_mean_exp`]). The gradient of the second term over a batch is biased; the
/// bias falls with the batch size, and [`mine`](super::mine) corrects it with a running mean.
///
/// # Example
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use mdm_core::measure::donsker_varadhan;
///
/// let device = Device::flex();
/// let joint = Tensor::from_floats([1.0, 3.0], &device);
/// let product = Tensor::from_floats([0.5, 0.5], &device);
/// // 2 − ln(e^0.5) = 1.5
/// let value: f32 = donsker_varadhan(joint, product).into_scalar();
/// assert!((value - 1.5).abs() < 1e-6);
/// ```
pub fn donsker_varadhan(scores_joint: Tensor<1>, scores_product: Tensor<1>) -> Tensor<1> {
    scores_joint.mean() - log_mean_exp(scores_product)
}
