//! What is in a corpus, for people and for programs.
//!
//! [`inspect`] gives the sizes that fit into a few tables. [`Distributions`] goes over all values once more for what a
//! picture shows: histograms, the range of every feature, how much of it is missing, how frequent each emotion is.
//! [`typical`] picks an utterance to look at.
//!
//! Drawing is left to the program that shows it.

mod display;
mod distributions;
mod emotions;
mod features;
mod histogram;
mod quantiles;
mod summary;
mod table;
mod typical;

pub use distributions::{Distributions, LabelHistogram, LengthHistogram};
pub use emotions::EmotionSummary;
pub use features::FeatureSummary;
pub use histogram::{Histogram, round_width};
pub use quantiles::FiveNumbers;
pub use summary::{LengthSummary, SplitSummary, Spread, Summary, ValueSummary, inspect};
pub use table::Table;
pub use typical::typical;
