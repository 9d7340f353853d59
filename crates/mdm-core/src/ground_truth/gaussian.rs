//! Jointly Gaussian variables.

use rand::Rng;

use super::invalid;
use crate::linalg::Matrix;
use crate::{Error, normal};

/// N jointly Gaussian variables of any dimensions, with mean 0.
///
/// With the covariance Σ and the blocks `Σ_kk` of the variables on its diagonal, their total correlation is, in nats,
///
/// ```text
/// TC = −½ ln( det Σ / Π_k det Σ_kk )
/// ```
///
/// (for two variables: the mutual information).
///
/// # Example
///
/// ```
/// use mdm_core::ground_truth::Gaussian;
///
/// // Three scalars with correlation ½ between every two: det = ½, hence ½ ln 2 nats.
/// let gaussian = Gaussian::equicorrelated(3, 1, 0.5).unwrap();
/// assert!((gaussian.total_correlation() - 0.3466).abs() < 1e-4);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Gaussian {
    blocks: Vec<usize>,
    covariance: Matrix,
    factor: Matrix,
    chain_terms: Vec<f64>,
}

impl Gaussian {
    /// The variables of a covariance matrix.
    ///
    /// # Shapes
    ///
    /// - `covariance`: `[d, d]`, row by row
    /// - `blocks`: dimensions of each variable, in the order of the rows, adding up to d
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] when the matrix is not symmetric and positive definite, a block is empty, or the
    /// blocks do not add up to the matrix.
    pub fn new(covariance: &[f64], blocks: &[usize]) -> Result<Self, Error> {
        if blocks.is_empty() || blocks.contains(&0) {
            let expected = "at least one variable, each of at least one dimension";
            return Err(invalid("blocks", expected, format!("{blocks:?}")));
        }
        let d = blocks
            .iter()
            .try_fold(0_usize, |sum, &dims| sum.checked_add(dims));
        let Some(d) = d.filter(|&d| d.checked_mul(d) == Some(covariance.len())) else {
            let expected = "sizes d_k whose sum d gives a covariance of d · d values";
            let found = format!("{blocks:?} for {} values", covariance.len());
            return Err(invalid("blocks", expected, found));
        };
        let covariance = Matrix::new(d, d, covariance.to_vec());
        check_symmetric(&covariance)?;
        let factor = positive_definite(&covariance)?;
        Ok(Self {
            blocks: blocks.to_vec(),
            chain_terms: chain_terms(&covariance, &factor, blocks)?,
            covariance,
            factor,
        })
    }

    /// The dimensions of each variable.
    pub fn blocks(&self) -> &[usize] {
        &self.blocks
    }

    /// The covariance Σ `[d, d]`, row by row.
    pub fn covariance(&self) -> &[f64] {
        self.covariance.values()
    }

    /// The total correlation in nats; 0 for one variable.
    pub fn total_correlation(&self) -> f64 {
        self.chain_terms.iter().sum()
    }

    /// The terms of the chain rule in nats: `I(X_1, …, X_k−1 ; X_k)` for k = 2..N, which add up to the total
    /// correlation.
    ///
    /// # Example
    ///
    /// ```
    /// use mdm_core::ground_truth::Gaussian;
    ///
    /// // In a Markov chain the nearest neighbour tells everything: each term is −½ ln(1 − 0.36).
    /// let chain = Gaussian::chain(4, 1, 0.6).unwrap();
    /// assert_eq!(chain.chain_terms().len(), 3);
    /// assert!(chain.chain_terms().iter().all(|term| (term - 0.2231).abs() < 1e-4));
    /// ```
    pub fn chain_terms(&self) -> &[f64] {
        &self.chain_terms
    }

    /// Fills `row` with one sample of all variables, one after the other.
    pub(super) fn draw(&self, row: &mut [f64], rng: &mut impl Rng) {
        let noise: Vec<f64> = row.iter().map(|_| normal::sample(rng)).collect();
        for (i, value) in row.iter_mut().enumerate() {
            let factors = self.factor.row(i)[..=i].iter();
            *value = factors.zip(&noise).map(|(a, b)| a * b).sum();
        }
    }
}

const SYMMETRIC_POSITIVE_DEFINITE: &str = "a symmetric positive definite matrix";

fn positive_definite(matrix: &Matrix) -> Result<Matrix, Error> {
    matrix.cholesky().ok_or_else(|| {
        let found = "a matrix that is not positive definite".to_owned();
        invalid("covariance", SYMMETRIC_POSITIVE_DEFINITE, found)
    })
}

fn chain_terms(covariance: &Matrix, factor: &Matrix, blocks: &[usize]) -> Result<Vec<f64>, Error> {
    let mut start = 0;
    let mut terms = Vec::with_capacity(blocks.len());
    for &dims in blocks {
        let block = start..start + dims;
        let alone = positive_definite(&covariance.block(block.clone(), block.clone()))?;
        // The factor's rows of a variable hold what is left of it once those before are known.
        let given = factor.block(block.clone(), block);
        terms.push(0.5 * (alone.log_det_of_factor() - given.log_det_of_factor()));
        start += dims;
    }
    // The first variable has nothing before it.
    Ok(terms.split_off(1))
}

fn check_symmetric(matrix: &Matrix) -> Result<(), Error> {
    // What sums in another order may differ by, and no more.
    const TOLERANCE: f64 = 1e-9;
    for i in 0..matrix.rows() {
        for j in 0..=i {
            let (lower, upper) = (matrix.get(i, j), matrix.get(j, i));
            // As a correlation. NaN, and so not equal, where a variance is negative.
            let scale = matrix.get(i, i).sqrt() * matrix.get(j, j).sqrt();
            let equal = (lower - upper).abs() <= TOLERANCE * scale;
            if !(equal && scale.is_finite()) {
                let found = format!("{lower} at [{i}, {j}] and {upper} at [{j}, {i}]");
                return Err(invalid("covariance", SYMMETRIC_POSITIVE_DEFINITE, found));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed;

    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }

    #[test]
    fn total_correlation_is_minus_half_the_log_determinant_of_the_correlations() {
        // Along the first row: 4 · 14 − 2 · 5.4 + 0.6 · (−1) = 44.6.
        let covariance = [4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0];
        let scalars = Gaussian::new(&covariance, &[1, 1, 1]).unwrap();
        let determinant: f64 = 44.6;
        let total = -0.5 * (determinant / 60.0).ln();
        assert_close(scalars.total_correlation(), total);
        // Two of them together: less by their own mutual information, det 16 of 20.
        let grouped = Gaussian::new(&covariance, &[2, 1]).unwrap();
        assert_close(grouped.total_correlation(), total + 0.5 * 0.8_f64.ln());
        assert_close(
            scalars.chain_terms()[1],
            Gaussian::new(&covariance, &[2, 1])
                .unwrap()
                .total_correlation(),
        );
    }

    #[test]
    fn scale_and_order_do_not_matter() {
        let base = Gaussian::dense(2, 3, 0.5).unwrap();
        let scales = [0.1, 3.0, 1.0, 7.0, 20.0];
        let scaled: Vec<f64> = (0..25)
            .map(|at| base.covariance()[at] * scales[at / 5] * scales[at % 5])
            .collect();
        let scaled = Gaussian::new(&scaled, &[2, 3]).unwrap();
        assert_close(scaled.total_correlation(), base.total_correlation());
        let turned = Gaussian::dense(3, 2, 0.5).unwrap();
        assert_close(turned.total_correlation(), base.total_correlation());
    }

    #[test]
    fn samples_have_the_covariance() {
        let covariance = [4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0];
        let gaussian = Gaussian::new(&covariance, &[1, 2]).unwrap();
        let mut rng = seed::stream(0, "gaussian", 0);
        let (n, mut sums) = (50_000, [0.0; 9]);
        for _ in 0..n {
            let mut row = [0.0; 3];
            gaussian.draw(&mut row, &mut rng);
            for (at, sum) in sums.iter_mut().enumerate() {
                *sum += row[at / 3] * row[at % 3];
            }
        }
        for (sum, expected) in sums.iter().zip(covariance) {
            let found = sum / f64::from(n);
            assert!((found - expected).abs() < 0.1, "{found} {expected}");
        }
    }

    #[test]
    fn noise_in_the_last_digits_is_no_asymmetry() {
        let gaussian = Gaussian::new(&[1.0, 1e-17, 0.0, 1.0], &[1, 1]).unwrap();
        assert_eq!(gaussian.total_correlation(), 0.0);
    }

    #[test]
    fn what_is_no_covariance_is_an_error() {
        let field = |covariance: &[f64], blocks: &[usize]| match Gaussian::new(covariance, blocks) {
            Err(Error::InvalidConfig { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(field(&[1.0, 0.5, 0.4, 1.0], &[1, 1]), "covariance");
        assert_eq!(field(&[1.0, 2.0, 2.0, 1.0], &[1, 1]), "covariance");
        assert_eq!(field(&[1.0, f64::NAN, f64::NAN, 1.0], &[2]), "covariance");
        assert_eq!(field(&[f64::INFINITY], &[1]), "covariance");
        assert_eq!(field(&[-1.0], &[1]), "covariance");
        assert_eq!(field(&[1.0, 0.0, 0.0, 1.0], &[1, 2]), "blocks");
        assert_eq!(field(&[1.0, 0.0, 0.0, 1.0], &[2, 0]), "blocks");
        assert_eq!(field(&[], &[]), "blocks");
        assert_eq!(field(&[1.0], &[usize::MAX, 2]), "blocks");
    }
}
