//! The manifest of a prepared store.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::MANIFEST;
use super::table::Row;
use crate::clean::CleanReport;
use crate::corpus::{Modality, ModalityInfo, Split};
use crate::error::Error;
use crate::glove::EmbedReport;
use crate::hash;
use crate::layout::Layout;

pub(crate) const FORMAT: &str = "mdm-prepared-store";
/// The version that is written. Version 1 knew no emotions, and is read as a store without them.
pub(super) const VERSION: u32 = 2;

/// What a store holds and where it came from: the content of `manifest.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always `mdm-prepared-store`.
    pub format: String,
    /// Version of the format: 2, or 1 in a store of before there were emotions.
    pub version: u32,
    /// Name of the corpus.
    pub name: String,
    /// Modalities with their dims, in order.
    pub modalities: Vec<ModalityInfo>,
    /// Whether the utterances have emotions beside the sentiment. Version 1 does not have this field.
    #[serde(default)]
    pub emotions: bool,
    /// Sizes of the splits.
    pub splits: BTreeMap<Split, SplitCounts>,
    /// The file or folder that the store was made from.
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

/// The file or folder that a store was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceInfo {
    /// Its layout.
    pub layout: Layout,
    /// Its name, without folders.
    pub file_name: String,
    /// Its SHA-256, lower-case hexadecimal.
    pub sha256: String,
    /// Its length; of a folder, that of its files together.
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
    /// Describes a source, reading it once for its hash. That of a folder is what `sha256sum * | sha256sum` prints in
    /// it: the hash of the list of its files with their hashes.
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

/// The sizes of all splits, from the rows of the table.
pub(super) fn counts(rows: &[Row], modalities: &[ModalityInfo]) -> BTreeMap<Split, SplitCounts> {
    let of_split = |split: Split| {
        let rows = rows.iter().filter(|row| row.split == split);
        let steps = modalities.iter().enumerate().map(|(index, info)| {
            let total = rows.clone().map(|row| row.places[index].steps).sum();
            (info.modality, total)
        });
        SplitCounts {
            utterances: rows.clone().count(),
            steps: steps.collect(),
        }
    };
    Split::ALL
        .into_iter()
        .map(|split| (split, of_split(split)))
        .collect()
}

impl Manifest {
    /// The entry of a part.
    pub(super) fn part(&self, path: &Path) -> Result<&Part, Error> {
        let name = file_name(path);
        self.parts
            .get(&name)
            .ok_or_else(|| Error::store(path, "parts", "an entry in the manifest", "none"))
    }

    /// How many steps a split has in a modality.
    pub(super) fn steps(
        &self,
        path: &Path,
        split: Split,
        info: &ModalityInfo,
    ) -> Result<usize, Error> {
        let steps = self.splits.get(&split).map(|counts| &counts.steps);
        let steps = steps.and_then(|steps| steps.get(&info.modality));
        let field = || format!("splits.{split}.steps.{}", info.modality);
        steps
            .copied()
            .ok_or_else(|| Error::store(path, field(), "a number in the manifest", "none"))
    }

    /// Holds the length of a part against its entry.
    pub(super) fn check_length(&self, path: &Path, found: u64) -> Result<(), Error> {
        let expected = self.part(path)?.bytes;
        if found != expected {
            return Err(Error::store(path, "length", expected, found));
        }
        Ok(())
    }

    /// Holds the hash of a part against its entry.
    pub(super) fn check_hash(&self, path: &Path, found: &str) -> Result<(), Error> {
        let expected = &self.part(path)?.sha256;
        if found != expected {
            return Err(Error::store(path, "SHA-256", expected, found));
        }
        Ok(())
    }
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
    if !(1..=VERSION).contains(&head.version) {
        return Err(Error::store(&path, "version", "1 or 2", head.version));
    }
    let manifest: Manifest = serde_json::from_slice(&text).map_err(wrong)?;
    let in_order = manifest
        .modalities
        .windows(2)
        .all(|w| w[0].modality < w[1].modality);
    if !in_order || manifest.modalities.iter().any(|m| m.dim == 0) {
        let expected =
            "language, audio, vision, physiology in this order, each with at least one dim";
        return Err(Error::store(
            &path,
            "modalities",
            expected,
            format!("{:?}", manifest.modalities),
        ));
    }
    Ok(manifest)
}
