//! Many fits of estimators to samples of known laws: what benchmarks and figures are made of.
//!
//! A fit is a cell. Cells are kept in a folder as they finish ([`Store`]), so that a long command can be stopped at any
//! moment and taken up again.

mod fit;
mod lock;
mod machine;
mod parquet;
mod progress;
mod store;

pub use fit::{Fit, fit, mean_and_deviation, number};
pub use lock::lock;
pub use machine::Machine;
pub use parquet::write_parquet;
pub use progress::Progress;
pub use store::{Store, is_empty};
