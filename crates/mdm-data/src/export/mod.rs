//! A prepared store in other formats, for programs that do not read Parquet.
//!
//! | format | what is written |
//! |---|---|
//! | [`Format::Npz`] | one file: a NumPy archive of padded arrays, which `numpy.load` reads without pickle |
//! | [`Format::Safetensors`] | a folder: `features.safetensors` of the store, and its table as `utterances.jsonl` |
//!
//! The same store gives the same bytes, and an export is there in full or not at all.

mod npz;
mod safetensors;

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crate::atomic::check_file;
use crate::error::Error;
use crate::store::Reader;

pub use safetensors::TABLE;

/// A format to export to, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// A NumPy archive. For each split `S` and modality `M` of the store, with `n` utterances:
    ///
    /// | array | shape and type | content |
    /// |---|---|---|
    /// | `S.M` | `[n, steps, dim]` float32 | the frames, padded on the right with zeros |
    /// | `S.M_lengths` | `[n]` int64 | how many frames are real |
    /// | `S.labels` | `[n]` float32, or `[n, 7]` | the sentiment; with emotions, these after it |
    /// | `S.ids` | `[n]` text | the ids |
    /// | `S.words` | `[n]` text | the words with a space between every two |
    Npz,
    /// A folder with the tensors of the store as they are, and a line of JSON for each utterance.
    Safetensors,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 2] = [Self::Npz, Self::Safetensors];

    /// The name used in options.
    pub fn name(self) -> &'static str {
        match self {
            Self::Npz => "npz",
            Self::Safetensors => "safetensors",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == text)
            .ok_or_else(|| Error::unknown_name("format", text, Self::ALL.map(Self::name)))
    }
}

/// Writes the prepared store in the folder `store` to `output`, after a check of every part of it.
///
/// What is at `output` is replaced only if `overwrite` is set and it is of the kind that the format writes: a file, or a
/// folder with an earlier export.
///
/// # Errors
///
/// Those of [`Reader::open_verified`]; [`Error::OutputExists`]; [`Error::Io`]. Nothing is left behind then, and what was at
/// `output` is as it was.
pub fn export(store: &Path, format: Format, output: &Path, overwrite: bool) -> Result<(), Error> {
    match format {
        Format::Npz => {
            check_file(output, overwrite)?;
            npz::write(&Reader::open_verified(store)?, output)
        }
        Format::Safetensors => {
            safetensors::check_target(output, overwrite)?;
            safetensors::write(&Reader::open_verified(store)?, output)
        }
    }
}
