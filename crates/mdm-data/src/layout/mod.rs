//! The file layouts in which the corpora are in circulation, and one reader for each.
//!
//! | layout | what it is | words | language features |
//! |---|---|---|---|
//! | [`Layout::Mag`] | pickle: split → list of `((words, vision, audio), label, segment)` | yes | no |
//! | [`Layout::Mult`] | pickle: split → arrays `vision`, `text`, `audio`, `labels`, `id`, padded | no | yes |
//! | [`Layout::Mmsa`] | pickle: split → arrays and lists, with `raw_text`, lengths and `text_bert`, padded | yes | yes |
//!
//! Every reader checks the shape of each field against the others and gives an [`Error`] that names the split, the
//! record and the field. Padding is taken away, so an utterance has its real steps only, but always at least one:
//! an utterance without any frame keeps a single frame of zeros, which [`crate::warnings`] reports.
//!
//! A new layout is a file with a type that implements [`LayoutReader`], a variant of [`Layout`] and a line in
//! [`Layout::reader`].

mod fields;
mod mag;
mod mmsa;
mod mult;

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::corpus::Corpus;
use crate::error::Error;
use crate::pickle::Limits;

pub use mag::Mag;
pub use mmsa::Mmsa;
pub use mult::Mult;

/// A layout by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Layout {
    /// The pickles of the Multimodal Adaptation Gate: words with aligned audio and vision.
    Mag,
    /// The pickles of the Multimodal Transformer: padded arrays.
    Mult,
    /// The pickles of the MMSA toolbox, aligned or not: padded arrays with lengths and transcripts.
    Mmsa,
}

impl Layout {
    /// All layouts.
    pub const ALL: [Self; 3] = [Self::Mag, Self::Mult, Self::Mmsa];

    /// The name used in options and manifests: `mag`, `mult` or `mmsa`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mag => "mag",
            Self::Mult => "mult",
            Self::Mmsa => "mmsa",
        }
    }

    /// The reader of this layout.
    pub fn reader(self) -> &'static dyn LayoutReader {
        match self {
            Self::Mag => &Mag,
            Self::Mult => &Mult,
            Self::Mmsa => &Mmsa,
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Layout {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|layout| layout.name() == text)
            .ok_or_else(|| Error::unknown_name("layout", text, Self::ALL.map(Self::name)))
    }
}

/// Reads one layout.
pub trait LayoutReader {
    /// Reads a corpus. Its name is the file's, without the extension.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::Pickle`] for a damaged or hostile file, [`Error::Content`] for one that is not of this
    /// layout or contradicts itself.
    fn read(&self, path: &Path, limits: Limits) -> Result<Corpus, Error>;
}

/// Reads a corpus file with the default limits.
///
/// # Errors
///
/// As [`LayoutReader::read`].
pub fn read(layout: Layout, path: &Path) -> Result<Corpus, Error> {
    layout.reader().read(path, Limits::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_unknown_ones_list_the_known() {
        for layout in Layout::ALL {
            assert_eq!(layout.to_string().parse::<Layout>().unwrap(), layout);
            assert_eq!(
                serde_json::to_string(&layout).unwrap(),
                format!("\"{layout}\"")
            );
        }
        let message = "misa".parse::<Layout>().unwrap_err().to_string();
        assert!(message.contains("mag, mult, mmsa"), "{message}");
    }
}
