//! What can go wrong, said so that the reader of the message knows where to look.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::corpus::{Modality, Split};
use crate::pickle::PickleError;

/// An error of this crate. Every message names the file, and the split, record and field where there is one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb: `read`, `create`.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// The reason given.
        source: std::io::Error,
    },
    /// A pickle that is damaged, hostile or beyond the limits.
    #[error("{}: {source}", path.display())]
    Pickle {
        /// The pickle.
        path: PathBuf,
        /// What is wrong, and at which byte.
        source: PickleError,
    },
    /// A file whose content is not what its layout promises.
    #[error("{0}")]
    Content(Box<ContentError>),
    /// A line of a word-vector file that cannot be read.
    #[error("{}, line {line}: expected {expected}, found {found}", path.display())]
    WordVectors {
        /// The file.
        path: PathBuf,
        /// Line number, from 1.
        line: u64,
        /// What the line should hold.
        expected: String,
        /// What it holds.
        found: String,
    },
    /// A file of a tokeniser that is damaged or of another kind.
    #[error("{}, {place}: expected {expected}, found {found}", path.display())]
    Tokenizer {
        /// The file or folder.
        path: PathBuf,
        /// Where in it: line, byte, piece or field.
        place: String,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// Word vectors or pieces are wanted for a corpus without words.
    #[error("corpus {corpus} has no words, so its words can be given neither vectors nor pieces")]
    NoWords {
        /// Name of the corpus.
        corpus: String,
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
    /// Modalities to which a corpus cannot be reduced.
    #[error(
        "data.modalities: expected some of {known}, which corpus {corpus} has, each once, found {found}"
    )]
    Modalities {
        /// Name of the corpus.
        corpus: String,
        /// The modalities that it has.
        known: String,
        /// Those asked for.
        found: String,
    },
    /// A name that is not one of those known.
    #[error("unknown {what} {found:?}; expected one of {expected}")]
    UnknownName {
        /// The kind of name: `layout`, `modality`.
        what: &'static str,
        /// The names known, with commas.
        expected: String,
        /// The name given.
        found: String,
    },
    /// The output is there already, and replacing it was not asked for or would not be safe.
    #[error("{} already exists and {reason}", path.display())]
    OutputExists {
        /// The folder.
        path: PathBuf,
        /// Why it is left alone.
        reason: &'static str,
    },
    /// A part of a prepared store that is damaged or does not fit the other parts.
    #[error("prepared store, {}: {field}: expected {expected}, found {found}", path.display())]
    Store {
        /// The part.
        path: PathBuf,
        /// What in it.
        field: String,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A table that cannot be written or read.
    #[error("cannot {action} the table {}: {source}", path.display())]
    Table {
        /// `write` or `read`.
        action: &'static str,
        /// The Parquet file.
        path: PathBuf,
        /// What the Parquet library says.
        source: Box<polars::error::PolarsError>,
    },
    /// Tensors that cannot be written or read.
    #[error("cannot {action} the tensors {}: {source}", path.display())]
    Tensors {
        /// `write` or `read`.
        action: &'static str,
        /// The safetensors file.
        path: PathBuf,
        /// What the safetensors library says.
        source: safetensors::SafeTensorError,
    },
    /// A table or an archive of arrays that does not hold what it should.
    #[error("{}, {place}: expected {expected}, found {found}", path.display())]
    Samples {
        /// The file.
        path: PathBuf,
        /// Where in it: line, row, column or array.
        place: String,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A variable that a file of samples does not have.
    #[error("{} has no variable {variable:?}; {}", path.display(), offer(known))]
    UnknownVariable {
        /// The file.
        path: PathBuf,
        /// The name given.
        variable: String,
        /// The names that the file has.
        known: Vec<String>,
    },
    /// Two variables of a file of samples with different numbers of rows.
    #[error(
        "{}: the variables need the same number of rows, but {first} has {first_rows} and {second} has {second_rows}",
        path.display()
    )]
    UnequalRows {
        /// The file.
        path: PathBuf,
        /// One variable.
        first: String,
        /// Its rows.
        first_rows: usize,
        /// Another variable.
        second: String,
        /// Its rows.
        second_rows: usize,
    },
    /// A saved preparation that is damaged, or of another version.
    #[error("preparation {}: {field}: {reason}", path.display())]
    Preparation {
        /// The file.
        path: PathBuf,
        /// What in it; `.` for the whole.
        field: String,
        /// What is wrong.
        reason: String,
    },
    /// A corpus without what a preparation was fitted for.
    #[error(
        "corpus {corpus} does not fit the run: {modality}: expected {expected} values a frame, found {found}"
    )]
    UnfitCorpus {
        /// Name of the corpus.
        corpus: String,
        /// The modality.
        modality: Modality,
        /// Values per frame.
        expected: usize,
        /// What the corpus has.
        found: String,
    },
    /// A manifest that is not the JSON it should be.
    #[error("manifest {}: {source}", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What the JSON library says, with line and column.
        source: serde_json::Error,
    },
}

/// Where a file departs from its layout: split, record and field as far as they are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentError {
    /// The file.
    pub path: PathBuf,
    /// The split.
    pub split: Option<Split>,
    /// Position of the record in its split, from 0.
    pub record: Option<usize>,
    /// Name of the record.
    pub id: Option<String>,
    /// Name of the field.
    pub field: Option<String>,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl fmt::Display for ContentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(split) = self.split {
            write!(f, ", split {split}")?;
        }
        if let Some(record) = self.record {
            write!(f, ", record {record}")?;
        }
        if let Some(id) = &self.id {
            write!(f, " ({id})")?;
        }
        if let Some(field) = &self.field {
            write!(f, ", field {field}")?;
        }
        write!(f, ": expected {}, found {}", self.expected, self.found)
    }
}

impl std::error::Error for ContentError {}

/// Most names that a message lists.
const NAMES_SHOWN: usize = 20;

/// The variables of a file, for a message.
fn offer(known: &[String]) -> String {
    let shown = known[..known.len().min(NAMES_SHOWN)].join(", ");
    match known.len() {
        0 => "it has no variables of numbers".to_owned(),
        n if n > NAMES_SHOWN => format!("it has {shown} and {} more", n - NAMES_SHOWN),
        _ => format!("it has {shown}"),
    }
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn unknown_name<const N: usize>(
        what: &'static str,
        found: &str,
        expected: [&'static str; N],
    ) -> Self {
        Self::UnknownName {
            what,
            expected: expected.join(", "),
            found: found.to_owned(),
        }
    }

    pub(crate) fn samples(
        path: &Path,
        place: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self::Samples {
            path: path.to_owned(),
            place: place.into(),
            expected: expected.into(),
            found: found.into(),
        }
    }

    pub(crate) fn tokenizer(
        path: &Path,
        place: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self::Tokenizer {
            path: path.to_owned(),
            place: place.into(),
            expected: expected.into(),
            found: found.into(),
        }
    }

    pub(crate) fn preparation(path: &Path, field: &str, reason: String) -> Self {
        Self::Preparation {
            path: path.to_owned(),
            field: field.to_owned(),
            reason,
        }
    }

    pub(crate) fn store(
        path: &Path,
        field: impl Into<String>,
        expected: impl fmt::Display,
        found: impl fmt::Display,
    ) -> Self {
        Self::Store {
            path: path.to_owned(),
            field: field.into(),
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }
}
