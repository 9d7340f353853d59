use burn::tensor::Tensor;

/// The Nguyen–Wainwright–Jordan bound on the Kullback–Leibler divergence, in nats.
///
/// ```text
/// mean(scores_joint) − mean( exp(scores_product − 1) )
/// ```
///
/// Equation 7 of the paper, whose "f-mutual information" is this member (f = KL) of the family; the others are in
/// [`FDivergence`](super::FDivergence). Never above [`donsker_varadhan`](super::donsker_varadhan) on the same scores;
/// unlike it, unbiased over batches. Tight for `T = 1 + ln(dp/dq)`. (Nguyen, Wainwright and Jordan, 2010.)
///
/// # Shapes
///
/// - `scores_joint`: `[n]`
/// - `scores_product`: `[m]`
/// - output: `[1]`
///
/// # Numerics
///
/// `exp(scores_product − 1)` leaves the range of `f32` for scores above 89.7, and a sum of many of them a little
/// earlier (17,000 scores of 80); the value is then −∞. That is the bound itself, not its implementation.
///
/// # Example
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use mdm_core::measure::nwj;
///
/// let device = Device::flex();
/// let joint = Tensor::from_floats([2.0, 4.0], &device);
/// let product = Tensor::from_floats([1.0, 1.0], &device);
/// // 3 − e^0 = 2
/// assert_eq!(nwj(joint, product).into_scalar::<f32>(), 2.0);
/// ```
pub fn nwj(scores_joint: Tensor<1>, scores_product: Tensor<1>) -> Tensor<1> {
    scores_joint.mean() - (scores_product - 1.0).exp().mean()
}
