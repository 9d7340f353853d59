//! The tensors of a store, with its table as a line of JSON for each utterance.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use serde::{Serialize, Serializer};

use crate::atomic::{NewFile, NewFolder, check_folder, sync};
use crate::corpus::{Emotions, Modality, ModalityInfo, Split};
use crate::error::Error;
use crate::store::{FEATURES, Reader, Row};

/// Name of the table of an exported store.
pub const TABLE: &str = "utterances.jsonl";

/// A line of the table.
#[derive(Serialize)]
struct Line<'r> {
    id: &'r str,
    split: Split,
    words: &'r [String],
    label: f32,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "by_name")]
    emotions: Option<Emotions>,
    /// First row in the tensor of each modality.
    offsets: BTreeMap<Modality, usize>,
    /// Number of rows.
    steps: BTreeMap<Modality, usize>,
}

fn by_name<S: Serializer>(emotions: &Option<Emotions>, serializer: S) -> Result<S::Ok, S::Error> {
    let values = emotions.iter().flat_map(|emotions| emotions.0);
    serializer.collect_map(Emotions::NAMES.into_iter().zip(values))
}

impl<'r> Line<'r> {
    fn of(row: &'r Row, modalities: &[ModalityInfo]) -> Self {
        let places = modalities.iter().zip(&row.places);
        let places = places.map(|(info, place)| (info.modality, place));
        Self {
            id: &row.id,
            split: row.split,
            words: &row.words,
            label: row.label,
            emotions: row.emotions,
            offsets: places.clone().map(|(m, place)| (m, place.offset)).collect(),
            steps: places.map(|(m, place)| (m, place.steps)).collect(),
        }
    }
}

pub(super) fn check_target(dir: &Path, overwrite: bool) -> Result<(), Error> {
    let is_export = || {
        let mut entries = fs::read_dir(dir).into_iter().flatten().flatten();
        entries.all(|entry| entry.file_name() == TABLE || entry.file_name() == FEATURES)
    };
    check_folder(dir, overwrite, is_export)
}

pub(super) fn write(store: &Reader, dir: &Path) -> Result<(), Error> {
    let folder = NewFolder::beside(dir)?;
    let features = folder.path(FEATURES);
    fs::copy(store.dir().join(FEATURES), &features).map_err(Error::io("write", &features))?;
    sync(&features)?;
    let path = folder.path(TABLE);
    let mut file = NewFile::beside(&path)?;
    for row in store.rows() {
        let line = Line::of(row, &store.manifest().modalities);
        serde_json::to_writer(&mut file, &line)
            .map_err(Into::into)
            .and_then(|()| file.write_all(b"\n"))
            .map_err(Error::io("write", &path))?;
    }
    file.finish()?;
    folder.finish()
}
