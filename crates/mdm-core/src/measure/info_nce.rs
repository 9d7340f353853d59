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

/// InfoNCE on scores of sampled pairs, in nats; at most `ln(k + 1)`.
///
/// ```text
/// mean_i( s_i − ln( (exp(s_i) + Σ_a exp(s_ai)) / (k + 1) ) )      s = scores_joint,  s_ai = scores_product[a · n + i]
/// ```
///
/// The form of [`info_nce`] for a critic of one representation Z. Each of the n joint samples, the anchor, is compared
/// with k samples of the product of the marginals that have its first variable: row j of the product belongs to anchor
/// `j mod n`. [`product_permutations`](crate::product_permutations) gives such rows, k of its draws one after the
/// other: it leaves the first variable in place.
///
/// # Shapes
///
/// - `scores_joint`: `[n]`
/// - `scores_product`: `[k · n]`, k ≥ 1
/// - output: `[1]`
///
/// # Panics
///
/// When `scores_product` is no multiple of `scores_joint` long.
///
/// # Example
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use mdm_core::measure::info_nce_sampled;
///
/// let device = Device::flex();
/// let joint = Tensor::from_floats([50.0, 40.0], &device);
/// let product = Tensor::from_floats([0.0, 0.0, 0.0, 0.0, 0.0, 0.0], &device);
/// // Perfectly told apart from k = 3 others: ln 4.
/// let value: f32 = info_nce_sampled(joint, product).into_scalar();
/// assert!((value - 4f32.ln()).abs() < 1e-6);
/// ```
pub fn info_nce_sampled(scores_joint: Tensor<1>, scores_product: Tensor<1>) -> Tensor<1> {
    let ([n], [rows]) = (scores_joint.dims(), scores_product.dims());
    assert!(
        n > 0 && rows > 0 && rows.is_multiple_of(n),
        "InfoNCE needs the same number of product scores for each of the {n} joint ones, found {rows}"
    );
    let k = rows / n;
    let joint = scores_joint.unsqueeze_dim::<2>(1);
    let product = scores_product.reshape([k, n]).transpose();
    let scores = Tensor::cat(vec![joint, product], 1);
    let of_joint = activation::log_softmax(scores, 1).narrow(1, 0, 1);
    of_joint.mean() + ((k + 1) as f64).ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn all_pairs_as_samples_are_the_matrix() {
        let device = Device::flex();
        let matrix = [[1.0, -2.0, 0.5], [0.3, 2.0, 1.1], [-1.0, 0.0, 0.7]];
        // Row i of the matrix with its columns shifted by a: draw a of anchor i.
        let draw = |a: usize| [0, 1, 2].map(|i: usize| matrix[i][(i + a) % 3]);
        let joint = Tensor::from_floats(draw(0), &device);
        let product = Tensor::from_floats([draw(1), draw(2)].concat().as_slice(), &device);
        let sampled: f32 = info_nce_sampled(joint, product).into_scalar();
        let whole: f32 = info_nce(Tensor::from_floats(matrix, &device)).into_scalar();
        assert!((sampled - whole).abs() < 1e-6, "{sampled} {whole}");
    }

    #[test]
    #[should_panic(expected = "the same number of product scores")]
    fn a_length_that_is_no_multiple_is_refused() {
        let device = Device::flex();
        info_nce_sampled(Tensor::zeros([2], &device), Tensor::zeros([3], &device));
    }
}
