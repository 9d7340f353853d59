//! The labelled segments of a video.

use super::interval::Interval;
use super::sequence::Sequence;
use crate::error::Error;
use crate::layout::hdf5::label;
use crate::layout::label::Label;

/// A stretch of a video with its labels.
pub(super) struct Segment {
    /// `video[segment]`, the segments counted from 0 as the SDK counts them.
    pub(super) id: String,
    pub(super) interval: Interval,
    pub(super) label: Label,
}

/// The segments of a video, in the order of the file.
pub(super) fn segments(labels: &Sequence, video: &str) -> Result<Vec<Segment>, Error> {
    let mut segments = Vec::new();
    for part in labels.parts(video) {
        let part = part?;
        if part.segment.is_some() {
            (part.features.place()).same("segment", 1, part.intervals.len())?;
        }
        let rows = part.intervals.iter().zip(label::read(&part.features)?);
        segments.extend(rows.enumerate().map(|(row, (&interval, label))| Segment {
            id: format!("{video}[{}]", part.segment.unwrap_or(row)),
            interval,
            label,
        }));
    }
    Ok(segments)
}
