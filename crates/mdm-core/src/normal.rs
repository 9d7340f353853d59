//! The standard normal distribution on the host, in `f64`.

use std::f64::consts::{PI, TAU};

use rand::{Rng, RngExt};

/// Where [`cdf`] changes from the power series to the continued fraction.
const TAIL: f64 = 3.0;

/// The density, `exp(−x²/2) / √(2π)`.
fn density(x: f64) -> f64 {
    (-0.5 * x * x).exp() / TAU.sqrt()
}

/// The distribution function Φ(x).
///
/// Near 0 by the power series `Φ(x) = ½ + φ(x) (x + x³/3 + x⁵/(3·5) + …)`, whose terms have one sign, in the tails by
/// Laplace's continued fraction `Φ(−x) = φ(x) / (x + 1/(x + 2/(x + 3/(x + …))))`. The relative error is below 1e-12 in
/// both tails.
pub(crate) fn cdf(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x.abs() < TAIL {
        let mut term = x;
        let mut sum = x;
        let mut odd = 1.0;
        while term.abs() > f64::EPSILON * sum.abs() {
            odd += 2.0;
            term *= x * x / odd;
            sum += term;
        }
        return 0.5 + density(x) * sum;
    }
    if x > 0.0 {
        return 1.0 - cdf(-x);
    }
    // Deep enough for the last digit at x = 3, and more than enough beyond.
    const DEPTH: u32 = 60;
    let fraction = (1..=DEPTH)
        .rev()
        .fold(-x, |rest, k| -x + f64::from(k) / rest);
    density(x) / fraction
}

/// The quantile function Φ⁻¹(p): −∞ at 0, ∞ at 1, NaN outside.
///
/// Acklam's rational approximation, good to nine digits, and one step of Halley's method on Φ(x) = p, which triples
/// them.
pub(crate) fn quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    if p > 0.5 {
        return -quantile(1.0 - p);
    }
    let x = acklam(p);
    if p < f64::MIN_POSITIVE {
        // The error of a subnormal p has too few digits to correct anything.
        return x;
    }
    let newton = (cdf(x) - p) / density(x);
    x - newton / (1.0 + 0.5 * x * newton)
}

/// Acklam's approximation of the quantile of `0 < p ≤ ½`, with a relative error below 1.15e-9.
fn acklam(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969683028665376e1,
        2.209460984245205e2,
        -2.759285104469687e2,
        1.38357751867269e2,
        -3.066479806614716e1,
        2.506628277459239,
    ];
    const B: [f64; 6] = [
        -5.447609879822406e1,
        1.615858368580409e2,
        -1.556989798598866e2,
        6.680131188771972e1,
        -1.328068155288572e1,
        1.0,
    ];
    const C: [f64; 6] = [
        -7.784894002430293e-3,
        -3.223964580411365e-1,
        -2.400758277161838,
        -2.549732539343734,
        4.374664141464968,
        2.938163982698783,
    ];
    const D: [f64; 5] = [
        7.784695709041462e-3,
        3.224671290700398e-1,
        2.445134137142996,
        3.754408661907416,
        1.0,
    ];
    const LOW: f64 = 0.02425;
    let horner = |coefficients: &[f64], x: f64| coefficients.iter().fold(0.0, |sum, c| sum * x + c);
    if p < LOW {
        let q = (-2.0 * p.ln()).sqrt();
        horner(&C, q) / horner(&D, q)
    } else {
        let q = p - 0.5;
        q * horner(&A, q * q) / horner(&B, q * q)
    }
}

/// A standard normal value (Box and Muller).
pub(crate) fn sample(rng: &mut impl Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (2.0 * PI * rng.random::<f64>()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed;

    /// Φ to 16 digits.
    const TABLE: [(f64, f64); 8] = [
        (-10.0, 7.619_853_024_160_527e-24),
        (-5.0, 2.866_515_718_791_939e-7),
        (-3.0, 1.349_898_031_630_094_6e-3),
        (-1.0, 0.158_655_253_931_457_05),
        (0.0, 0.5),
        (0.5, 0.691_462_461_274_013_1),
        (1.96, 0.975_002_104_851_779_5),
        (4.0, 0.999_968_328_758_166_9),
    ];

    #[test]
    fn distribution_function_has_the_values_of_the_table() {
        for (x, p) in TABLE {
            assert!((cdf(x) / p - 1.0).abs() < 1e-12, "{x}: {} {p}", cdf(x));
        }
        assert_eq!((cdf(-60.0), cdf(60.0)), (0.0, 1.0));
        assert!(cdf(f64::NAN).is_nan());
    }

    #[test]
    fn series_and_continued_fraction_meet() {
        let (inside, outside) = (cdf(-TAIL + 1e-9), cdf(-TAIL));
        let slope = (inside - outside) / 1e-9;
        assert!((slope / density(TAIL) - 1.0).abs() < 1e-4, "{slope}");
    }

    #[test]
    fn quantile_inverts_the_distribution_function() {
        for (x, p) in TABLE {
            // An upper tail of 1 − p keeps as many digits as p leaves it.
            assert!((quantile(p) - x).abs() < 1e-11, "{x}: {}", quantile(p));
        }
        for step in 1..2000 {
            let p = f64::from(step) / 2000.0;
            assert!((cdf(quantile(p)) - p).abs() < 1e-14, "{p}");
        }
        let tiny = 1e-300;
        assert!((cdf(quantile(tiny)) / tiny - 1.0).abs() < 1e-9);
    }

    #[test]
    fn quantile_at_and_beyond_the_ends() {
        assert_eq!(quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(quantile(1.0), f64::INFINITY);
        assert!(quantile(f64::MIN_POSITIVE / 4.0) < -37.0);
        for outside in [-0.1, 1.1, f64::NAN] {
            assert!(quantile(outside).is_nan());
        }
    }

    #[test]
    fn samples_have_the_moments_of_the_distribution() {
        let mut rng = seed::stream(0, "normal", 0);
        let n = 100_000;
        let values: Vec<f64> = (0..n).map(|_| sample(&mut rng)).collect();
        let moment = |k| values.iter().map(|v: &f64| v.powi(k)).sum::<f64>() / f64::from(n);
        for (k, expected, error) in [(1, 0.0, 0.01), (2, 1.0, 0.02), (4, 3.0, 0.12)] {
            assert!((moment(k) - expected).abs() < error, "{k}: {}", moment(k));
        }
    }
}
