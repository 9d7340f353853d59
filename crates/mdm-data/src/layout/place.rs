//! Where in a file a reader is, for messages.

use std::path::Path;

use crate::corpus::Split;
use crate::error::{ContentError, Error};
use crate::pickle::PickleError;

/// Where in the file the reader is.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    path: &'p Path,
    split: Option<Split>,
    record: Option<usize>,
    id: Option<&'p str>,
    field: Option<&'p str>,
}

impl<'p> Place<'p> {
    pub(super) fn new(path: &'p Path) -> Self {
        Self {
            path,
            split: None,
            record: None,
            id: None,
            field: None,
        }
    }

    pub(super) fn split(self, split: Split) -> Self {
        let split = Some(split);
        Self { split, ..self }
    }

    pub(super) fn record(self, record: usize) -> Self {
        let record = Some(record);
        Self { record, ..self }
    }

    pub(super) fn id(self, id: &'p str) -> Self {
        Self {
            id: Some(id),
            ..self
        }
    }

    pub(super) fn field(self, field: &'p str) -> Self {
        let field = Some(field);
        Self { field, ..self }
    }

    pub(super) fn error(self, expected: impl Into<String>, found: impl Into<String>) -> Error {
        Error::Content(Box::new(ContentError {
            path: self.path.to_owned(),
            split: self.split,
            record: self.record,
            id: self.id.map(str::to_owned),
            field: self.field.map(str::to_owned),
            expected: expected.into(),
            found: found.into(),
        }))
    }

    /// An error of the pickle reader: a wrong type belongs to this place, everything else to the file.
    pub(super) fn pickle(self, source: PickleError) -> Error {
        match source {
            PickleError::Type { expected, found } => self.error(expected, found),
            source => Error::Pickle {
                path: self.path.to_owned(),
                source,
            },
        }
    }

    /// Checks one length of a shape.
    pub(super) fn same(self, what: &str, expected: usize, found: usize) -> Result<(), Error> {
        if expected == found {
            return Ok(());
        }
        Err(self.error(format!("{expected} {what}"), found.to_string()))
    }
}
