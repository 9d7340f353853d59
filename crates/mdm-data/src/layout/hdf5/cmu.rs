//! The CMU tensors: all modalities side by side in one array.

use std::path::Path;

use super::file::{Dataset, File};
use super::label;
use super::tensors::{lengths, only_dataset, push_block, split_files};
use crate::corpus::Split;
use crate::error::Error;
use crate::layout::checked::Checked;
use crate::layout::padded::Padded;
use crate::layout::{Header, LayoutReader, Sink, TRIMODAL};
use crate::pickle::Limits;

/// Dims of language, audio and vision in the tensors in circulation: GloVe with five features of COVAREP and twenty of
/// FACET (MFN), or with all of them (CMU-MOSEI).
const KNOWN_DIMS: [[usize; 3]; 2] = [[300, 5, 20], [300, 74, 35]];

/// Reader of a folder of the tensors `X_train.h5`, `y_train.h5` and so on, as they came with MFN (`pliang279/MFN`) and
/// with the CMU-MOSEI site (`seq_length_20`).
///
/// Each file holds one dataset, named `data` if there are others. Validation files may be named `valid`, `dev` or `val`. A
/// split without files is empty. The files name no
/// utterances, so the ids are `train_0`, `train_1` and so on. The labels are taken as they stand.
///
/// # Shapes
///
/// `X_*` `[n, steps, dims]` with language, audio and vision side by side: 300 + 5 + 20 = 325 or 300 + 74 + 35 = 409 dims.
/// `y_*` `[n]` or `[n, 1]`, or `[n, 7]` with the six emotions.
///
/// # Padding
///
/// The files are filled up with zeros on the left, and the last words can be zeros as well where the speaker pauses. Steps
/// before the first and after the last word vector that is not all zero are cut.
pub struct CmuH5;

impl LayoutReader for CmuH5 {
    fn read_into(&self, path: &Path, limits: Limits, sink: &mut dyn Sink) -> Result<Header, Error> {
        let mut checked = Checked::new(path, &TRIMODAL, sink);
        for split in Split::ALL {
            let names = |split: &str| ["X", "y"].map(|name| format!("{name}_{split}.h5"));
            if let Some(paths) = split_files(path, split, names)? {
                let [x, y] = paths.map(|path| File::open(path, limits));
                read_split(split, &x?, &y?, &mut checked)?;
            }
        }
        checked.finish()
    }
}

fn read_split(
    split: Split,
    x: &File,
    y: &File,
    checked: &mut Checked<'_, '_>,
) -> Result<(), Error> {
    let (x, y) = (only_dataset(x)?, only_dataset(y)?);
    let [rows, steps, width] = lengths(&x)?;
    let dims = known_dims(&x, width)?;
    let labels = label::read(&y)?;
    (y.place().split(split)).same("utterances, as in X", rows, labels.len())?;
    for block in x.blocks() {
        let values = x.rows(block.clone())?;
        let arrays = side_by_side(&values, block.len(), steps, dims);
        push_block(split, block.start, arrays, &labels[block], checked)?;
    }
    Ok(())
}

fn known_dims(x: &Dataset<'_>, width: usize) -> Result<[usize; 3], Error> {
    let known = KNOWN_DIMS
        .into_iter()
        .find(|dims| dims.iter().sum::<usize>() == width);
    known.ok_or_else(|| {
        let sums = KNOWN_DIMS.map(|[l, a, v]| format!("{} ({l} + {a} + {v})", l + a + v));
        let expected = format!("{} dims of language, audio and vision", sums.join(" or "));
        x.place().error(expected, width.to_string())
    })
}

fn side_by_side(values: &[f32], rows: usize, steps: usize, dims: [usize; 3]) -> [Padded; 3] {
    let [language, audio, vision] = dims;
    let width = language + audio + vision;
    [
        0..language,
        language..language + audio,
        language + audio..width,
    ]
    .map(|columns| Padded {
        rows,
        steps,
        dim: columns.len(),
        data: values
            .chunks_exact(width)
            .flat_map(|frame| &frame[columns.clone()])
            .copied()
            .collect(),
    })
}
