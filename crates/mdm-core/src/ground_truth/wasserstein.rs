//! Bounds on the Wasserstein distance of figure 1.

use std::f64::consts::SQRT_2;

use super::invalid;
use super::special::ln_gamma;
use crate::Error;

/// A lower bound on the Wasserstein-1 distance between the joint law of a
/// [`componentwise`](super::Gaussian::componentwise) pair and the product of its marginals, in the units of the
/// variables.
///
/// ```text
/// W1 ≥ E|g| / √dim · W2,   E|g| = √2 Γ((dim + 1)/2) / Γ(dim/2)
/// ```
///
/// with the W2 of [`wasserstein_upper_bound`] and a standard normal g of `dim` components. It is what the function
/// `(a |x + y| − b |x − y|) / √2`, with `a = √(1 + rho) − 1`, `b = 1 − √(1 − rho)`, divided by `√(a² + b²)`, tells
/// the two laws apart by: its gradient has length 1, and `(x ± y)/√2` is normal with variance `1 ± rho` under the joint
/// law, 1 under the product. For one component the bounds are 20 % apart, for 20 of them 1 %.
///
/// # Errors
///
/// [`Error::InvalidConfig`] when `rho` is not in [−1, 1], or `dim` is 0.
///
/// # Example
///
/// ```
/// use mdm_core::ground_truth::{wasserstein_lower_bound, wasserstein_upper_bound};
///
/// // E|g| is √(2/π) for one component.
/// let share = wasserstein_lower_bound(1, 0.8).unwrap() / wasserstein_upper_bound(1, 0.8).unwrap();
/// assert!((share - 0.7979).abs() < 1e-4);
/// ```
pub fn wasserstein_lower_bound(dim: usize, rho: f64) -> Result<f64, Error> {
    let upper = wasserstein_upper_bound(dim, rho)?;
    let half = 0.5 * dim as f64;
    let mean_norm = SQRT_2 * (ln_gamma(half + 0.5) - ln_gamma(half)).exp();
    Ok(mean_norm / (dim as f64).sqrt() * upper)
}

/// An upper bound on the Wasserstein-1 distance between the joint law of a
/// [`componentwise`](super::Gaussian::componentwise) pair and the product of its marginals, in the units of the
/// variables: their Wasserstein-2 distance.
///
/// ```text
/// W1 ≤ W2 = √( dim (4 − 2 (√(1 + rho) + √(1 − rho))) )
/// ```
///
/// From the distance of two Gaussian laws, `W2² = tr(A + B − 2 (A^½ B A^½)^½)` (Dowson and Landau, "The Fréchet
/// Distance between Multivariate Normal Distributions", 1982), with the identity for B and `1 ± rho` as the eigenvalues
/// of A.
///
/// # Errors
///
/// [`Error::InvalidConfig`] when `rho` is not in [−1, 1], or `dim` is 0.
///
/// # Example
///
/// ```
/// use mdm_core::ground_truth::wasserstein_upper_bound;
///
/// // Y = X: √(4 − 2 √2).
/// assert!((wasserstein_upper_bound(1, 1.0).unwrap() - 1.0824).abs() < 1e-4);
/// ```
pub fn wasserstein_upper_bound(dim: usize, rho: f64) -> Result<f64, Error> {
    if !(-1.0..=1.0).contains(&rho) {
        let expected = "a correlation in [−1, 1]";
        return Err(invalid("rho", expected, rho.to_string()));
    }
    if dim == 0 {
        return Err(invalid("dim", "at least 1", "0".to_owned()));
    }
    // The sum of squares of what each eigenvalue's root differs from 1, which keeps its digits at a small rho.
    let (up, down) = ((1.0 + rho).sqrt() - 1.0, (1.0 - rho).sqrt() - 1.0);
    Ok((dim as f64 * (up * up + down * down)).sqrt())
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;
    use crate::ground_truth::{Gaussian, Task};
    use crate::seed;

    #[test]
    fn bounds_hold_for_projections_and_couplings() {
        for rho in [-0.9_f64, -0.3, 0.2, 0.8] {
            let (lower, upper) = (
                wasserstein_lower_bound(1, rho).unwrap(),
                wasserstein_upper_bound(1, rho).unwrap(),
            );
            let squared = 4.0 - 2.0 * ((1.0 + rho).sqrt() + (1.0 - rho).sqrt());
            assert!((upper * upper - squared).abs() < 1e-12);
            assert!(lower < upper);
            // Each one-dimensional projection bounds it from below as well, and less well.
            for direction in [rho, -rho] {
                let projection = ((1.0 + direction).sqrt() - 1.0).abs() * (2.0 / PI).sqrt();
                assert!(projection < lower, "{projection} {lower}");
            }
            // So does one coupling from above: the same X, with Y drawn anew.
            let anew = (2.0 * (1.0 - (1.0 - rho * rho).sqrt())).sqrt();
            assert!(anew >= upper);
        }
    }

    #[test]
    fn the_lower_bound_is_what_its_function_tells_apart() {
        let (dim, rho) = (3, 0.8_f64);
        let (a, b) = ((1.0 + rho).sqrt() - 1.0, 1.0 - (1.0 - rho).sqrt());
        let score = |x: &[f32], y: &[f32]| {
            let norm = |sign: f32| {
                let parts = x.iter().zip(y).map(|(x, y)| f64::from(x + sign * y));
                (0.5 * parts.map(|part| part * part).sum::<f64>()).sqrt()
            };
            (a * norm(1.0) - b * norm(-1.0)) / a.hypot(b)
        };
        let mean = |rho: f64| {
            let task = Task::new("pair", Gaussian::componentwise(dim, rho).unwrap());
            let samples = task.sample(50_000, &mut seed::stream(0, "wasserstein", 0));
            let rows = samples[0].chunks(dim).zip(samples[1].chunks(dim));
            rows.map(|(x, y)| score(x, y)).sum::<f64>() / 50_000.0
        };
        let expected = wasserstein_lower_bound(dim, rho).unwrap();
        let found = mean(rho) - mean(0.0);
        assert!((found - expected).abs() < 0.01, "{found} {expected}");
    }

    #[test]
    fn bounds_meet_in_many_dimensions_and_at_independence() {
        let share = |dim| {
            wasserstein_lower_bound(dim, 0.5).unwrap() / wasserstein_upper_bound(dim, 0.5).unwrap()
        };
        assert!(share(20) > 0.98 && share(1000) > 0.999);
        assert_eq!(wasserstein_upper_bound(20, 0.0), Ok(0.0));
        assert!(wasserstein_lower_bound(0, 0.5).is_err());
        assert!(wasserstein_upper_bound(1, f64::NAN).is_err());
        assert!(wasserstein_upper_bound(1, 1.1).is_err());
    }
}
