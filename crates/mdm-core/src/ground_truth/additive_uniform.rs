//! A uniform variable and the same with uniform noise.

use rand::{Rng, RngExt};

use super::invalid;
use crate::Error;

/// X uniform on (0, 1), and Y = X + noise with noise uniform on (−ε, ε).
///
/// The mutual information, in nats, is the entropy of Y less that of the noise, `ln 2ε`:
///
/// ```text
/// I(X; Y) = ε − ln 2ε   for ε ≤ ½
///           1 / (4ε)    for ε ≥ ½
/// ```
///
/// From Czyż et al., "Beyond Normal: On the Evaluation of Mutual Information Estimators", NeurIPS 2023.
///
/// # Example
///
/// ```
/// use mdm_core::ground_truth::AdditiveUniform;
///
/// let pair = AdditiveUniform::new(0.5).unwrap();
/// assert_eq!(pair.mutual_information(), 0.5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdditiveUniform {
    epsilon: f64,
}

impl AdditiveUniform {
    /// The pair with noise on (−`epsilon`, `epsilon`).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] when `epsilon` is not a positive number.
    pub fn new(epsilon: f64) -> Result<Self, Error> {
        if !(epsilon > 0.0 && epsilon.is_finite()) {
            return Err(invalid("epsilon", "a positive number", epsilon.to_string()));
        }
        Ok(Self { epsilon })
    }

    /// The mutual information in nats.
    pub fn mutual_information(&self) -> f64 {
        let epsilon = self.epsilon;
        if epsilon <= 0.5 {
            epsilon - (2.0 * epsilon).ln()
        } else {
            0.25 / epsilon
        }
    }

    /// Fills `row` with one sample of X and Y.
    pub(super) fn draw(&self, row: &mut [f64], rng: &mut impl Rng) {
        row[0] = rng.random();
        row[1] = row[0] + self.epsilon * (2.0 * rng.random::<f64>() - 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed;

    /// The entropy of Y on a fine grid, less that of the noise.
    fn by_quadrature(epsilon: f64) -> f64 {
        let steps = 200_000;
        let width = (1.0 + 2.0 * epsilon) / f64::from(steps);
        let entropy: f64 = (0..steps)
            .map(|step| {
                let y = -epsilon + (f64::from(step) + 0.5) * width;
                let overlap = (y + epsilon).min(1.0) - (y - epsilon).max(0.0);
                let density = overlap / (2.0 * epsilon);
                -density * density.ln() * width
            })
            .sum();
        entropy - (2.0 * epsilon).ln()
    }

    #[test]
    fn mutual_information_is_that_of_the_densities() {
        for epsilon in [0.1, 0.3, 0.5, 0.75, 3.0] {
            let found = AdditiveUniform::new(epsilon).unwrap().mutual_information();
            assert!((found - by_quadrature(epsilon)).abs() < 1e-6, "{epsilon}");
        }
    }

    #[test]
    fn samples_stay_in_their_bounds_and_fill_them() {
        let pair = AdditiveUniform::new(0.75).unwrap();
        let mut rng = seed::stream(0, "uniform", 0);
        let (mut row, mut mean, mut variance) = ([0.0; 2], 0.0, 0.0);
        let n = 20_000;
        for _ in 0..n {
            pair.draw(&mut row, &mut rng);
            let noise = row[1] - row[0];
            assert!((0.0..1.0).contains(&row[0]) && noise.abs() <= 0.75);
            mean += row[0] / f64::from(n);
            variance += noise * noise / f64::from(n);
        }
        assert!((mean - 0.5).abs() < 0.01);
        assert!((variance - 0.75 * 0.75 / 3.0).abs() < 0.01);
    }

    #[test]
    fn noise_of_no_width_is_an_error() {
        for epsilon in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(AdditiveUniform::new(epsilon).is_err());
        }
    }
}
