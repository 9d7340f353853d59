//! Features at their own rate, averaged within words.

use super::interval::Interval;
use super::sequence::Sequence;
use crate::error::Error;
use crate::layout::MOST_DIMS;

/// Shortest overlap that counts, in seconds: `f32` tells times of ten minutes apart no better.
const OVERLAP: f64 = 1e-4;

/// A sequence of feature vectors, all of one length.
pub(super) struct FrameSequence {
    sequence: Sequence,
    dim: usize,
}

impl FrameSequence {
    /// The first video of the sequence tells the dims.
    pub(super) fn new(sequence: Sequence) -> Result<Self, Error> {
        let first = sequence
            .videos()
            .next()
            .and_then(|video| sequence.parts(video).next());
        let dim = match first.transpose()? {
            None => return Err(sequence.place().error("at least one video", "none")),
            Some(part) => match *part.features.shape() {
                [_, dim] if (1..=MOST_DIMS).contains(&dim) => dim,
                _ => return Err(part.features.misshapen("(frames, dims)")),
            },
        };
        Ok(Self { sequence, dim })
    }

    /// The frames of a video; none if the sequence lacks it.
    pub(super) fn read(&self, video: &str) -> Result<Frames, Error> {
        let mut frames = Frames {
            dim: self.dim,
            rows: Vec::new(),
            reach: Vec::new(),
            values: Vec::new(),
        };
        for part in self.sequence.parts(video) {
            let part = part?;
            if !matches!(*part.features.shape(), [_, dim] if dim == self.dim) {
                let expected = format!("(frames, {}), as in the first video", self.dim);
                return Err(part.features.misshapen(expected));
            }
            let before = frames.rows.len();
            let rows = part.intervals.into_iter().enumerate();
            frames
                .rows
                .extend(rows.map(|(row, interval)| (interval, before + row)));
            frames
                .values
                .append(&mut part.features.numbers(|x| x as f32)?);
        }
        frames.index();
        Ok(frames)
    }
}

/// The frames of one video.
pub(super) struct Frames {
    dim: usize,
    /// Interval and place in `values` of each frame, in the order in which they begin.
    rows: Vec<(Interval, usize)>,
    /// The latest end so far, for each of `rows`.
    reach: Vec<f64>,
    values: Vec<f32>,
}

impl Frames {
    pub(super) fn dim(&self) -> usize {
        self.dim
    }

    fn index(&mut self) {
        self.rows
            .sort_by(|(a, _), (b, _)| a.start.total_cmp(&b.start));
        let latest = |latest: &mut f64, (interval, _): &(Interval, usize)| {
            *latest = latest.max(interval.end);
            Some(*latest)
        };
        self.reach = self.rows.iter().scan(f64::NEG_INFINITY, latest).collect();
    }

    /// Appends the mean of the frames that a word overlaps, each with the same weight; zeros if there are none.
    ///
    /// A NaN or infinite value makes the mean of its feature NaN or infinite, so that cleaning finds and counts it.
    pub(super) fn push_mean(&self, word: Interval, out: &mut Vec<f32>) {
        let end = self
            .rows
            .partition_point(|(frame, _)| frame.start < word.end);
        let start = self.reach[..end].partition_point(|&reach| reach <= word.start);
        let mut sums = vec![0.0; self.dim];
        let mut frames = 0;
        for &(frame, row) in &self.rows[start..end] {
            if frame.overlap(word) > OVERLAP {
                frames += 1;
                let values = &self.values[row * self.dim..(row + 1) * self.dim];
                for (sum, &value) in sums.iter_mut().zip(values) {
                    *sum += f64::from(value);
                }
            }
        }
        let frames = f64::from(frames.max(1));
        out.extend(sums.iter().map(|sum| (sum / frames) as f32));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(rows: &[(f64, f64, f32)]) -> Frames {
        let rows = rows.iter().enumerate();
        let mut frames = Frames {
            dim: 1,
            rows: Vec::new(),
            reach: Vec::new(),
            values: Vec::new(),
        };
        for (row, &(start, end, value)) in rows {
            frames.rows.push((Interval { start, end }, row));
            frames.values.push(value);
        }
        frames.index();
        frames
    }

    fn mean(frames: &Frames, start: f64, end: f64) -> f32 {
        let mut out = Vec::new();
        frames.push_mean(Interval { start, end }, &mut out);
        out[0]
    }

    #[test]
    fn means_within_words() {
        let frames = frames(&[(1.0, 2.0, 3.0), (0.0, 1.0, 1.0), (2.0, 3.0, 8.0)]);
        assert_eq!(mean(&frames, 0.0, 2.0), 2.0);
        assert_eq!(mean(&frames, 0.5, 2.5), 4.0);
        assert_eq!(mean(&frames, 0.00001, 1.00001), 1.0); // touches the next frame only
        assert_eq!(mean(&frames, 3.0, 4.0), 0.0);
        assert_eq!(mean(&frames, 1.5, 1.5), 0.0);
    }

    #[test]
    fn a_long_frame_is_found_behind_short_ones() {
        let frames = frames(&[(0.0, 9.0, 2.0), (1.0, 1.5, 100.0), (7.0, 8.0, 4.0)]);
        assert_eq!(mean(&frames, 6.0, 8.0), 3.0);
    }

    #[test]
    fn damage_is_passed_on() {
        let frames = frames(&[
            (0.0, 1.0, f32::NAN),
            (1.0, 2.0, 1.0),
            (2.0, 3.0, f32::NEG_INFINITY),
        ]);
        assert!(mean(&frames, 0.0, 2.0).is_nan());
        assert_eq!(mean(&frames, 1.0, 3.0), f32::NEG_INFINITY);
        assert_eq!(mean(&frames, 1.0, 2.0), 1.0);
    }
}
