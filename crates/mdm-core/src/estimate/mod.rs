//! Estimating the dependence of N variables from their joint samples.
//!
//! [`Estimator::fit`] takes samples and gives an [`Estimate`]: a value in nats from held-out samples, a confidence
//! interval, the training curves, and warnings where the value should not be trusted.
//!
//! ```no_run
//! use burn::tensor::Device;
//! use mdm_core::estimate::{Estimator, EstimatorConfig, Samples, Variable};
//!
//! # fn main() -> Result<(), mdm_core::Error> {
//! # let (xs, ys) = (vec![0.0; 2000], vec![0.0; 6000]);
//! let samples = Samples::new(vec![Variable::new("x", 1, xs)?, Variable::new("y", 3, ys)?])?;
//! let estimator = Estimator::new(EstimatorConfig::default(), &Device::flex().autodiff())?;
//! let estimate = estimator.fit(&samples)?;
//! println!("{:.3} nats, 95 % interval {:?}", estimate.value, estimate.ci95);
//! for warning in &estimate.warnings {
//!     eprintln!("warning: {warning}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # How it is done
//!
//! 1. *Marginals.* Each column is replaced by the normal scores of its ranks, which changes no divergence between the
//!    joint law and the product of the marginals ([`Scaling`]).
//! 2. *Chain rule.* A total correlation of N variables is the sum of N − 1 mutual informations `I(X_1..X_k-1 ; X_k)`.
//!    Each is smaller, and a bound's variance grows like the exponential of its value.
//! 3. *Critic.* A network on top of the log density ratio of the Gaussian law with the samples' correlations. The
//!    correlations are regularised (thresholds, low rank, shrinkage) by what makes validation samples likeliest; the
//!    network starts at 0 and learns the rest. The sum is a critic like any other: a bound stays a bound.
//! 4. *Cross-fitting.* The samples are split into folds. A critic is trained without each of them (with validation
//!    samples of its own for early stopping) and scores it, with many product samples and without dropout. So every
//!    sample counts, and none is scored by a critic that has seen it.
//! 5. *Interval.* A bootstrap over the held-out samples, product samples included. It covers the noise of the samples,
//!    not what the critics fail to learn: of a lower bound the truth may lie above it.

mod config;
mod estimator;
mod fold;
mod gaussian;
mod held_out;
mod link;
mod marginals;
mod network;
mod samples;
#[cfg(test)]
mod tests;
mod warning;

pub use config::{EstimatorConfig, EstimatorCritic};
pub use estimator::{Estimate, Estimator, Term};
pub use fold::CurvePoint;
pub use marginals::Scaling;
pub use samples::{Samples, Variable};
pub use warning::Warning;
