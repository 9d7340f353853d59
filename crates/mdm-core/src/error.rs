use thiserror::Error;

/// What can go wrong in this crate.
#[derive(Debug, Error, Clone, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A measure's name that is not in the table of [`DependencyMeasure`](crate::DependencyMeasure).
    #[error("unknown dependency measure `{name}`; known are {known}")]
    UnknownMeasure {
        /// The name that was given.
        name: String,
        /// The names that exist, separated by commas.
        known: String,
    },
    /// A batch too small to hold a sample of the product of the marginals.
    #[error(
        "a sample of the product of {variables} marginals without repeated rows needs at least {needed} samples, found {found}"
    )]
    TooFewSamples {
        /// Variables of the product.
        variables: usize,
        /// Smallest batch that works.
        needed: usize,
        /// The batch that was given.
        found: usize,
    },
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
    /// Samples of a variable that cannot be used.
    #[error("variable `{variable}`: expected {expected}, found {found}")]
    InvalidSamples {
        /// The variable.
        variable: String,
        /// What it should have.
        expected: String,
        /// What it has.
        found: String,
    },
    /// A value that overflowed or is undefined.
    #[error("{what} is not a finite number")]
    NotFinite {
        /// Which value.
        what: String,
    },
    /// A value that the device did not give back.
    #[error("reading from the device failed: {0}")]
    Device(String),
}
