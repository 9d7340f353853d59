//! Jointly Student-t variables.

use rand::{Rng, RngExt};

use super::gaussian::Gaussian;
use super::invalid;
use super::special::{digamma, ln_gamma};
use crate::linalg::Matrix;
use crate::{Error, normal};

/// N variables with a joint Student-t distribution: Gaussian ones, divided by a common `√(χ²_ν / ν)`.
///
/// They depend on each other even where their correlations are 0: the divisor is common. With the total correlation
/// `TC_normal` of the Gaussian variables of the same dispersion, the dimensions `d_k` of the variables and d of all
/// together, and ν = `degrees_of_freedom`, the total correlation is, in nats,
///
/// ```text
/// TC   = TC_normal + Σ_k c(d_k) − c(d)
/// c(m) = ln Γ(ν/2) − ln Γ((ν + m)/2) + (ν + m)/2 · (ψ((ν + m)/2) − ψ(ν/2))
/// ```
///
/// From the entropies in Arellano-Valle, Contreras-Reyes and Genton, "Shannon Entropy and Mutual Information for
/// Multivariate Skew-Elliptical Distributions", Scandinavian Journal of Statistics 40, 2013, equation 7.
///
/// # Example
///
/// ```
/// use mdm_core::ground_truth::StudentT;
///
/// // Two planes, ν = 2: ψ(2) − ψ(1) = 1 and ψ(3) − ψ(1) = 1.5, hence 2 · 2 − (4.5 − ln 2) = ln 2 − ½.
/// let student = StudentT::identity(&[2, 2], 2.0).unwrap();
/// assert!((student.total_correlation() - 0.1931).abs() < 1e-4);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct StudentT {
    dispersion: Gaussian,
    degrees_of_freedom: f64,
}

impl StudentT {
    /// The variables of a dispersion matrix: the covariance of the Gaussian variables before they are divided.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] when `degrees_of_freedom` is not a number of at least 0.5: with fewer, samples
    /// would be infinite in `f32`.
    pub fn new(dispersion: Gaussian, degrees_of_freedom: f64) -> Result<Self, Error> {
        if !(degrees_of_freedom >= 0.5 && degrees_of_freedom.is_finite()) {
            let expected = "a number of at least 0.5";
            let found = degrees_of_freedom.to_string();
            return Err(invalid("degrees_of_freedom", expected, found));
        }
        Ok(Self {
            dispersion,
            degrees_of_freedom,
        })
    }

    /// Uncorrelated variables of the dimensions `blocks`: the dispersion is the identity.
    ///
    /// # Errors
    ///
    /// As [`StudentT::new`], and when there is no block or an empty one.
    pub fn identity(blocks: &[usize], degrees_of_freedom: f64) -> Result<Self, Error> {
        let identity = Matrix::identity(blocks.iter().sum());
        Self::new(
            Gaussian::new(identity.values(), blocks)?,
            degrees_of_freedom,
        )
    }

    /// The dimensions of each variable.
    pub fn blocks(&self) -> &[usize] {
        self.dispersion.blocks()
    }

    /// The total correlation in nats; 0 for one variable.
    pub fn total_correlation(&self) -> f64 {
        let correction = |dims: usize| entropy_correction(dims as f64, self.degrees_of_freedom);
        let blocks = self.blocks();
        let parts: f64 = blocks.iter().map(|&dims| correction(dims)).sum();
        self.dispersion.total_correlation() + parts - correction(blocks.iter().sum())
    }

    /// Fills `row` with one sample of all variables, one after the other.
    pub(super) fn draw(&self, row: &mut [f64], rng: &mut impl Rng) {
        self.dispersion.draw(row, rng);
        let half = 0.5 * self.degrees_of_freedom;
        let divisor = (gamma(half, rng) / half).sqrt();
        for value in row {
            *value /= divisor;
        }
    }
}

/// What the entropy of a t distribution of `dims` dimensions has beyond that of the normal one, up to multiples of
/// `dims`, which cancel in a total correlation.
fn entropy_correction(dims: f64, degrees_of_freedom: f64) -> f64 {
    let (half, sum) = (0.5 * degrees_of_freedom, 0.5 * (degrees_of_freedom + dims));
    ln_gamma(half) - ln_gamma(sum) + sum * (digamma(sum) - digamma(half))
}

/// A value of the gamma distribution of this shape and scale 1 (Marsaglia and Tsang, "A Simple Method for Generating
/// Gamma Variables", 2000).
fn gamma(shape: f64, rng: &mut impl Rng) -> f64 {
    if shape < 1.0 {
        let uniform = 1.0 - rng.random::<f64>();
        return gamma(shape + 1.0, rng) * uniform.powf(1.0 / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal::sample(rng);
        let v = (1.0 + c * x).powi(3);
        let uniform = 1.0 - rng.random::<f64>();
        if v > 0.0 && uniform.ln() < 0.5 * x * x + d * (1.0 - v + v.ln()) {
            return d * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed;

    #[test]
    fn truths_of_the_literature() {
        for (dims, degrees_of_freedom, truth) in [
            (1, 1.0, 0.2242),
            (2, 1.0, 0.4319),
            (2, 2.0, 0.1931),
            (3, 2.0, 0.2909),
            (3, 3.0, 0.1787),
            (5, 2.0, 0.4482),
            (5, 3.0, 0.2985),
        ] {
            let student = StudentT::identity(&[dims, dims], degrees_of_freedom).unwrap();
            let found = student.total_correlation();
            assert!((found - truth).abs() < 1e-4, "{dims} {found} {truth}");
        }
    }

    #[test]
    fn many_degrees_of_freedom_are_gaussian() {
        let gaussian = Gaussian::dense(2, 3, 0.5).unwrap();
        let expected = gaussian.total_correlation();
        let student = StudentT::new(gaussian.clone(), 1e6).unwrap();
        assert!((student.total_correlation() - expected).abs() < 1e-5);
        // And few add to it, by the same amount as without correlations.
        let student = StudentT::new(gaussian, 1.0).unwrap();
        let identity = StudentT::identity(&[2, 3], 1.0).unwrap();
        let sum = expected + identity.total_correlation();
        assert!((student.total_correlation() - sum).abs() < 1e-12);
    }

    #[test]
    fn tails_are_those_of_the_distribution() {
        // P(|T| > t) is 1 − 2/π atan t for one degree of freedom and 1 − t/√(2 + t²) for two.
        let cauchy = |t: f64| 1.0 - std::f64::consts::FRAC_2_PI * t.atan();
        let two = |t: f64| 1.0 - t / (2.0 + t * t).sqrt();
        let laws: [(f64, &dyn Fn(f64) -> f64); 2] = [(1.0, &cauchy), (2.0, &two)];
        for (degrees_of_freedom, tail) in laws {
            let student = StudentT::identity(&[1, 1], degrees_of_freedom).unwrap();
            let mut rng = seed::stream(0, "student", 0);
            let (n, mut row) = (40_000, [0.0; 2]);
            let values: Vec<f64> = (0..n)
                .flat_map(|_| {
                    student.draw(&mut row, &mut rng);
                    row
                })
                .collect();
            for t in [0.5, 1.0, 3.0, 10.0] {
                let beyond = values.iter().filter(|value| value.abs() > t).count();
                let share = beyond as f64 / values.len() as f64;
                assert!((share - tail(t)).abs() < 0.01, "{t}: {share} {}", tail(t));
            }
        }
    }

    #[test]
    fn gamma_has_mean_and_variance_of_its_shape() {
        let mut rng = seed::stream(0, "gamma", 0);
        for shape in [0.25, 0.5, 1.0, 4.0] {
            let n = 50_000;
            let values: Vec<f64> = (0..n).map(|_| gamma(shape, &mut rng)).collect();
            let mean = values.iter().sum::<f64>() / f64::from(n);
            let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / f64::from(n);
            assert!((mean / shape - 1.0).abs() < 0.05, "{shape}: {mean}");
            assert!((variance / shape - 1.0).abs() < 0.1, "{shape}: {variance}");
        }
    }

    #[test]
    fn degrees_of_freedom_out_of_range_are_errors() {
        for degrees_of_freedom in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(StudentT::identity(&[1, 1], degrees_of_freedom).is_err());
        }
        assert!(StudentT::identity(&[1, 0], 2.0).is_err());
    }
}
