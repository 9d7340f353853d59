//! A computational sequence: rows of features, each with its interval of time, by video.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::interval::Interval;
use super::lag;
use crate::error::Error;
use crate::layout::hdf5::file::{Dataset, File};
use crate::layout::place::Place;
use crate::pickle::Limits;

/// An open sequence. Only the names of its videos are in memory.
pub(super) struct Sequence {
    file: File,
    /// The name of the sequence, which is that of the only group at the root of the file.
    root: String,
    parts: BTreeMap<String, Vec<Key>>,
}

/// Where a part of a video is: under `video`, or under `video[segment]` in a sequence that has been cut before.
struct Key {
    segment: Option<usize>,
    name: String,
}

/// Rows that stand together in the file.
pub(super) struct Part<'s> {
    pub(super) segment: Option<usize>,
    pub(super) intervals: Vec<Interval>,
    /// As many rows as there are intervals.
    pub(super) features: Dataset<'s>,
}

impl Sequence {
    pub(super) fn open(path: PathBuf, limits: Limits) -> Result<Self, Error> {
        let file = File::open(path, limits)?;
        let mut roots = file.groups("")?;
        let root = match roots.len() {
            1 => roots.remove(0),
            n => {
                let expected = "one group at the root, named as the sequence";
                let found = format!("{n} groups: {}", roots.join(", "));
                return Err(Place::new(file.path()).error(expected, found));
            }
        };
        let mut parts = BTreeMap::<String, Vec<Key>>::new();
        for name in file.groups(&format!("/{root}/data"))? {
            let (video, segment) = split_key(&name);
            let video = video.to_owned();
            parts.entry(video).or_default().push(Key { segment, name });
        }
        for keys in parts.values_mut() {
            keys.sort_unstable_by_key(|key| key.segment);
        }
        Ok(Self { file, root, parts })
    }

    pub(super) fn place(&self) -> Place<'_> {
        Place::new(self.file.path())
    }

    pub(super) fn root(&self) -> &str {
        &self.root
    }

    /// The videos, sorted by name.
    pub(super) fn videos(&self) -> impl ExactSizeIterator<Item = &str> {
        self.parts.keys().map(String::as_str)
    }

    /// The parts of a video, by number of the segment; none if the sequence lacks it.
    pub(super) fn parts(&self, video: &str) -> impl Iterator<Item = Result<Part<'_>, Error>> {
        let keys = self.parts.get(video).into_iter().flatten();
        keys.map(|key| self.part(key))
    }

    fn part(&self, key: &Key) -> Result<Part<'_>, Error> {
        let object = |name| format!("/{}/data/{}/{name}", self.root, key.name);
        let features = self.file.dataset(object("features"))?;
        let times = self.file.dataset(object("intervals"))?;
        let &[rows, 2] = times.shape() else {
            return Err(times.misshapen("(rows, 2): begin and end in seconds"));
        };
        let found = features.shape().first().copied().unwrap_or(1);
        (features.place()).same("rows, as in intervals", rows, found)?;
        let seconds = times.numbers(|x| x)?;
        if let Some(at) = seconds.iter().position(|x| !x.is_finite()) {
            let place = times.place().record(at / 2);
            return Err(place.error("seconds", seconds[at].to_string()));
        }
        let pairs = seconds.as_chunks::<2>().0.iter();
        let mut intervals: Vec<Interval> =
            pairs.map(|&[start, end]| Interval { start, end }).collect();
        if lag::lags(&self.root) {
            lag::undo(&mut intervals);
        }
        Ok(Part {
            segment: key.segment,
            intervals,
            features,
        })
    }
}

/// `video[3]` is segment 3 of `video`. Any other key is a video.
fn split_key(key: &str) -> (&str, Option<usize>) {
    let parts = key.strip_suffix(']').and_then(|key| key.rsplit_once('['));
    match parts.map(|(video, segment)| (video, segment.parse())) {
        Some((video, Ok(segment))) => (video, Some(segment)),
        _ => (key, None),
    }
}

#[cfg(test)]
mod tests {
    use super::split_key;

    #[test]
    fn keys_of_videos_and_segments() {
        assert_eq!(split_key("a"), ("a", None));
        assert_eq!(split_key("a[12]"), ("a", Some(12)));
        assert_eq!(split_key("a[b]"), ("a[b]", None));
        assert_eq!(split_key("a[1][2]"), ("a[1]", Some(2)));
    }
}
