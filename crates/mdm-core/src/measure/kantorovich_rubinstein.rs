use burn::tensor::Tensor;

/// The Kantorovich–Rubinstein dual of the Wasserstein-1 distance.
///
/// ```text
/// mean(scores_joint) − mean(scores_product)
/// ```
///
/// The supremum over 1-Lipschitz critics is the distance, in the units of the critic's input; without a constraint on
/// the critic (see [`Lipschitz`](crate::Lipschitz)) it has no bound. This is what equation 8 of the paper stands for;
/// [`kantorovich_rubinstein_paper_literal`] keeps its printed form.
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
/// use mdm_core::measure::kantorovich_rubinstein;
///
/// let device = Device::flex();
/// let joint = Tensor::from_floats([2.0, 4.0], &device);
/// let product = Tensor::from_floats([1.0, 0.0], &device);
/// assert_eq!(kantorovich_rubinstein(joint, product).into_scalar::<f32>(), 2.5);
/// ```
pub fn kantorovich_rubinstein(scores_joint: Tensor<1>, scores_product: Tensor<1>) -> Tensor<1> {
    scores_joint.mean() - scores_product.mean()
}

/// Equation 8 of the paper exactly as printed: `mean(scores_joint) − ln( mean(scores_product) )`.
///
/// Kept to reproduce what the equation says, not to estimate anything. The Kantorovich–Rubinstein dual has no
/// logarithm, and with it a constant critic `T = ε` scores `ε − ln ε`, which grows without bound as ε falls to 0: the
/// degenerate critic is the best one. It needs positive scores, hence the critic's sigmoid output.
///
/// # Shapes
///
/// As [`kantorovich_rubinstein`].
///
/// # Numerics
///
/// The logarithm of a mean that is not positive is no number. The value is then +∞, its limit as the mean falls to 0,
/// and not NaN: a critic without sigmoid that gets there has found the degeneracy, and training stops at the infinite
/// loss.
///
/// # Example
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use mdm_core::measure::kantorovich_rubinstein_paper_literal;
///
/// let device = Device::flex();
/// let joint = Tensor::from_floats([0.25, 0.75], &device);
/// let product = Tensor::from_floats([1.0, 1.0], &device);
/// // 0.5 − ln 1
/// assert_eq!(kantorovich_rubinstein_paper_literal(joint, product).into_scalar::<f32>(), 0.5);
/// ```
pub fn kantorovich_rubinstein_paper_literal(
    scores_joint: Tensor<1>,
    scores_product: Tensor<1>,
) -> Tensor<1> {
    scores_joint.mean() - scores_product.mean().clamp_min(0.0).log()
}
