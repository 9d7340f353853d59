//! The files of a tokeniser, bounded, and the settings beside them.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::Error;

/// Longest file that is read: the largest vocabularies in use (250,000 pieces) take 17 MB.
const LONGEST_FILE: u64 = 32 << 20;

/// The settings of a tokeniser, beside its vocabulary.
pub(super) const SETTINGS: &str = "tokenizer_config.json";

/// A file of a tokeniser with its content.
#[derive(Clone, Debug)]
pub(super) struct Content {
    pub(super) name: &'static str,
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
}

impl Content {
    /// Reads a file, which will be saved under `name`.
    pub(super) fn read(path: &Path, name: &'static str) -> Result<Self, Error> {
        let mut bytes = Vec::new();
        let read = |file: File| file.take(LONGEST_FILE + 1).read_to_end(&mut bytes);
        let length = File::open(path).and_then(read);
        let length = length.map_err(Error::io("read", path))?;
        if length as u64 > LONGEST_FILE {
            let expected = format!("at most {LONGEST_FILE} bytes");
            return Err(Error::tokenizer(path, "length", expected, "more"));
        }
        Ok(Self {
            name,
            path: path.to_owned(),
            bytes,
        })
    }

    /// The settings in the folder of `path`, where there are any.
    pub(super) fn settings_beside(path: &Path) -> Result<Option<Self>, Error> {
        match Self::read(&path.with_file_name(SETTINGS), SETTINGS) {
            Ok(content) => Ok(Some(content)),
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What the JSON says.
    pub(super) fn json<T: for<'de> Deserialize<'de>>(&self, what: &str) -> Result<T, Error> {
        serde_json::from_slice(&self.bytes)
            .map_err(|error| Error::tokenizer(&self.path, "JSON", what, error.to_string()))
    }
}

/// What `tokenizer_config.json` says of the text before it is cut, as far as it says anything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Settings {
    pub(super) do_lower_case: Option<bool>,
    pub(super) do_basic_tokenize: Option<bool>,
    pub(super) strip_accents: Option<bool>,
    pub(super) tokenize_chinese_chars: Option<bool>,
    pub(super) keep_accents: Option<bool>,
    pub(super) remove_space: Option<bool>,
}

impl Settings {
    pub(super) fn of(content: Option<&Content>) -> Result<Self, Error> {
        content.map_or(Ok(Self::default()), |content| {
            content.json("the settings of a tokeniser")
        })
    }
}
