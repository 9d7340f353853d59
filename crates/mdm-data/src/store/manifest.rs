//! The manifest of a prepared store.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::MANIFEST;
use crate::clean::CleanReport;
use crate::corpus::{Corpus, Modality, ModalityInfo, Split};
use crate::error::Error;
use crate::glove::EmbedReport;
use crate::hash;
use crate::layout::Layout;

pub(crate) const FORMAT: &str = "mdm-prepared-store";
pub(super) const VERSION: u32 = 1;

/// What a store holds and where it came from: the content of `manifest.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always `mdm-prepared-store`.
    pub format: String,
    /// Version of the format, 1.
    pub version: u32,
    /// Name of the corpus.
    pub name: String,
    /// Modalities with their dims, in order.
    pub modalities: Vec<ModalityInfo>,
    /// Sizes of the splits.
    pub splits: BTreeMap<Split, SplitCounts>,
    /// The file that the store was made from.
    pub source: SourceInfo,
    /// NaN and infinite values of the source that stand as 0 in the store.
    pub replaced: CleanReport,
    /// The other files of the store.
    pub parts: BTreeMap<String, Part>,
}

/// Size of a split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitCounts {
    /// Number of utterances.
    pub utterances: usize,
    /// Steps of all utterances together, per modality.
    pub steps: BTreeMap<Modality, usize>,
}

/// A file of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, lower-case hexadecimal.
    pub sha256: String,
}

/// The file that a store was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceInfo {
    /// Its layout.
    pub layout: Layout,
    /// Its name, without folders.
    pub file_name: String,
    /// Its SHA-256, lower-case hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// The word vectors that became the language features, where the source has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vectors: Option<VectorsInfo>,
}

/// A word-vector file and how far it covered the words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorsInfo {
    /// Its name, without folders.
    pub file_name: String,
    /// Its SHA-256, lower-case hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// How many words have a vector.
    pub coverage: EmbedReport,
}

impl SourceInfo {
    /// Describes a source, reading it once for its hash. That of a folder is the hash of the list of its files'.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn of(layout: Layout, path: &Path) -> Result<Self, Error> {
        let (bytes, sha256) = hash::sha256_source(path)?;
        Ok(Self {
            layout,
            file_name: file_name(path),
            sha256,
            bytes,
            vectors: None,
        })
    }
}

impl VectorsInfo {
    /// Describes a word-vector file, reading it once for its hash.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn of(path: &Path, coverage: EmbedReport) -> Result<Self, Error> {
        let (bytes, sha256) = hash::sha256_file(path)?;
        Ok(Self {
            file_name: file_name(path),
            sha256,
            bytes,
            coverage,
        })
    }
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// The sizes of all splits.
pub(super) fn counts(corpus: &Corpus) -> BTreeMap<Split, SplitCounts> {
    let of_split = |split: Split| {
        let utterances = corpus.split(split);
        let steps = corpus.modalities.iter().enumerate().map(|(index, info)| {
            let total = utterances.iter().map(|u| u.features[index].steps()).sum();
            (info.modality, total)
        });
        SplitCounts {
            utterances: utterances.len(),
            steps: steps.collect(),
        }
    };
    Split::ALL
        .into_iter()
        .map(|split| (split, of_split(split)))
        .collect()
}

/// Reads a manifest and checks that it is one of ours, of a version known here.
pub(super) fn read(dir: &Path) -> Result<Manifest, Error> {
    #[derive(Deserialize)]
    struct Head {
        format: String,
        version: u32,
    }
    let path = dir.join(MANIFEST);
    let text = fs::read(&path).map_err(Error::io("read", &path))?;
    let wrong = |source| Error::Manifest {
        path: path.clone(),
        source,
    };
    // The head first: a later version may have other fields, and that is what the message should say.
    let head: Head = serde_json::from_slice(&text).map_err(wrong)?;
    if head.format != FORMAT {
        return Err(Error::store(&path, "format", FORMAT, head.format));
    }
    if head.version != VERSION {
        return Err(Error::store(&path, "version", VERSION, head.version));
    }
    let manifest: Manifest = serde_json::from_slice(&text).map_err(wrong)?;
    let in_order = manifest
        .modalities
        .windows(2)
        .all(|w| w[0].modality < w[1].modality);
    if !in_order || manifest.modalities.iter().any(|m| m.dim == 0) {
        let expected = "language, audio, vision in this order, each with at least one dim";
        return Err(Error::store(
            &path,
            "modalities",
            expected,
            format!("{:?}", manifest.modalities),
        ));
    }
    Ok(manifest)
}
