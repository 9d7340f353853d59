//! Algorithm 1 as a trainer: a fusion encoder and its head, trained with minus λ times a dependency measure between
//! the modalities.
//!
//! The way of one batch: [`mdm_data::batch::MultimodalBatch`] → [`evaluate::sequences`] → [`encode_pair`](mdm_models::FusionEncoder::encode_pair)
//! (views, fuse, fuse of the permuted views) → [`algorithm::Algorithm1::losses`], with the loss of the [`task`]. The loop
//! around it is [`trainer::train`].
//!
//! ```
//! use mdm_core::burn::tensor::Device;
//! use mdm_train::Task;
//! use mdm_train::config::*;
//! # use mdm_core::{CriticOutput, Shuffle};
//! # use mdm_data::normalise::Normalisation;
//! # use mdm_data::synthetic::{SyntheticConfig, generate};
//! # use mdm_models::{Model, ModelConfig};
//! # let normalise = NormaliseConfig {
//! #     language: Normalisation::None, audio: Normalisation::None, vision: Normalisation::None,
//! #     physiology: Normalisation::None,
//! # };
//! let config = ExperimentConfig {
//!     seed: 1,
//! #   data: DataConfig {
//! #       dataset: "synthetic".into(), modalities: Vec::new(), word_vectors: String::new(), max_steps: 20, normalise,
//! #       synthetic: SyntheticConfig { train: 24, valid: 8, test: 8, ..Default::default() },
//! #   },
//!     model: ModelConfig { name: Model::EfLstm, ..Default::default() },
//!     penalty: PenaltyConfig {
//!         measure: "kl".parse().unwrap(),
//!         lambda: 0.1,
//!         unroll: 2,
//! #       shuffle: Shuffle::Derangement, critic_output: CriticOutput::Sigmoid, critic_dropout: 0.4,
//! #       critic_learning_rate: 1e-3, lipschitz: LipschitzChoice::None, clip: 0.01,
//! #       gradient_penalty_weight: 10.0, gradient_penalty_one_sided: false,
//!         // …
//!     },
//!     train: TrainConfig {
//!         epochs: 2,
//!         batch_size: 8,
//!         task: Task::Regression,
//! #       length_pool: 0, loss: TaskLoss::L1, learning_rate: 1e-3, encoder_learning_rate: 0.0, schedule: Default::default(),
//! #       warmup: 0.1, epsilon: 1e-8, weight_decay: 0.01, decay_excludes: Default::default(), accumulation: 1, patience: 2,
//! #       modality_dropout: 0.0, modality_fill: Default::default(),
//!         // …
//!     },
//!     // …
//! };
//! let corpus = generate(&config.data.synthetic).unwrap().corpus;
//! let outcome = mdm_train::train(&config, &corpus, &Device::flex(), &mut ()).unwrap();
//! assert!(outcome.test.sentiment().unwrap().mae.is_finite());
//! ```

#![warn(missing_docs)]

pub mod algorithm;
pub mod atomic;
pub mod checkpoint;
pub mod config;
mod confusion;
mod critic_pass;
mod error;
pub mod evaluate;
pub mod history;
pub mod metrics;
mod modality_dropout;
pub mod optimizer;
pub mod robustness;
pub mod run;
pub mod task;
pub mod trainer;
mod worker;

pub use algorithm::{Algorithm1, FusionModel, Losses, Penalty};
pub use atomic::write_atomically;
pub use checkpoint::Checkpoint;
pub use config::ExperimentConfig;
pub use confusion::Confusion;
pub use critic_pass::CriticPass;
pub use error::Error;
pub use evaluate::Baselines;
pub use history::EpochRecord;
pub use metrics::Metrics;
pub use task::{Task, TaskBaselines, TaskMetrics};
pub use trainer::{Observer, Outcome, StepReport, train};
pub use worker::on_worker;

/// The examples of the workspace's README: tested here, since a package of `mdm-core` does not hold that file.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
