use std::path::PathBuf;

use thiserror::Error;

use crate::Task;

/// What can go wrong in a run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting outside its range.
    #[error("{field}: expected {expected}, found {found}")]
    InvalidConfig {
        /// The setting.
        field: &'static str,
        /// Its range.
        expected: &'static str,
        /// What was given.
        found: String,
    },
    /// A split without utterances, or too few of them.
    #[error("the {split} split of {corpus} has {found} utterances, at least {needed} are needed")]
    TooFewUtterances {
        /// The corpus.
        corpus: String,
        /// The split.
        split: &'static str,
        /// Utterances needed.
        needed: usize,
        /// Utterances there.
        found: usize,
    },
    /// A task that does not exist.
    #[error("unknown task `{name}`; known are {known}")]
    UnknownTask {
        /// The name.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// A corpus without the annotations that a task learns from.
    #[error("train.task = \"{task}\" needs {needs}, but corpus {corpus} has {found}")]
    NotAnnotated {
        /// The corpus.
        corpus: String,
        /// The task.
        task: Task,
        /// What it needs.
        needs: &'static str,
        /// What the corpus has instead.
        found: String,
    },
    /// A loss that is NaN or infinite.
    #[error(
        "epoch {epoch}, step {step}: the {term} is {value}; training stopped. Try a smaller learning rate or lambda, a \
         critic with sigmoid output, and look for extreme features with `mdm data inspect`"
    )]
    NonFinite {
        /// Epoch, from 1.
        epoch: usize,
        /// Step of the epoch, from 1.
        step: usize,
        /// Which term of the loss.
        term: &'static str,
        /// Its value.
        value: f32,
    },
    /// A criterion on the validation split that is NaN or infinite, so that it cannot choose an epoch.
    #[error(
        "epoch {epoch}: the {criterion} on the validation split is {value}; training stopped. Try a smaller learning rate, \
         and look for extreme features with `mdm data inspect`"
    )]
    NonFiniteCriterion {
        /// Epoch, from 1.
        epoch: usize,
        /// Which metric chooses the epoch.
        criterion: &'static str,
        /// Its value.
        value: f64,
    },
    /// A file or folder that cannot be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A run folder that would be overwritten.
    #[error("{} already holds a run; choose another folder", path.display())]
    RunExists {
        /// The folder.
        path: PathBuf,
    },
    /// Weights that cannot be written, or do not fit the model of the config.
    #[error("cannot {action} the weights {}: {reason}", path.display())]
    Weights {
        /// `write` or `read`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A table that cannot be written.
    #[error("cannot write the table {}: {source}", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: polars::prelude::PolarsError,
    },
    /// The model does not fit the data.
    #[error(transparent)]
    Model(#[from] mdm_models::Error),
    /// The data cannot be changed as asked.
    #[error(transparent)]
    Data(#[from] mdm_data::Error),
    /// The dependency objective refuses its settings or a batch.
    #[error(transparent)]
    Core(#[from] mdm_core::Error),
}

impl Error {
    pub(crate) fn io(
        action: &'static str,
        path: &std::path::Path,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}
