//! Which videos belong to which split.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;

use super::sequence::Sequence;
use crate::corpus::Split;
use crate::error::Error;
use crate::layout::place::Place;

/// The file of a folder that gives the folds.
const FILE: &str = "folds.json";

/// The standard folds of CMU-MOSI: 52, 10 and 31 videos.
const MOSI: &str = include_str!("folds_mosi.json");

/// Videos that a message shows.
const SHOWN: usize = 3;

/// The content of a file of folds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    train: Vec<String>,
    valid: Vec<String>,
    test: Vec<String>,
    /// Leave out labelled videos that no fold lists, as the peers do with CMU-MOSEI.
    #[serde(default)]
    skip_others: bool,
}

/// The split of each video.
pub(super) struct Folds(HashMap<String, Split>);

impl Folds {
    /// The folds for a folder of sequences: those of its `folds.json`, or else the standard ones of CMU-MOSI if all
    /// labelled videos are among them.
    pub(super) fn of(folder: &Path, labels: &Sequence) -> Result<Self, Error> {
        let path = folder.join(FILE);
        match fs::read_to_string(&path) {
            Ok(text) => Self::given(&path, &text, labels),
            Err(error) if error.kind() == ErrorKind::NotFound => Self::standard(&path, labels),
            Err(error) => Err(Error::io("read", &path)(error)),
        }
    }

    fn given(path: &Path, text: &str, labels: &Sequence) -> Result<Self, Error> {
        let (folds, skip_others) = Self::parse(path, text)?;
        match folds.others(labels) {
            Some(others) if !skip_others => {
                let expected = "a fold for every labelled video, or \"skip_others\": true";
                Err(Place::new(path).error(expected, others))
            }
            _ => Ok(folds),
        }
    }

    fn standard(path: &Path, labels: &Sequence) -> Result<Self, Error> {
        let (folds, _) = Self::parse(path, MOSI)?;
        match folds.others(labels) {
            Some(others) => {
                let expected = "this file, with the folds: the videos are not those of CMU-MOSI";
                Err(Place::new(path).error(expected, format!("none, and {others}")))
            }
            None => Ok(folds),
        }
    }

    fn parse(path: &Path, text: &str) -> Result<(Self, bool), Error> {
        let expected = "lists of videos train, valid and test";
        let lists: Lists = serde_json::from_str(text)
            .map_err(|error| Place::new(path).error(expected, error.to_string()))?;
        let mut splits = HashMap::new();
        let folds = Split::ALL
            .into_iter()
            .zip([lists.train, lists.valid, lists.test]);
        for (split, videos) in folds {
            for video in videos {
                if let Some(before) = splits.insert(video.clone(), split) {
                    let place = Place::new(path).split(split).id(&video);
                    let found = format!("it in {before} as well");
                    return Err(place.error("each video in one fold, once", found));
                }
            }
        }
        Ok((Self(splits), lists.skip_others))
    }

    /// The split of a video; `None` if it is left out.
    pub(super) fn split(&self, video: &str) -> Option<Split> {
        self.0.get(video).copied()
    }

    /// Says which labelled videos have no fold.
    fn others(&self, labels: &Sequence) -> Option<String> {
        let others: Vec<&str> = labels
            .videos()
            .filter(|video| !self.0.contains_key(*video))
            .collect();
        let shown = others[..others.len().min(SHOWN)].join(", ");
        let all = labels.videos().len();
        let more = if others.len() > SHOWN { ", …" } else { "" };
        (!others.is_empty())
            .then(|| format!("{} of {all} videos in no fold: {shown}{more}", others.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_folds_of_mosi() {
        let (folds, skip_others) = Folds::parse(Path::new(FILE), MOSI).unwrap();
        let size = |split| folds.0.values().filter(|&&of| of == split).count();
        assert_eq!(Split::ALL.map(size), [52, 10, 31]);
        assert!(!skip_others);
        assert_eq!(folds.split("03bSnISJMiM"), Some(Split::Train));
        assert_eq!(folds.split("unknown"), None);
    }

    #[test]
    fn damaged_folds_are_refused() {
        let error = |text| {
            let result = Folds::parse(Path::new(FILE), text);
            result.err().unwrap().to_string()
        };
        assert!(error(r#"{"train": []}"#).contains("missing field `valid`"));
        assert!(error(r#"{"train": [], "valid": [], "test": [], "other": 1}"#).contains("other"));
        let twice = error(r#"{"train": ["a"], "valid": [], "test": ["a"]}"#);
        assert!(
            twice.contains("split test (a)") && twice.contains("it in train"),
            "{twice}"
        );
    }
}
