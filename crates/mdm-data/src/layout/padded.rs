//! Padded arrays.

use crate::corpus::Features;

/// Sequences of different lengths, filled up to one length with zeros. Row-major `[rows, steps, dim]`.
pub(super) struct Padded {
    pub(super) rows: usize,
    pub(super) steps: usize,
    pub(super) dim: usize,
    pub(super) data: Vec<f32>,
}

impl Padded {
    fn frame(&self, row: usize, step: usize) -> &[f32] {
        let start = (row * self.steps + step) * self.dim;
        &self.data[start..start + self.dim]
    }

    /// First step, and one past the last, of those that are not all zero. NaN and infinities are not zero, so a
    /// damaged frame is never taken for padding. `None` if all are.
    pub(super) fn span(&self, row: usize) -> Option<(usize, usize)> {
        let real = |&step: &usize| self.frame(row, step).iter().any(|&x| x != 0.0);
        let first = (0..self.steps).find(real)?;
        let last = (0..self.steps).rfind(real)?;
        Some((first, last + 1))
    }

    /// One past the last step that is not all zero.
    pub(super) fn end(&self, row: usize) -> usize {
        self.span(row).map_or(0, |(_, end)| end)
    }

    /// The frames from `start` to before `end`, and at least one.
    pub(super) fn cut(&self, row: usize, (start, end): (usize, usize)) -> Features {
        let start = start.min(self.steps - 1);
        let end = end.clamp(start + 1, self.steps);
        let base = row * self.steps;
        Features::new(
            self.dim,
            self.data[(base + start) * self.dim..(base + end) * self.dim].to_vec(),
        )
    }
}

/// A modality padded on the right, with the lengths that its file declares, if it does.
pub(super) struct Stream {
    pub(super) array: Padded,
    pub(super) lengths: Option<Vec<usize>>,
}

impl Stream {
    pub(super) fn declared(&self, row: usize) -> Option<usize> {
        self.lengths.as_ref().map(|lengths| lengths[row])
    }

    /// The frames up to the declared length; without one, up to that of the text, given with its steps, where the
    /// steps are as many and the text is not zero throughout; or else up to the last frame that is not all zero.
    pub(super) fn cut(&self, row: usize, text: Option<(usize, usize)>) -> Features {
        let end = match (self.declared(row), text) {
            (Some(length), _) => length,
            (None, Some((steps, length))) if steps == self.array.steps && length > 0 => length,
            (None, _) => self.array.end(row),
        };
        self.array.cut(row, (0, end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn padded(steps: usize, data: &[f32]) -> Padded {
        Padded {
            rows: data.len() / steps,
            steps,
            dim: 1,
            data: data.to_vec(),
        }
    }

    #[test]
    fn padding_is_found_on_both_sides() {
        let array = padded(4, &[0.0, 1.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(array.span(0), Some((1, 4)));
        assert_eq!(array.cut(0, (1, 4)).data(), &[1.0, 0.0, 2.0]);
        assert_eq!(array.span(1), None);
        assert_eq!(array.cut(1, (0, 0)).data(), &[0.0]);
        assert_eq!(array.cut(1, (9, 9)).steps(), 1);
    }

    #[test]
    fn a_text_without_length_does_not_cut_what_is_heard() {
        let array = padded(4, &[1.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let mut stream = Stream {
            array,
            lengths: None,
        };
        assert_eq!(stream.cut(0, Some((4, 0))).data(), &[1.0, 0.0, 2.0]);
        assert_eq!(stream.cut(0, Some((4, 1))).data(), &[1.0]);
        assert_eq!(stream.cut(0, Some((9, 1))).steps(), 3);
        assert_eq!(stream.cut(1, Some((4, 0))).steps(), 1);
        stream.lengths = Some(vec![2, 0]);
        assert_eq!(stream.cut(0, Some((4, 0))).steps(), 2);
    }

    #[test]
    fn damaged_frames_are_no_padding() {
        let array = padded(3, &[0.0, f32::NEG_INFINITY, 0.0, f32::NAN, 0.0, 0.0]);
        assert_eq!(array.span(0), Some((1, 2)));
        assert_eq!(array.span(1), Some((0, 1)));
    }
}
