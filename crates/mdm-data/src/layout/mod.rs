//! The file layouts in which the corpora are in circulation, and one reader for each.
//!
//! | layout | what it is | words | language features |
//! |---|---|---|---|
//! | [`Layout::Mag`] | pickle: split → list of `((words, vision, audio), label, segment)` | yes | no |
//! | [`Layout::Misa`] | pickle, or folder of one a split: the same with word ids, and with lengths (MMIM) | yes | no |
//! | [`Layout::Mult`] | pickle: split → arrays `vision`, `text`, `audio`, `labels`, `id`, padded | no | yes |
//! | [`Layout::MultiBench`] | pickle: the same, utterances without text left out | no | yes |
//! | [`Layout::Mmsa`] | pickle: split → arrays and lists, with `raw_text`, lengths and `text_bert`, padded | yes | yes |
//! | [`Layout::Conversations`] | pickle: sentences and labels by video | yes | no |
//! | [`Layout::Csd`] | folder of HDF5 computational sequences, aligned to the words | yes | if there |
//! | [`Layout::CmuH5`] | folder of HDF5 tensors, modalities side by side | no | yes |
//! | [`Layout::MmmoH5`] | folder of HDF5 tensors, a file a modality | no | yes |
//! | [`Layout::Npz`] | NumPy archive of padded arrays | if there | if there |
//! | [`Layout::Tsv`] | folder of transcripts | yes | no |
//! | [`Layout::Store`] | prepared store | if there | if there |
//!
//! Every reader checks the shape of each field against the others and gives an [`Error`] that names the split, the
//! record and the field. Padding is taken away, so an utterance has its real steps only, but always at least one:
//! an utterance without any frame keeps a single frame of zeros, which [`crate::warnings`] reports.
//!
//! A new layout is a file with a type that implements [`LayoutReader`], a variant of [`Layout`], a line in
//! [`Layout::reader`], and what tells it from the others in [`detect()`].

mod arrays;
mod bounded;
mod budget;
mod checked;
mod detect;
mod hdf5;
mod label;
mod npz;
mod padded;
mod pickled;
mod place;
mod splits;
mod store;
mod tsv;

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::corpus::{Corpus, Modality, ModalityInfo, Split, Utterance};
use crate::error::Error;
use crate::pickle::Limits;

pub use detect::detect;
pub use hdf5::{CmuH5, Csd, MmmoH5, Standardise};
pub use npz::Npz;
pub use pickled::{Conversations, Mag, Misa, Mmsa, Mult, MultiBench};
pub use store::StoreLayout;
pub use tsv::Tsv;

/// A layout by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Layout {
    /// The pickles of the Multimodal Adaptation Gate: words with aligned audio and vision.
    #[serde(rename = "mag")]
    Mag,
    /// The pickles of MISA and MMIM, one or one a split: as those of MAG, with word ids beside the words.
    #[serde(rename = "misa")]
    Misa,
    /// The pickles of the Multimodal Transformer: padded arrays.
    #[serde(rename = "mult")]
    Mult,
    /// The pickles of MultiBench: as those of MulT, utterances without text left out.
    #[serde(rename = "multibench")]
    MultiBench,
    /// The pickles of the MMSA toolbox, aligned or not: padded arrays with lengths and transcripts.
    #[serde(rename = "mmsa")]
    Mmsa,
    /// The pickles of conversation-level models: sentences, speakers and labels by video, without features.
    #[serde(rename = "conversations")]
    Conversations,
    /// A folder of the CMU SDK's computational sequences (HDF5), aligned to the words on reading.
    #[serde(rename = "csd")]
    Csd,
    /// A folder of the CMU tensors `X_*.h5` and `y_*.h5`.
    #[serde(rename = "cmu-h5")]
    CmuH5,
    /// A folder of the MMMO tensors, an HDF5 file a modality and split.
    #[serde(rename = "mmmo-h5")]
    MmmoH5,
    /// A NumPy archive of padded arrays, as `mdm data export --format npz` writes it.
    #[serde(rename = "npz")]
    Npz,
    /// A folder of transcripts and labels, `train.tsv`, `valid.tsv` and `test.tsv`.
    #[serde(rename = "tsv")]
    Tsv,
    /// A prepared store.
    #[serde(rename = "store")]
    Store,
}

impl Layout {
    /// All layouts.
    pub const ALL: [Self; 12] = [
        Self::Mag,
        Self::Misa,
        Self::Mult,
        Self::MultiBench,
        Self::Mmsa,
        Self::Conversations,
        Self::Csd,
        Self::CmuH5,
        Self::MmmoH5,
        Self::Npz,
        Self::Tsv,
        Self::Store,
    ];

    /// The name used in options and manifests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mag => "mag",
            Self::Misa => "misa",
            Self::Mult => "mult",
            Self::MultiBench => "multibench",
            Self::Mmsa => "mmsa",
            Self::Conversations => "conversations",
            Self::Csd => "csd",
            Self::CmuH5 => "cmu-h5",
            Self::MmmoH5 => "mmmo-h5",
            Self::Npz => "npz",
            Self::Tsv => "tsv",
            Self::Store => "store",
        }
    }

    /// The reader of this layout.
    pub fn reader(self) -> &'static dyn LayoutReader {
        match self {
            Self::Mag => &Mag,
            Self::Misa => &Misa,
            Self::Mult => &Mult,
            Self::MultiBench => &MultiBench,
            Self::Mmsa => &Mmsa,
            Self::Conversations => &Conversations,
            Self::Csd => &Csd { standardise: None },
            Self::CmuH5 => &CmuH5,
            Self::MmmoH5 => &MmmoH5,
            Self::Npz => &Npz,
            Self::Tsv => &Tsv,
            Self::Store => &StoreLayout,
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

/// Takes the utterances of a source one after the other, so that no reader has to hold a whole corpus.
pub trait Sink {
    /// Takes the next utterance of a split. Splits may come in any order, and by turns.
    ///
    /// # Errors
    ///
    /// Whatever keeps the utterance from being taken; the reader stops with it.
    fn push(&mut self, split: Split, utterance: Utterance) -> Result<(), Error>;

    /// Whether it can do without what only training needs: labels, for which NaN stands, and whole splits.
    fn takes_unlabelled(&self) -> bool {
        false
    }
}

/// What holds for all utterances of a source, known when the last one has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name of the source's file or folder, without the extension.
    pub name: String,
    /// The modalities that every utterance has, in the order of [`Corpus::modalities`].
    pub modalities: Vec<ModalityInfo>,
}

/// Most values of a frame. A shape with no frames says nothing that data bears out, so a width alone must not decide how
/// much is allocated.
const MOST_DIMS: usize = 1 << 20;

/// The modalities of layouts that can hold no other.
const TRIMODAL: [Modality; 3] = [Modality::Language, Modality::Audio, Modality::Vision];

/// Reads one layout.
pub trait LayoutReader {
    /// Hands every utterance to `sink`, in the order of the source.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::Pickle`] for a damaged or hostile file, [`Error::Content`] for one that is not of this
    /// layout or contradicts itself, and whatever the sink returns.
    fn read_into(&self, path: &Path, limits: Limits, sink: &mut dyn Sink) -> Result<Header, Error>;

    /// Reads a whole corpus into memory.
    ///
    /// # Errors
    ///
    /// As [`read_into`](Self::read_into).
    fn read(&self, path: &Path, limits: Limits) -> Result<Corpus, Error> {
        let mut corpus = Corpus::new("", Vec::new());
        let header = self.read_into(path, limits, &mut corpus)?;
        corpus.name = header.name;
        corpus.modalities = header.modalities;
        Ok(corpus)
    }
}

/// Keeps the utterances in memory.
impl Sink for Corpus {
    fn push(&mut self, split: Split, utterance: Utterance) -> Result<(), Error> {
        self.split_mut(split).push(utterance);
        Ok(())
    }
}

/// Reads a corpus file with the default limits.
///
/// # Errors
///
/// As [`LayoutReader::read`].
pub fn read(layout: Layout, path: &Path) -> Result<Corpus, Error> {
    layout.reader().read(path, Limits::default())
}

/// Reads a corpus file with the default limits, for prediction: a label may be missing or NaN, and is NaN then. Of the
/// layouts, [`Npz`] and [`Tsv`] can leave labels out; a single table of transcripts is taken for the test split.
///
/// # Errors
///
/// As [`LayoutReader::read`].
pub fn read_unlabelled(layout: Layout, path: &Path) -> Result<Corpus, Error> {
    let mut unlabelled = Unlabelled(Corpus::new("", Vec::new()));
    let reader = layout.reader();
    let header = reader.read_into(path, Limits::default(), &mut unlabelled)?;
    let Unlabelled(corpus) = unlabelled;
    Ok(Corpus {
        name: header.name,
        modalities: header.modalities,
        ..corpus
    })
}

/// A corpus that nothing is learned from.
struct Unlabelled(Corpus);

impl Sink for Unlabelled {
    fn push(&mut self, split: Split, utterance: Utterance) -> Result<(), Error> {
        self.0.push(split, utterance)
    }

    fn takes_unlabelled(&self) -> bool {
        true
    }
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
        let message = "mask".parse::<Layout>().unwrap_err().to_string();
        assert!(message.contains("mag, misa, mult"), "{message}");
    }
}
