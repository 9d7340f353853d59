use burn::tensor::Tensor;

use super::{donsker_varadhan, jensen_shannon_raw};

/// SMILE's τ where none is given: 5, one of the values of the authors' demo (1, 5 and none).
pub const SMILE_TAU: f64 = 5.0;

/// SMILE: Donsker–Varadhan with the scores clipped to ±`tau` in the partition term, in nats.
///
/// ```text
/// mean(scores_joint) − ln( mean( exp( clip(scores_product, −tau, tau) ) ) )
/// ```
///
/// A small `tau` buys low variance with bias (Song and Ermon, 2020); an infinite one clips nothing. The gradient is 0
/// outside the clip.
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
/// use mdm_core::measure::smile;
///
/// let device = Device::flex();
/// let joint = Tensor::from_floats([3.0], &device);
/// let product = Tensor::from_floats([10.0, 10.0], &device);
/// // 3 − min(10, 2)
/// assert_eq!(smile(joint, product, 2.0).into_scalar::<f32>(), 1.0);
/// ```
pub fn smile(scores_joint: Tensor<1>, scores_product: Tensor<1>, tau: f64) -> Tensor<1> {
    let clipped = if tau.is_finite() {
        scores_product.clamp(-tau, tau)
    } else {
        scores_product
    };
    donsker_varadhan(scores_joint, clipped)
}

/// The value of [`smile`] with the gradient of the Jensen–Shannon objective, which is how SMILE's critic is trained.
///
/// # Shapes
///
/// As [`smile`].
pub fn smile_jensen_shannon(
    scores_joint: Tensor<1>,
    scores_product: Tensor<1>,
    tau: f64,
) -> Tensor<1> {
    let trained = jensen_shannon_raw(scores_joint.clone(), scores_product.clone());
    let value = smile(scores_joint, scores_product, tau).detach();
    // Adds and takes away the same number: only its gradient stays.
    value + (trained.clone() - trained.detach())
}
