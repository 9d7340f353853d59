//! What the layouts of padded tensors share: finding the files of a split, and cutting the padding off.

use std::path::{Path, PathBuf};

use super::file::{Dataset, File};
use crate::corpus::{Split, Utterance};
use crate::error::Error;
use crate::layout::checked::Checked;
use crate::layout::label::Label;
use crate::layout::padded::Padded;
use crate::layout::place::Place;
use crate::layout::splits;

/// The files of a split, which are `names` of a name of the split: `None` where the folder has none of them.
///
/// # Errors
///
/// Some are there, and others are not; or there are files under two names of the split.
pub(super) fn split_files<const N: usize>(
    folder: &Path,
    split: Split,
    names: impl Fn(&str) -> [String; N],
) -> Result<Option<[PathBuf; N]>, Error> {
    splits::find(split, Place::new(folder), |name| {
        all_or_none(folder, split, names(name))
    })
}

fn all_or_none<const N: usize>(
    folder: &Path,
    split: Split,
    names: [String; N],
) -> Result<Option<[PathBuf; N]>, Error> {
    let paths = names.each_ref().map(|name| folder.join(name));
    let missing: Vec<&str> = (names.iter().zip(&paths))
        .filter(|(_, path)| !path.is_file())
        .map(|(name, _)| name.as_str())
        .collect();
    match missing.len() {
        0 => Ok(Some(paths)),
        n if n == N => Ok(None),
        _ => {
            let expected = format!("{}, or none of them", names.join(", "));
            let found = format!("no {}", missing.join(", "));
            Err(Place::new(folder).split(split).error(expected, found))
        }
    }
}

/// The dataset of a file that holds one tensor: the one named `data`, or else the only one.
pub(super) fn only_dataset(file: &File) -> Result<Dataset<'_>, Error> {
    let names = file.datasets("")?;
    let name = match &names[..] {
        [name] => name,
        names if names.iter().any(|name| name == "data") => "data",
        _ => {
            let expected = "one dataset, or one named data";
            let found = format!("{} datasets: {}", names.len(), names.join(", "));
            return Err(Place::new(file.path()).error(expected, found));
        }
    };
    file.dataset(format!("/{name}"))
}

/// The lengths of a tensor of utterances, steps and dims.
pub(super) fn lengths(tensor: &Dataset<'_>) -> Result<[usize; 3], Error> {
    match *tensor.shape() {
        [rows, steps, dim] if steps > 0 && dim > 0 => Ok([rows, steps, dim]),
        _ => Err(tensor.misshapen("an array of (utterances, steps, dims)")),
    }
}

/// Hands on the utterances of a block whose first one is number `start` of its split.
///
/// Steps before the first and after the last word vector that is not all zero are padding, cut in all modalities:
/// their steps belong together. Without any word vector the frames of audio and vision count.
pub(super) fn push_block(
    split: Split,
    start: usize,
    [language, audio, vision]: [Padded; 3],
    labels: &[Label],
    checked: &mut Checked<'_, '_>,
) -> Result<(), Error> {
    for (row, label) in labels.iter().enumerate() {
        let unspoken = || {
            let spans = [&audio, &vision].map(|array| array.span(row));
            let union = |a: (usize, usize), b: (usize, usize)| (a.0.min(b.0), a.1.max(b.1));
            spans.into_iter().flatten().reduce(union).unwrap_or((0, 1))
        };
        let span = language.span(row).unwrap_or_else(unspoken);
        let utterance = Utterance {
            id: format!("{split}_{}", start + row),
            words: Vec::new(),
            features: [&language, &audio, &vision]
                .map(|array| array.cut(row, span))
                .into(),
            label: label.sentiment,
            emotions: label.emotions,
        };
        checked.push(split, utterance)?;
    }
    Ok(())
}
