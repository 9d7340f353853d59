//! Distributions whose dependence is known in closed form, for tests, figures and benchmarks.
//!
//! A [`Task`] is a law of N variables, if wanted seen through a map of each variable, with samples on the host and the
//! true total correlation in nats (for two variables: the mutual information). The laws:
//!
//! | law | truth from |
//! |---|---|
//! | [`Gaussian`]: any covariance, equicorrelated, componentwise pairs, chains, dense, sparse | determinants |
//! | [`StudentT`]: heavy tails, dependent even without correlation | the determinants, Γ and ψ |
//! | [`AdditiveUniform`]: a uniform variable and the same with uniform noise | an integral |
//!
//! A [`Map`] that can be inverted changes what an estimator sees and leaves the truth as it is. [`bmi_tasks`],
//! [`smile_tasks`] and [`total_correlation_ladder`] are the tasks of published benchmarks. For the Wasserstein distance
//! of figure 1, which has no closed form, [`wasserstein_lower_bound`] and [`wasserstein_upper_bound`] enclose it.
//!
//! # Example
//!
//! ```
//! use mdm_core::ground_truth::{Gaussian, Map, Task};
//! use mdm_core::seed;
//!
//! // Correlation 0.6: −½ ln(1 − 0.36) nats, and y³ tells as much about x as y does.
//! let pair = Task::new("pair", Gaussian::componentwise(1, 0.6).unwrap());
//! let cubic = pair.mapped("cubic", &[Map::Identity, Map::Cube]).unwrap();
//! assert!((cubic.truth() - 0.2231).abs() < 1e-4);
//!
//! let samples = cubic.sample(1000, &mut seed::stream(0, "samples", 0));
//! assert_eq!((samples.len(), samples[0].len(), samples[1].len()), (2, 1000, 1000));
//! ```

mod additive_uniform;
mod benchmark;
mod gaussian;
mod gaussian_families;
mod map;
mod special;
mod student;
mod task;
mod wasserstein;

pub use additive_uniform::AdditiveUniform;
pub use benchmark::{bmi_tasks, smile_tasks, total_correlation_ladder};
pub use gaussian::Gaussian;
pub use gaussian_families::rho_for;
pub use map::Map;
pub use student::StudentT;
pub use task::{Law, Task};
pub use wasserstein::{wasserstein_lower_bound, wasserstein_upper_bound};

use crate::Error;

fn invalid(field: &'static str, expected: &'static str, found: String) -> Error {
    Error::InvalidConfig {
        field,
        expected,
        found,
    }
}
