use burn::tensor::{Tensor, activation};

/// InfoNCE on a matrix of scores, in nats; at most `ln n`.
///
/// ```text
/// mean_i( s[i, i] − ln Σ_j exp(s[i, j]) ) + ln n
/// ```
///
/// Row i scores sample i of one variable against all n samples of the other; the diagonal holds the joint samples
/// (van den Oord et al., 2018). Whatever the dependence, the value cannot pass `ln n`.
///
/// # Shapes
///
/// - `scores`: `[n, n]`
/// - output: `[1]`
///
/// # Panics
///
/// When `scores` is not square.
///
/// # Example
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use mdm_core::measure::info_nce;
///
/// // Perfectly separated pairs reach the ceiling ln 2.
/// let scores = Tensor::<2>::from_floats([[50.0, 0.0], [0.0, 50.0]], &Device::flex());
/// assert!((info_nce(scores).into_scalar::<f32>() - 2.0_f32.ln()).abs() < 1e-6);
/// ```
pub fn info_nce(scores: Tensor<2>) -> Tensor<1> {
    let [rows, columns] = scores.dims();
    assert_eq!(rows, columns, "InfoNCE needs a square matrix of scores");
    let log_probabilities = activation::log_softmax(scores, 1);
    let identity = Tensor::<2>::eye(rows, &log_probabilities.device());
    // Pick the diagonal by a mask instead of a product: −inf off the diagonal must not become NaN.
    let diagonal = log_probabilities
        .mask_fill(identity.equal_scalar(0.0), 0.0)
        .sum_dim(1);
    diagonal.mean() + (rows as f64).ln()
}
