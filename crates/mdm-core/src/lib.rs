//! Mutual dependency measures and their neural critics, for any [Burn](burn) backend.
//!
//! How dependent are N random variables? The measures here compare their joint law with the product of their marginals:
//! the total correlation (for two variables: the mutual information), f-divergences, the Wasserstein distance. Each is
//! the supremum, over functions T, of an expression in T's values on samples of the two laws. A small network, the
//! critic T_θ, takes the place of T and is trained to raise it. The value then serves as an estimate, or as a term of
//! a loss: an encoder of several modalities that *maximises* it learns representations in which the modalities tell
//! about each other (Colombo et al., "Improving Multimodal fusion via Mutual Dependency Maximisation", EMNLP 2021).
//!
//! The pieces, each usable alone:
//!
//! - [`measure`]: the measures, pure functions of two vectors of scores.
//! - [`Critic`]: the paper's statistics network, of any depth; [`SeparableCritic`] and [`BilinearCritic`] score all pairs
//!   of two variables.
//! - [`product_permutations`]: samples of the product of the marginals from a batch.
//! - [`Lipschitz`]: constraints for the Wasserstein critic.
//! - [`DependencyObjective`]: all of them together, to be dropped into a training loop.
//!
//! # From two tensors to a penalty
//!
//! ```
//! use burn::tensor::{Device, Int, Tensor};
//! use mdm_core::{DependencyMeasure, DependencyObjectiveConfig, Shuffle, product_permutations, seed};
//!
//! let device = Device::flex().autodiff();
//! let mut rng = seed::stream(42, "example", 0);
//!
//! // Two views of the same 16 samples, and a "fusion" that concatenates them.
//! let x = mdm_core::init::uniform([16, 2], 1.0, &mut rng, &device).val().detach();
//! let y = x.clone() * 2.0;
//! let fuse = |x: Tensor<2>, y: Tensor<2>| Tensor::cat(vec![x, y], 1);
//!
//! // The product of the marginals: the same rows, y permuted against x.
//! let permutations = product_permutations(2, 16, Shuffle::Derangement, &mut rng).unwrap();
//! let rows: Vec<i64> = permutations[1].iter().map(|&row| row as i64).collect();
//! let rows = Tensor::<1, Int>::from_data(rows.as_slice(), &device);
//! let z_joint = fuse(x.clone(), y.clone());
//! let z_product = fuse(x, y.select(0, rows));
//!
//! let config = DependencyObjectiveConfig::new(DependencyMeasure::TotalCorrelation, 4);
//! let mut objective = config.init(seed::stream(42, "critic", 0), &device).unwrap();
//! for _ in 0..10 {
//!     objective.update_critic(z_joint.clone(), z_product.clone());
//! }
//! // In a training loop: loss = task_loss − lambda * penalty.
//! let penalty = objective.penalty(z_joint, z_product);
//! assert!(penalty.into_scalar::<f32>().is_finite());
//! ```
//!
//! # Backends
//!
//! In Burn 0.22 a [`Device`](burn::tensor::Device) carries the backend, so nothing here has a backend type parameter:
//! tensors and modules follow the device of their input. No backend is enabled by default; the features `flex`,
//! `ndarray`, `wgpu`, `vulkan`, `metal`, `tch` and `cuda` are Burn's own, forwarded.
//!
//! # Randomness
//!
//! Weights, dropout masks and permutations are drawn on the host from generators that the caller passes in
//! ([`seed::stream`]), so a seed means the same run on every backend.

#![warn(missing_docs)]

pub mod critic;
mod error;
pub mod estimate;
pub mod ground_truth;
pub mod init;
mod linalg;
pub mod lipschitz;
pub mod measure;
mod normal;
pub mod numerics;
pub mod objective;
pub mod product;
pub mod seed;
pub mod stochastic;

pub use burn;

pub use critic::{
    BilinearCritic, BilinearCriticConfig, Critic, CriticConfig, CriticOutput, SeparableCritic,
    SeparableCriticConfig,
};
pub use error::Error;
pub use lipschitz::Lipschitz;
pub use measure::{DependencyMeasure, FDivergence};
pub use objective::{DependencyObjective, DependencyObjectiveConfig};
pub use product::{Shuffle, product_permutations};
pub use stochastic::Mode;

/// The examples of the README, tested with those of this crate.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
