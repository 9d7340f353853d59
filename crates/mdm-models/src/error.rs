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
}
