//! Writing a store, one utterance after the other.

use std::fs;
use std::path::{Path, PathBuf};

use super::manifest::{self, FORMAT, Manifest, Part, SourceInfo, VERSION};
use super::table::{self, Row};
use super::tensors::{self, Piece};
use super::{FEATURES, MANIFEST, UTTERANCES};
use crate::atomic::{NewFolder, check_folder, sync};
use crate::clean::CleanReport;
use crate::corpus::{Corpus, Split, Utterance};
use crate::error::Error;
use crate::hash;
use crate::layout::{Header, Sink};

/// Takes utterances and makes a prepared store of them.
///
/// Features go to disk as they come; only what stands in the table stays in memory, so a corpus of any size needs
/// little. Nothing is at the target before [`finish`](Self::finish), and a writer that is dropped before leaves nothing.
pub struct StoreWriter {
    folder: NewFolder,
    target: PathBuf,
    /// In the order in which the utterances came.
    rows: Vec<Row>,
    /// For each split in order, each modality in order; made with the first utterance.
    pieces: [Vec<Piece>; 3],
    /// Those of the first utterance.
    dims: Vec<usize>,
}

impl StoreWriter {
    /// Begins a store in the folder `dir`, which is made, with its parents, if it is not there.
    ///
    /// An empty folder is filled. A folder with content is left alone, unless `overwrite` is set and it is a prepared
    /// store, which is then replaced.
    ///
    /// # Errors
    ///
    /// [`Error::OutputExists`] where the folder may not be touched, [`Error::Io`].
    pub fn create(dir: &Path, overwrite: bool) -> Result<Self, Error> {
        check_folder(dir, overwrite, || is_store(dir))?;
        Ok(Self {
            folder: NewFolder::beside(dir)?,
            target: dir.to_owned(),
            rows: Vec::new(),
            pieces: Default::default(),
            dims: Vec::new(),
        })
    }

    /// Puts everything together, saves it and moves it into place. `clean` goes into the manifest.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::Table`] or [`Error::Tensors`] where something cannot be written; [`Error::Store`] where the
    /// header has other dims than the utterances. Nothing is left behind then, and a store that was there before is as
    /// it was.
    pub fn finish(
        mut self,
        header: &Header,
        source: &SourceInfo,
        clean: &CleanReport,
    ) -> Result<Manifest, Error> {
        let modalities = &header.modalities;
        if self.dims.is_empty() && self.rows.is_empty() {
            self.begin(modalities.iter().map(|info| info.dim).collect())?;
        }
        if !modalities.iter().map(|info| &info.dim).eq(&self.dims) {
            let expected = format!("dims {:?}, as the utterances have", self.dims);
            let found = format!("{modalities:?}");
            return Err(Error::store(&self.target, "modalities", expected, found));
        }
        let path = |name: &str| self.folder.path(name);
        let joined = Split::ALL.into_iter().zip(self.pieces);
        let joined = joined.flat_map(|(split, pieces)| {
            let pieces = modalities.iter().zip(pieces);
            pieces.map(move |(info, piece)| (split, *info, piece))
        });
        tensors::join(joined.collect(), &path(FEATURES))?;
        // Stable: within a split the order is that of the source.
        self.rows.sort_by_key(|row| row.split);
        let emotions = self.rows.iter().any(|row| row.emotions.is_some());
        table::write(&self.rows, modalities, emotions, &path(UTTERANCES))?;

        let mut manifest = Manifest {
            format: FORMAT.to_owned(),
            version: VERSION,
            name: header.name.clone(),
            modalities: modalities.clone(),
            emotions,
            splits: manifest::counts(&self.rows, modalities),
            source: source.clone(),
            replaced: clean.clone(),
            parts: Default::default(),
        };
        for name in [UTTERANCES, FEATURES] {
            sync(&path(name))?;
            let (bytes, sha256) = hash::sha256_file(&path(name))?;
            let part = Part { bytes, sha256 };
            manifest.parts.insert(name.to_owned(), part);
        }
        let manifest_path = path(MANIFEST);
        let mut text =
            serde_json::to_string_pretty(&manifest).map_err(|source| Error::Manifest {
                path: manifest_path.clone(),
                source,
            })?;
        text.push('\n');
        fs::write(&manifest_path, text).map_err(Error::io("write", &manifest_path))?;
        sync(&manifest_path)?;
        self.folder.finish()?;
        Ok(manifest)
    }

    /// Makes the files that the features go to.
    fn begin(&mut self, dims: Vec<usize>) -> Result<(), Error> {
        for split in Split::ALL {
            for index in 0..dims.len() {
                let path = self.folder.path(&format!("{split}.{index}"));
                self.pieces[split as usize].push(Piece::create(path)?);
            }
        }
        self.dims = dims;
        Ok(())
    }

    /// Holds an utterance to what every store promises.
    fn check(&self, split: Split, utterance: &Utterance) -> Result<(), Error> {
        let wrong = |field: &str, expected: &str, found: String| {
            let field = format!("{split}, {}{field}", utterance.id);
            Error::store(&self.target, field, expected, found)
        };
        let dims: Vec<usize> = utterance.features.iter().map(|f| f.dim()).collect();
        if dims != self.dims || utterance.features.iter().any(|f| f.steps() == 0) {
            let expected = format!("at least one step of dims {:?}", self.dims);
            let steps: Vec<usize> = utterance.features.iter().map(|f| f.steps()).collect();
            let found = format!("{steps:?} steps of dims {dims:?}");
            return Err(wrong("", &expected, found));
        }
        if !utterance.label.is_finite() {
            let found = utterance.label.to_string();
            return Err(wrong(", label", "a finite number", found));
        }
        let emotions = utterance.emotions;
        if emotions.is_some_and(|emotions| emotions.0.iter().any(|value| !value.is_finite())) {
            return Err(wrong(
                ", emotions",
                "finite numbers",
                format!("{emotions:?}"),
            ));
        }
        let others = self.rows.first().map(|row| row.emotions.is_some());
        match (others, emotions) {
            (Some(true), None) => Err(wrong(", emotions", "some, as before", "none".into())),
            (Some(false), Some(_)) => Err(wrong(", emotions", "none, as before", "some".into())),
            _ => Ok(()),
        }
    }
}

impl Sink for StoreWriter {
    /// # Errors
    ///
    /// [`Error::Store`] where an utterance does not fit the one before, or has no step or no finite label;
    /// [`Error::Io`].
    fn push(&mut self, split: Split, utterance: Utterance) -> Result<(), Error> {
        if self.dims.is_empty() {
            self.begin(utterance.features.iter().map(|f| f.dim()).collect())?;
        }
        self.check(split, &utterance)?;
        let pieces = self.pieces[split as usize].iter_mut();
        let places = pieces
            .zip(&utterance.features)
            .map(|(piece, features)| piece.append(features));
        self.rows.push(Row {
            places: places.collect::<Result<_, _>>()?,
            id: utterance.id,
            split,
            words: utterance.words,
            label: utterance.label,
            emotions: utterance.emotions,
        });
        Ok(())
    }
}

/// Whether a folder is a store of ours, perhaps of another version or damaged, and nothing else is in it.
fn is_store(dir: &Path) -> bool {
    let is_part = |entry: std::io::Result<fs::DirEntry>| {
        let name = entry.map(|entry| entry.file_name());
        name.is_ok_and(|name| {
            [MANIFEST, UTTERANCES, FEATURES]
                .iter()
                .any(|part| name == *part)
        })
    };
    let alone = fs::read_dir(dir).is_ok_and(|mut entries| entries.all(is_part));
    alone
        && match manifest::read(dir) {
            Ok(_) => true,
            Err(Error::Store { field, .. }) => field != "format",
            Err(_) => false,
        }
}

/// Saves a corpus as a prepared store in the folder `dir`, with a [`StoreWriter`].
///
/// # Errors
///
/// Those of [`StoreWriter`], and [`Error::Store`] for a corpus whose language is word pieces: a store holds what pieces are
/// made of.
pub fn write(
    corpus: &Corpus,
    source: &SourceInfo,
    clean: &CleanReport,
    dir: &Path,
    overwrite: bool,
) -> Result<(), Error> {
    if corpus.pieces.is_some() {
        return Err(Error::store(
            dir,
            "language",
            "word vectors, or words alone",
            "word pieces",
        ));
    }
    let mut writer = StoreWriter::create(dir, overwrite)?;
    for (split, utterance) in corpus.utterances() {
        writer.push(split, utterance.clone())?;
    }
    let header = Header {
        name: corpus.name.clone(),
        modalities: corpus.modalities.clone(),
    };
    writer.finish(&header, source, clean)?;
    Ok(())
}
