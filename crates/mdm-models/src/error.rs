use std::path::PathBuf;

use thiserror::Error;

use crate::Model;

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
    /// A corpus whose language the model cannot read.
    #[error("model.name: {model} cannot read a corpus with {found}; {others} can")]
    Language {
        /// The model.
        model: Model,
        /// What the corpus has.
        found: &'static str,
        /// The models that can, separated by commas.
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

    /// Checks that each probability of a dropout is in [0, 1).
    pub(crate) fn check_dropout(field: &'static str, dropout: &[f64]) -> Result<(), Self> {
        match dropout.iter().find(|p| !(0.0..1.0).contains(*p)) {
            Some(found) => Err(Self::InvalidConfig {
                field,
                expected: "in [0, 1)",
                found: found.to_string(),
            }),
            None => Ok(()),
        }
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

    /// Checks that a setting has as many values as the data has modalities.
    pub(crate) fn check_modalities(
        field: &'static str,
        expected: usize,
        found: usize,
    ) -> Result<(), Self> {
        if expected != found {
            return Err(Self::Modalities {
                field,
                expected,
                found,
            });
        }
        Ok(())
    }
}
