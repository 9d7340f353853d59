//! Rows of labels.

use crate::error::Error;
use crate::layout::hdf5::file::Dataset;
use crate::layout::label::Label;

/// One label a row, in a dataset with as many rows as there are utterances and 1 or 7 numbers in each.
pub(super) fn read(dataset: &Dataset<'_>) -> Result<Vec<Label>, Error> {
    let expected = "(utterances, 1) or (utterances, 7): sentiment and six emotions";
    let misshapen = || dataset.misshapen(expected);
    let (_, lengths) = dataset.shape().split_first().ok_or_else(misshapen)?;
    let width = lengths
        .iter()
        .try_fold(1usize, |n, &length| n.checked_mul(length));
    let width = width
        .filter(|width| [1, 7].contains(width))
        .ok_or_else(misshapen)?;
    let values = dataset.numbers(|x| x as f32)?;
    let rows = values.chunks_exact(width);
    Ok(rows.map_while(Label::new).collect())
}
