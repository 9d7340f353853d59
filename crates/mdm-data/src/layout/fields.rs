//! What the readers of pickled layouts share: finding fields, checking shapes, cutting padding, naming places.

use std::fs;
use std::path::Path;

use crate::corpus::{Corpus, Features, Modality, ModalityInfo, Split, Utterance};
use crate::error::{ContentError, Error};
use crate::pickle::{self, Limits, Numbers, Pickle, PickleError, Texts, Value, shape_text};

/// The bytes of a pickle, with a check that they may be held in memory at all.
pub(super) fn load(path: &Path, limits: Limits) -> Result<Vec<u8>, Error> {
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
    fs::read(path).map_err(Error::io("read", path))
}

/// The name of a corpus: that of its file, without the extension.
pub(super) fn corpus_name(path: &Path) -> String {
    path.file_stem()
        .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

/// Where in the file the reader is.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    path: &'p Path,
    split: Option<Split>,
    record: Option<usize>,
    id: Option<&'p str>,
    field: Option<&'p str>,
}

impl<'p> Place<'p> {
    pub(super) fn new(path: &'p Path) -> Self {
        Self {
            path,
            split: None,
            record: None,
            id: None,
            field: None,
        }
    }

    pub(super) fn split(self, split: Split) -> Self {
        let split = Some(split);
        Self { split, ..self }
    }

    pub(super) fn record(self, record: usize) -> Self {
        let record = Some(record);
        Self { record, ..self }
    }

    pub(super) fn id(self, id: &'p str) -> Self {
        Self {
            id: Some(id),
            ..self
        }
    }

    pub(super) fn field(self, field: &'p str) -> Self {
        let field = Some(field);
        Self { field, ..self }
    }

    pub(super) fn error(self, expected: impl Into<String>, found: impl Into<String>) -> Error {
        Error::Content(Box::new(ContentError {
            path: self.path.to_owned(),
            split: self.split,
            record: self.record,
            id: self.id.map(str::to_owned),
            field: self.field.map(str::to_owned),
            expected: expected.into(),
            found: found.into(),
        }))
    }

    /// An error of the pickle reader: a wrong type belongs to this place, everything else to the file.
    pub(super) fn pickle(self, source: PickleError) -> Error {
        match source {
            PickleError::Type { expected, found } => self.error(expected, found),
            source => Error::Pickle {
                path: self.path.to_owned(),
                source,
            },
        }
    }

    /// Checks one length of a shape.
    pub(super) fn same(self, what: &str, expected: usize, found: usize) -> Result<(), Error> {
        if expected == found {
            return Ok(());
        }
        Err(self.error(format!("{expected} {what}"), found.to_string()))
    }
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

    /// The value of a split, under any of the names in use.
    pub(super) fn split(&self, split: Split) -> Result<Value<'a>, Error> {
        let names: &[&str] = match split {
            Split::Train => &["train"],
            Split::Valid => &["valid", "dev", "val"],
            Split::Test => &["test"],
        };
        let root = self.pickle.root();
        names
            .iter()
            .find_map(|name| self.pickle.entry(root, name))
            .ok_or_else(|| {
                let expected = format!("a dict with the split {}", names.join(" or "));
                Place::new(self.path)
                    .split(split)
                    .error(expected, self.keys(root))
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

    fn keys(&self, dict: Value<'a>) -> String {
        const SHOWN: usize = 12;
        let mut keys = self.pickle.keys(dict);
        if keys.is_empty() {
            return self.pickle.describe(dict);
        }
        let more = if keys.len() > SHOWN { ", …" } else { "" };
        keys.truncate(SHOWN);
        format!("a dict with {}{more}", keys.join(", "))
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
        let numbers = self.numbers(value, place)?;
        if numbers.shape.first() != Some(&rows) || numbers.data.len() != rows {
            let expected = format!("one number for each of {rows} utterances");
            return Err(place.error(expected, format!("shape {}", shape_text(&numbers.shape))));
        }
        Ok(numbers.data)
    }

    /// Lengths per utterance: whole numbers from 0 to `steps`.
    pub(super) fn lengths(
        &self,
        value: Value<'a>,
        place: Place<'_>,
        rows: usize,
        steps: usize,
    ) -> Result<Vec<usize>, Error> {
        let column = self.column(value, place, rows)?;
        let check = |(record, &length): (usize, &f32)| {
            // The upper bound is checked after the conversion, so that NaN and fractions fail the first test.
            let whole = length as usize;
            if whole as f32 != length || whole > steps {
                let expected = format!("a length of at most {steps}");
                return Err(place.record(record).error(expected, length.to_string()));
            }
            Ok(whole)
        };
        column.iter().enumerate().map(check).collect()
    }

    /// A padded array `[utterances, steps, dim]`.
    pub(super) fn padded(&self, value: Value<'a>, place: Place<'_>) -> Result<Padded, Error> {
        let numbers = self.numbers(value, place)?;
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
}

/// Sequences of different lengths, filled up to one length with zeros. Row-major `[rows, steps, dim]`.
pub(super) struct Padded {
    pub(super) rows: usize,
    pub(super) steps: usize,
    pub(super) dim: usize,
    data: Vec<f32>,
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

/// Collects utterances and holds them to what every corpus promises.
pub(super) struct Builder<'p> {
    place: Place<'p>,
    corpus: Corpus,
}

impl<'p> Builder<'p> {
    /// `modalities` in the order of [`Modality`].
    pub(super) fn new(path: &'p Path, modalities: &[Modality]) -> Self {
        let unknown = |&modality: &Modality| ModalityInfo { modality, dim: 0 };
        Self {
            place: Place::new(path),
            corpus: Corpus::new(corpus_name(path), modalities.iter().map(unknown).collect()),
        }
    }

    /// Adds an utterance. The first one of the corpus fixes the dims.
    pub(super) fn push(&mut self, split: Split, utterance: Utterance) -> Result<(), Error> {
        let records = self.corpus.split(split).len();
        let place = self.place.split(split).record(records).id(&utterance.id);
        if !utterance.label.is_finite() {
            return Err(place
                .field("label")
                .error("a finite number", utterance.label.to_string()));
        }
        for (info, features) in self.corpus.modalities.iter_mut().zip(&utterance.features) {
            if info.dim == 0 {
                info.dim = features.dim();
            }
            place
                .field(info.modality.name())
                .same("dims, as before", info.dim, features.dim())?;
        }
        self.corpus.split_mut(split).push(utterance);
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Corpus, Error> {
        if self.corpus.is_empty() {
            return Err(self.place.error("at least one utterance", "none"));
        }
        Ok(self.corpus)
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
    fn damaged_frames_are_no_padding() {
        let array = padded(3, &[0.0, f32::NEG_INFINITY, 0.0, f32::NAN, 0.0, 0.0]);
        assert_eq!(array.span(0), Some((1, 2)));
        assert_eq!(array.span(1), Some((0, 1)));
    }
}
