//! The arrays of a split: one row per utterance, whatever file they come from.

use super::padded::Padded;
use super::place::Place;
use crate::error::Error;
use crate::pickle::{Numbers, Texts, shape_text};

/// One number per utterance, whatever axes of length 1 are around it.
pub(super) fn column(numbers: Numbers, place: Place<'_>, rows: usize) -> Result<Vec<f32>, Error> {
    if numbers.shape.first() != Some(&rows) || numbers.data.len() != rows {
        let expected = format!("one number for each of {rows} utterances");
        return Err(place.error(expected, format!("shape {}", shape_text(&numbers.shape))));
    }
    Ok(numbers.data)
}

/// One text per utterance.
pub(super) fn texts(texts: Texts, place: Place<'_>, rows: usize) -> Result<Vec<String>, Error> {
    if texts.shape.first() != Some(&rows) || texts.data.len() != rows {
        let expected = format!("one text for each of {rows} utterances");
        return Err(place.error(expected, format!("shape {}", shape_text(&texts.shape))));
    }
    Ok(texts.data)
}

/// Lengths per utterance: whole numbers from 0 to `steps`.
pub(super) fn lengths(
    numbers: Numbers,
    place: Place<'_>,
    rows: usize,
    steps: usize,
) -> Result<Vec<usize>, Error> {
    let check = |(record, &length): (usize, &f32)| {
        // The upper bound is checked after the conversion, so that NaN and fractions fail the first test.
        let whole = length as usize;
        if whole as f32 != length || whole > steps {
            let expected = format!("a length of at most {steps}");
            return Err(place.record(record).error(expected, length.to_string()));
        }
        Ok(whole)
    };
    let column = column(numbers, place, rows)?;
    column.iter().enumerate().map(check).collect()
}

/// A padded array `[utterances, steps, dim]`.
pub(super) fn padded(numbers: Numbers, place: Place<'_>) -> Result<Padded, Error> {
    match numbers.shape[..] {
        [rows, steps, dim] if steps > 0 && dim > 0 => Ok(Padded {
            rows,
            steps,
            dim,
            data: numbers.data,
        }),
        _ => Err(place.error(
            "an array of (utterances, steps, dims)",
            format!("shape {}", shape_text(&numbers.shape)),
        )),
    }
}
