//! Reading a store: every part is held against the manifest and against the others.

use std::fs;
use std::path::{Path, PathBuf};

use super::manifest::{self, Manifest};
use super::table::{self, Place, Row};
use super::tensors::Tensors;
use super::{FEATURES, UTTERANCES};
use crate::corpus::{Corpus, Split, Utterance};
use crate::error::Error;
use crate::hash;

/// An opened prepared store. The features are mapped: they cost memory only where they are looked at.
///
/// ```no_run
/// use mdm_data::store::Reader;
///
/// let store = Reader::open("stores/mosi".as_ref())?;
/// let longest = store.utterances().map(|(_, utterance)| utterance.words.len()).max();
/// # Ok::<(), mdm_data::Error>(())
/// ```
pub struct Reader {
    dir: PathBuf,
    manifest: Manifest,
    /// Train, valid, test.
    rows: Vec<Row>,
    features: Tensors,
}

impl Reader {
    /// Opens a prepared store.
    ///
    /// The length of every part, the hash of the table, all types, shapes, offsets and counts are checked. The hash of
    /// the features is not, because that takes as long as reading them all; [`verify`] does it.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] for a missing part; [`Error::Manifest`], [`Error::Table`], [`Error::Tensors`] for one that cannot be
    /// read; [`Error::Store`] for parts that contradict each other, with the part and the field.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let manifest = manifest::read(dir)?;
        let table_path = dir.join(UTTERANCES);
        let bytes = fs::read(&table_path).map_err(Error::io("read", &table_path))?;
        manifest.check_length(&table_path, bytes.len() as u64)?;
        manifest.check_hash(&table_path, &hash::sha256(&bytes))?;
        let modalities = &manifest.modalities;
        let mut rows = table::read(bytes, modalities, manifest.emotions, &table_path)?;
        rows.sort_by_key(|row| row.split);
        let features = Tensors::open(&dir.join(FEATURES), &manifest)?;
        check_places(&rows, &features, &manifest, &table_path)?;
        let found = manifest::counts(&rows, modalities);
        if found != manifest.splits {
            let expected = format!("{:?}", manifest.splits);
            let found = format!("{found:?}");
            return Err(Error::store(
                &table_path,
                "sizes of the splits",
                expected,
                found,
            ));
        }
        Ok(Self {
            dir: dir.to_owned(),
            manifest,
            rows,
            features,
        })
    }

    /// Opens a prepared store whose every part has the hash that the manifest says.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`Error::Store`] for a hash that differs or a part that should not be there.
    pub fn open_verified(dir: &Path) -> Result<Self, Error> {
        let manifest = manifest::read(dir)?;
        for name in manifest.parts.keys() {
            if ![UTTERANCES, FEATURES].contains(&name.as_str()) {
                let expected = format!("{UTTERANCES} and {FEATURES}");
                return Err(Error::store(dir, "parts", expected, name));
            }
            let path = dir.join(name);
            let (bytes, sha256) = hash::sha256_file(&path)?;
            manifest.check_length(&path, bytes)?;
            manifest.check_hash(&path, &sha256)?;
        }
        Self::open(dir)
    }

    /// What the store holds and where it came from.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// All utterances with their split, train, then valid, then test, made one by one.
    pub fn utterances(&self) -> impl ExactSizeIterator<Item = (Split, Utterance)> {
        self.rows.iter().map(|row| {
            let features = row.places.iter().enumerate().map(|(index, &place)| {
                // Opening has checked that the tensor has these rows.
                self.features.features(row.split, index, place)
            });
            let utterance = Utterance {
                id: row.id.clone(),
                words: row.words.clone(),
                features: features.collect(),
                label: row.label,
                emotions: row.emotions,
            };
            (row.split, utterance)
        })
    }

    /// The folder.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The rows of the table, train, then valid, then test.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The frames of one modality of one utterance: `f32`, little-endian, row-major.
    pub(crate) fn frames(&self, row: &Row, index: usize) -> &[u8] {
        self.features.bytes(row.split, index, row.places[index])
    }
}

/// Whether in every tensor the utterances stand one after the other.
fn check_places(
    rows: &[Row],
    features: &Tensors,
    manifest: &Manifest,
    path: &Path,
) -> Result<(), Error> {
    // Where the next utterance has to begin.
    let mut next = Split::ALL.map(|_| vec![0; manifest.modalities.len()]);
    for row in rows {
        let next = &mut next[row.split as usize];
        for (index, (&place, info)) in row.places.iter().zip(&manifest.modalities).enumerate() {
            let Place { offset, steps } = place;
            if steps == 0 || offset != next[index] || !features.has(row.split, index, place) {
                let field = format!("{}, {}, {}", row.split, row.id, info.modality);
                let expected = format!("steps from {} within the tensor", next[index]);
                let found = format!("{steps} steps from {offset}");
                return Err(Error::store(path, field, expected, found));
            }
            next[index] += steps;
        }
    }
    Ok(())
}

/// Reads a prepared store into memory.
///
/// # Errors
///
/// As [`Reader::open`].
pub fn read(dir: &Path) -> Result<(Corpus, Manifest), Error> {
    let reader = Reader::open(dir)?;
    let mut corpus = Corpus::new(&reader.manifest.name, reader.manifest.modalities.clone());
    for (split, utterance) in reader.utterances() {
        corpus.split_mut(split).push(utterance);
    }
    Ok((corpus, reader.manifest))
}

/// Opens a prepared store and checks the hash of every part.
///
/// # Errors
///
/// As [`Reader::open_verified`].
pub fn verify(dir: &Path) -> Result<Manifest, Error> {
    Ok(Reader::open_verified(dir)?.manifest)
}
