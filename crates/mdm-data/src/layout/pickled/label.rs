//! Labels: the sentiment alone, or with the six emotions of CMU-MOSEI after it.

use super::source::Source;
use crate::corpus::Emotions;
use crate::error::Error;
use crate::layout::place::Place;
use crate::pickle::{Value, shape_text};

/// What an utterance is labelled with.
#[derive(Debug, PartialEq)]
pub(super) struct Label {
    pub(super) sentiment: f32,
    pub(super) emotions: Option<Emotions>,
}

impl Label {
    /// One number, or seven: the order in which CMU-MOSEI annotates them, and all its pickles hold them.
    fn new(numbers: &[f32]) -> Option<Self> {
        match *numbers {
            [sentiment] => Some(Self {
                sentiment,
                emotions: None,
            }),
            [sentiment, ref emotions @ ..] => Some(Self {
                sentiment,
                emotions: Some(Emotions(emotions.try_into().ok()?)),
            }),
            [] => None,
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_or_seven() {
        assert_eq!(Label::new(&[1.5]).unwrap().emotions, None);
        let seven = Label::new(&[-1.0, 0.0, 1.0, 2.0, 3.0, 0.0, 0.5]).unwrap();
        assert_eq!(seven.sentiment, -1.0);
        assert_eq!(seven.emotions.unwrap().0, [0.0, 1.0, 2.0, 3.0, 0.0, 0.5]);
        for wrong in [0, 2, 6, 8] {
            assert_eq!(Label::new(&vec![0.0; wrong]), None, "{wrong}");
        }
    }
}
