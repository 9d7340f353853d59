//! Labels in pickles.

use super::source::Source;
use crate::error::Error;
use crate::layout::label::Label;
use crate::layout::place::Place;
use crate::pickle::{Value, shape_text};

impl<'a> Source<'a> {
    /// The label of one record, whatever axes of length 1 are around it.
    pub(super) fn label(&self, value: Value<'a>, place: Place<'_>) -> Result<Label, Error> {
        let numbers = self.numbers(value, place)?;
        Label::new(&numbers.data).ok_or_else(|| {
            let found = format!("shape {}", shape_text(&numbers.shape));
            place.error("a number, or seven: sentiment and six emotions", found)
        })
    }

    /// The labels of a split, one or seven numbers for each utterance.
    pub(super) fn labels(
        &self,
        value: Value<'a>,
        place: Place<'_>,
        rows: usize,
    ) -> Result<Vec<Label>, Error> {
        let numbers = self.numbers(value, place)?;
        let width = match numbers.shape[..] {
            [n, ..] if n == rows && rows > 0 => numbers.data.len() / rows,
            [0, ..] if rows == 0 => return Ok(Vec::new()),
            _ => 0,
        };
        let labels = match width {
            0 => None,
            _ => numbers.data.chunks_exact(width).map(Label::new).collect(),
        };
        labels.ok_or_else(|| {
            let expected = format!("one number, or seven, for each of {rows} utterances");
            place.error(expected, format!("shape {}", shape_text(&numbers.shape)))
        })
    }
}
