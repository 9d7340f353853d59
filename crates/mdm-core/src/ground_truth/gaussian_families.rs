//! Gaussian variables of a simple structure.

use super::gaussian::Gaussian;
use super::invalid;
use crate::Error;
use crate::linalg::Matrix;

impl Gaussian {
    /// Standard normal variables of which component i of each has correlation `rho` with component i of every other,
    /// and 0 with all else: `copies` independent copies of `variables` equicorrelated scalars.
    ///
    /// ```text
    /// TC = −½ copies ((N − 1) ln(1 − rho) + ln(1 + (N − 1) rho)),  N = variables
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] when `rho` is not between −1/(N − 1) and 1, or a number is 0.
    pub fn equicorrelated(variables: usize, copies: usize, rho: f64) -> Result<Self, Error> {
        let least = -1.0 / (variables.max(2) - 1) as f64;
        if !(rho > least && rho < 1.0) {
            let expected = "a correlation above −1/(variables − 1) and below 1";
            return Err(invalid("rho", expected, rho.to_string()));
        }
        Self::componentwise_covariance(variables, copies, |_, _| rho)
    }

    /// A pair of standard normal variables X and Y of `dim` components with `corr(X_i, Y_k) = δ_ik rho`: figure 1 of
    /// the paper.
    ///
    /// ```text
    /// I(X; Y) = −½ dim ln(1 − rho²)
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] when `rho` is not between −1 and 1, or `dim` is 0.
    ///
    /// # Example
    ///
    /// ```
    /// use mdm_core::ground_truth::Gaussian;
    ///
    /// // −½ · 2 · ln(1 − 0.36) = −ln 0.64
    /// let pair = Gaussian::componentwise(2, 0.6).unwrap();
    /// assert!((pair.total_correlation() - 0.4463).abs() < 1e-4);
    /// ```
    pub fn componentwise(dim: usize, rho: f64) -> Result<Self, Error> {
        Self::equicorrelated(2, dim, rho)
    }

    /// A Markov chain `X_1 → X_2 → … → X_N` of standard normal variables of `dim` components: component i of
    /// neighbours has correlation `rho`, hence that of `X_j` and `X_k` has `rho^|j − k|`.
    ///
    /// ```text
    /// TC = −½ (N − 1) dim ln(1 − rho²),  N = variables
    /// ```
    ///
    /// The line structure of Bai et al., "Estimating Total Correlation with Mutual Information Estimators", 2023.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] when `rho` is not between −1 and 1, or a number is 0.
    pub fn chain(variables: usize, dim: usize, rho: f64) -> Result<Self, Error> {
        check_correlation(rho)?;
        let between = |j: usize, k: usize| rho.powi(j.abs_diff(k) as i32);
        Self::componentwise_covariance(variables, dim, between)
    }

    /// Two standard normal variables with correlation `rho` between every two of their `dim_x + dim_y` components
    /// ("dense" in Czyż et al., "Beyond Normal: On the Evaluation of Mutual Information Estimators", NeurIPS 2023).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] when `rho` is not in [0, 1), or a dimension is 0.
    pub fn dense(dim_x: usize, dim_y: usize, rho: f64) -> Result<Self, Error> {
        if !(0.0..1.0).contains(&rho) {
            let expected = "a correlation in [0, 1)";
            return Err(invalid("rho", expected, rho.to_string()));
        }
        let covariance =
            Matrix::from_fn(
                dim_x + dim_y,
                dim_x + dim_y,
                |i, j| {
                    if i == j { 1.0 } else { rho }
                },
            );
        Self::new(covariance.values(), &[dim_x, dim_y])
    }

    /// Two standard normal variables of which the first `pairs` components have `corr(X_i, Y_i) = rho`, and all else
    /// is independent ("2-pair" in Czyż et al., 2023, with 2 of them).
    ///
    /// ```text
    /// I(X; Y) = −½ pairs ln(1 − rho²)
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] when `rho` is not between −1 and 1, or a dimension is 0 or less than `pairs`.
    pub fn sparse(dim_x: usize, dim_y: usize, pairs: usize, rho: f64) -> Result<Self, Error> {
        check_correlation(rho)?;
        if pairs > dim_x.min(dim_y) {
            let expected = "at most the dimensions of each variable";
            return Err(invalid("pairs", expected, pairs.to_string()));
        }
        let covariance = Matrix::from_fn(dim_x + dim_y, dim_x + dim_y, |i, j| {
            if i == j {
                1.0
            } else if i.abs_diff(j) == dim_x && i.min(j) < pairs {
                rho
            } else {
                0.0
            }
        });
        Self::new(covariance.values(), &[dim_x, dim_y])
    }

    /// Standard normal variables of `dim` components each, component i of variables j ≠ k with the correlation
    /// `between(j, k)`.
    fn componentwise_covariance(
        variables: usize,
        dim: usize,
        between: impl Fn(usize, usize) -> f64,
    ) -> Result<Self, Error> {
        let d = variables * dim;
        let covariance = Matrix::from_fn(d, d, |row, column| {
            if row == column {
                1.0
            } else if row % dim == column % dim {
                between(row / dim, column / dim)
            } else {
                0.0
            }
        });
        Self::new(covariance.values(), &vec![dim; variables])
    }
}

/// The correlation at which [`Gaussian::componentwise`] variables of `dim` components have `mutual_information` nats:
/// `√(1 − exp(−2 mutual_information / dim))`.
///
/// # Errors
///
/// [`Error::InvalidConfig`] when `mutual_information` is negative or not finite, or `dim` is 0.
///
/// # Example
///
/// ```
/// use mdm_core::ground_truth::rho_for;
///
/// // −½ ln(1 − 0.6²) = ½ ln(25/16)
/// let rho = rho_for(0.5 * (25.0_f64 / 16.0).ln(), 1).unwrap();
/// assert!((rho - 0.6).abs() < 1e-12);
/// ```
pub fn rho_for(mutual_information: f64, dim: usize) -> Result<f64, Error> {
    if !(mutual_information >= 0.0 && mutual_information.is_finite()) {
        let expected = "0 or a positive number of nats";
        let found = mutual_information.to_string();
        return Err(invalid("mutual_information", expected, found));
    }
    if dim == 0 {
        return Err(invalid("dim", "at least 1", "0".to_owned()));
    }
    Ok((-(-2.0 * mutual_information / dim as f64).exp_m1()).sqrt())
}

fn check_correlation(rho: f64) -> Result<(), Error> {
    if rho.abs() < 1.0 {
        return Ok(());
    }
    let expected = "a correlation above −1 and below 1";
    Err(invalid("rho", expected, rho.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }

    #[test]
    fn formulas_of_the_families() {
        for (variables, copies, rho) in [(2, 3, -0.4), (3, 1, 0.9), (4, 2, 0.0), (5, 20, 0.7)] {
            let gaussian = Gaussian::equicorrelated(variables, copies, rho).unwrap();
            let others = (variables - 1) as f64;
            let log_det = others * (1.0 - rho).ln() + (1.0 + others * rho).ln();
            assert_close(gaussian.total_correlation(), -0.5 * copies as f64 * log_det);
        }
        let chain = Gaussian::chain(4, 20, 0.3).unwrap();
        let pair = Gaussian::componentwise(20, 0.3).unwrap();
        assert_close(chain.total_correlation(), 3.0 * pair.total_correlation());
        let sparse = Gaussian::sparse(25, 5, 2, 0.8).unwrap();
        assert_close(sparse.total_correlation(), -(0.36_f64.ln()));
        let one = Gaussian::new(&[2.0], &[1]).unwrap();
        assert_eq!(one.total_correlation(), 0.0);
    }

    #[test]
    fn rho_for_inverts_the_mutual_information() {
        for (mutual_information, rho) in [
            (2.0, 0.4258),
            (4.0, 0.5742),
            (6.0, 0.6717),
            (8.0, 0.7421),
            (10.0, 0.7951),
        ] {
            let found = rho_for(mutual_information, 20).unwrap();
            assert!((found - rho).abs() < 1e-4, "{found} {rho}");
            let pair = Gaussian::componentwise(20, found).unwrap();
            assert_close(pair.total_correlation(), mutual_information);
        }
        assert_eq!(rho_for(0.0, 3), Ok(0.0));
        for (mutual_information, dim) in [(-1.0, 1), (f64::NAN, 1), (f64::INFINITY, 1), (1.0, 0)] {
            assert!(rho_for(mutual_information, dim).is_err());
        }
    }

    #[test]
    fn correlations_out_of_range_are_errors() {
        assert!(Gaussian::equicorrelated(3, 1, -0.5).is_err());
        assert!(Gaussian::equicorrelated(3, 1, -0.49).is_ok());
        assert!(Gaussian::componentwise(1, 1.0).is_err());
        assert!(Gaussian::componentwise(0, 0.5).is_err());
        assert!(Gaussian::equicorrelated(0, 1, 0.5).is_err());
        assert!(Gaussian::chain(3, 1, f64::NAN).is_err());
        assert!(Gaussian::dense(1, 1, -0.5).is_err());
        assert!(Gaussian::sparse(2, 1, 2, 0.5).is_err());
    }
}
