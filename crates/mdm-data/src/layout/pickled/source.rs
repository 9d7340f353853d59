//! What the readers of pickled layouts share: loading, finding fields, checking shapes.

use std::fs;
use std::path::Path;

use memmap2::MmapMut;

use crate::corpus::Split;
use crate::error::Error;
use crate::layout::padded::Padded;
use crate::layout::place::Place;
use crate::layout::{arrays, bounded, splits};
use crate::pickle::{self, Limits, Numbers, Pickle, PickleError, Texts, Value};

/// The bytes of a pickle, with a check that they may be held in memory at all.
pub(super) fn load(path: &Path, limits: Limits) -> Result<MmapMut, Error> {
    let length = fs::metadata(path).map_err(Error::io("read", path))?.len();
    if length > limits.memory {
        return Err(Error::Pickle {
            path: path.to_owned(),
            source: PickleError::Limit {
                what: "bytes of memory",
                limit: limits.memory,
                offset: 0,
            },
        });
    }
    bounded::fill(path, length)
}

/// A number that is whole and not negative, so neither a fraction nor NaN.
fn whole(number: f32) -> Option<usize> {
    (number as usize as f32 == number).then_some(number as usize)
}

/// A pickle with its path.
pub(super) struct Source<'a> {
    pub(super) path: &'a Path,
    pub(super) pickle: Pickle<'a>,
}

impl<'a> Source<'a> {
    pub(super) fn parse(path: &'a Path, bytes: &'a [u8], limits: Limits) -> Result<Self, Error> {
        let pickle = pickle::parse(bytes, limits).map_err(|e| Place::new(path).pickle(e))?;
        Ok(Self { path, pickle })
    }

    /// The words of a transcript. Many small texts take more memory than the one they are cut from, and that may be
    /// shared by many utterances, so each time is charged.
    pub(super) fn words(&self, transcript: &str, place: Place<'_>) -> Result<Vec<String>, Error> {
        /// A text with its own block, in a list that may be growing.
        const EACH: usize = 3 * size_of::<String>();
        let words = transcript.split_whitespace();
        self.pickle
            .charge(words.clone().count(), EACH)
            .and_then(|()| self.pickle.charge(transcript.len(), 1))
            .map_err(|error| place.pickle(error))?;
        Ok(words.map(str::to_owned).collect())
    }

    /// The value of a split, under any of the names in use.
    pub(super) fn split(&self, split: Split) -> Result<Value<'a>, Error> {
        let root = self.pickle.root();
        let place = Place::new(self.path);
        let found = splits::find(split, place, |name| Ok(self.pickle.entry(root, name)))?;
        found.ok_or_else(|| {
            let names = splits::names(split).join(" or ");
            let expected = format!("a dict with the split {names}");
            place.split(split).error(expected, self.keys(root))
        })
    }

    /// The value of a field that must be there.
    pub(super) fn field(
        &self,
        dict: Value<'a>,
        place: Place<'_>,
        name: &str,
    ) -> Result<Value<'a>, Error> {
        self.pickle
            .entry(dict, name)
            .ok_or_else(|| place.field(name).error("the field", self.keys(dict)))
    }

    /// What a value is, with the keys of a dict, for messages.
    pub(super) fn keys(&self, dict: Value<'a>) -> String {
        const SHOWN: usize = 12;
        let mut keys: Vec<String> = self.pickle.keys(dict).take(SHOWN + 1).collect();
        if keys.is_empty() {
            return self.pickle.describe(dict);
        }
        if keys.len() > SHOWN {
            keys[SHOWN] = "…".to_owned();
        }
        format!("a dict with {}", keys.join(", "))
    }

    pub(super) fn numbers(&self, value: Value<'a>, place: Place<'_>) -> Result<Numbers, Error> {
        self.pickle.numbers(value).map_err(|e| place.pickle(e))
    }

    pub(super) fn texts(&self, value: Value<'a>, place: Place<'_>) -> Result<Texts, Error> {
        self.pickle.texts(value).map_err(|e| place.pickle(e))
    }

    /// One number per utterance, whatever axes of length 1 are around it.
    pub(super) fn column(
        &self,
        value: Value<'a>,
        place: Place<'_>,
        rows: usize,
    ) -> Result<Vec<f32>, Error> {
        arrays::column(self.numbers(value, place)?, place, rows)
    }

    /// Lengths per utterance: whole numbers from 0 to `steps`.
    pub(super) fn lengths(
        &self,
        value: Value<'a>,
        place: Place<'_>,
        rows: usize,
        steps: usize,
    ) -> Result<Vec<usize>, Error> {
        arrays::lengths(self.numbers(value, place)?, place, rows, steps)
    }

    /// A length: a whole number, not negative.
    pub(super) fn length(&self, value: Value<'a>, place: Place<'_>) -> Result<usize, Error> {
        let length = self.pickle.number(value).map_err(|e| place.pickle(e))?;
        whole(length).ok_or_else(|| place.error("a length", length.to_string()))
    }

    /// A padded array `[utterances, steps, dim]`.
    pub(super) fn padded(&self, value: Value<'a>, place: Place<'_>) -> Result<Padded, Error> {
        arrays::padded(self.numbers(value, place)?, place)
    }
}
