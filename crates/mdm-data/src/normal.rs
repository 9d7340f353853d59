//! The standard normal distribution.

use rand::{Rng, RngExt};

/// A standard normal value (Box and Muller).
pub(crate) fn gaussian(rng: &mut impl Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
}
