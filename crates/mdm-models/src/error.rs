use std::path::PathBuf;

use thiserror::Error;

/// What can go wrong when a model is built.
#[derive(Debug, Error, Clone, PartialEq)]
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
    /// A setting that names another number of modalities than the data has.
    #[error("{field}: the data has {expected} modalities, found {found} values")]
    Modalities {
        /// The setting.
        field: &'static str,
        /// Modalities of the data.
        expected: usize,
        /// Values of the setting.
        found: usize,
    },
    /// A file of pretrained weights that cannot be read.
    #[error("pretrained weights {}: {reason}", path.display())]
    WeightsFile {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Pretrained weights that are not those of the model.
    #[error(
        "pretrained weights {}: {} tensors do not fit the model: {}",
        path.display(), problems.len(), problems.join("; ")
    )]
    Weights {
        /// The file.
        path: PathBuf,
        /// Each tensor that is missing, surplus or of another shape.
        problems: Vec<String>,
    },
    /// A model that reads word pieces, on a corpus without them.
    #[error(
        "model {model} reads word pieces, but the corpus has {found}; {others} take word vectors"
    )]
    NeedsPieces {
        /// The model.
        model: &'static str,
        /// What the corpus has.
        found: &'static str,
        /// The models that allow it.
        others: String,
    },
    /// A model's name that does not exist.
    #[error("unknown model `{name}`; known are {known}")]
    UnknownModel {
        /// The name that was given.
        name: String,
        /// The names that exist, separated by commas.
        known: String,
    },
}

impl Error {
    /// Checks that there is at least one width and none is 0.
    pub(crate) fn check_widths(field: &'static str, widths: &[usize]) -> Result<(), Self> {
        if widths.is_empty() || widths.contains(&0) {
            return Err(Self::InvalidConfig {
                field,
                expected: "widths of at least 1",
                found: format!("{widths:?}"),
            });
        }
        Ok(())
    }

    /// Checks a probability of dropout.
    pub(crate) fn check_probability(field: &'static str, value: f64) -> Result<(), Self> {
        if (0.0..1.0).contains(&value) {
            return Ok(());
        }
        Err(Self::InvalidConfig {
            field,
            expected: "in [0, 1)",
            found: value.to_string(),
        })
    }

    /// Checks the number of a layer, or of how many.
    pub(crate) fn check_at_most(
        field: &'static str,
        value: usize,
        most: usize,
    ) -> Result<(), Self> {
        if value <= most {
            return Ok(());
        }
        Err(Self::InvalidConfig {
            field,
            expected: "at most the number of layers",
            found: format!("{value} for {most} layers"),
        })
    }
}
