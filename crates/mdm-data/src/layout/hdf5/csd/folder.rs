//! Which sequence of a folder is which.

use std::fs;
use std::path::{Path, PathBuf};

use super::frames::FrameSequence;
use super::sequence::Sequence;
use crate::corpus::Modality;
use crate::error::Error;
use crate::layout::place::Place;
use crate::pickle::Limits;

/// What a sequence is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Labels,
    Words,
    Features(Modality),
}

/// What tells the role, in lower case, in the name of the sequence or else in that of the file. The first that fits
/// counts: `TimestampedWordVectors` are vectors, not words.
const MARKS: [(Role, &[&str]); 5] = [
    (Role::Labels, &["label"]),
    (
        Role::Features(Modality::Language),
        &["glove", "vector", "embedding"],
    ),
    (Role::Words, &["word"]),
    (
        Role::Features(Modality::Audio),
        &["covarep", "opensmile", "acoustic", "audio"],
    ),
    (
        Role::Features(Modality::Vision),
        &["facet", "openface", "visual", "vision"],
    ),
];

/// The sequences of a folder.
pub(super) struct Folder {
    pub(super) labels: Sequence,
    pub(super) words: Sequence,
    /// By modality in order; several sequences of a modality stand side by side, in the order of the file names.
    pub(super) features: Vec<(Modality, Vec<FrameSequence>)>,
}

impl Folder {
    pub(super) fn open(path: &Path, limits: Limits) -> Result<Self, Error> {
        let (mut labels, mut words) = (Vec::new(), Vec::new());
        let mut features = Modality::ALL.map(|modality| (modality, Vec::new()));
        for file in files(path)? {
            let sequence = Sequence::open(file.clone(), limits)?;
            match role(sequence.root(), &file) {
                Some(Role::Labels) => labels.push(sequence),
                Some(Role::Words) => words.push(sequence),
                Some(Role::Features(modality)) => {
                    features[modality as usize]
                        .1
                        .push(FrameSequence::new(sequence)?);
                }
                None => {
                    let found = format!("a sequence named {}", sequence.root());
                    return Err(Place::new(&file).error(recognised(), found));
                }
            }
        }
        Ok(Self {
            labels: only(path, "labels", labels)?,
            words: only(path, "words", words)?,
            features: features
                .into_iter()
                .filter(|(_, of)| !of.is_empty())
                .collect(),
        })
    }
}

/// The `.csd` files of a folder, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(folder).map_err(Error::io("read", folder))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> = paths
        .collect::<Result<_, _>>()
        .map_err(Error::io("read", folder))?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "csd"));
    paths.sort_unstable();
    Ok(paths)
}

fn role(root: &str, file: &Path) -> Option<Role> {
    let stem = file
        .file_stem()
        .map(|stem| stem.to_string_lossy().to_lowercase());
    [Some(root.to_lowercase()), stem]
        .into_iter()
        .flatten()
        .find_map(|name| {
            let fits = |(_, marks): &&(Role, &[&str])| marks.iter().any(|mark| name.contains(mark));
            MARKS.iter().find(fits).map(|&(role, _)| role)
        })
}

fn recognised() -> String {
    let lines = MARKS.map(|(role, marks)| {
        let what = match role {
            Role::Labels => "labels",
            Role::Words => "words",
            Role::Features(modality) => modality.name(),
        };
        format!("{what} ({})", marks.join(", "))
    });
    format!(
        "in the name of the sequence or the file a mark of {}",
        lines.join(", ")
    )
}

fn only(folder: &Path, what: &str, mut sequences: Vec<Sequence>) -> Result<Sequence, Error> {
    match sequences.len() {
        1 => Ok(sequences.remove(0)),
        n => {
            let names: Vec<&str> = sequences.iter().map(Sequence::root).collect();
            let found = format!("{n} {}", names.join(", "));
            let expected = format!("one .csd file with the {what}");
            Err(Place::new(folder).error(expected, found.trim_end()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_names_are_recognised() {
        let role = |root: &str, file: &str| role(root, Path::new(file));
        let features = |modality| Some(Role::Features(modality));
        assert_eq!(role("Opinion Segment Labels", "x.csd"), Some(Role::Labels));
        assert_eq!(
            role("CMU_MOSI_ModifiedTimestampedWords", "x.csd"),
            Some(Role::Words)
        );
        assert_eq!(
            role("words", "CMU_MOSEI_TimestampedWords.csd"),
            Some(Role::Words)
        );
        let vectors = role("x", "CMU_MOSEI_TimestampedWordVectors.csd");
        assert_eq!(vectors, features(Modality::Language));
        assert_eq!(role("glove_vectors", "x.csd"), features(Modality::Language));
        assert_eq!(role("COVAREP", "x.csd"), features(Modality::Audio));
        assert_eq!(
            role("x", "CMU_MOSI_openSMILE_IS09.csd"),
            features(Modality::Audio)
        );
        assert_eq!(role("FACET_4.2", "x.csd"), features(Modality::Vision));
        assert_eq!(role("OpenFace_2", "x.csd"), features(Modality::Vision));
        assert_eq!(role("phones", "CMU_MOSI_TimestampedPhones.csd"), None);
    }
}
