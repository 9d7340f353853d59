//! Padded arrays in a NumPy archive.

use std::path::Path;

use crate::corpus::{Modality, Split, Utterance};
use crate::error::Error;
use crate::layout::arrays;
use crate::layout::budget::Budget;
use crate::layout::checked::Checked;
use crate::layout::label::Label;
use crate::layout::padded::Stream;
use crate::layout::place::Place;
use crate::layout::{Header, LayoutReader, Sink, splits};
use crate::npz::{self, Archive, Problem};
use crate::pickle::{Limits, Numbers, Texts, shape_text};

/// Reader of NumPy archives of padded arrays, as `mdm data export --format npz` writes them.
///
/// Each array is named after its split (`train`, `valid`, `dev` or `val`, `test`) and its field, such as `train.audio`. A split without
/// arrays has no utterances; at least one split must have some.
///
/// # Shapes
///
/// For `n` utterances:
///
/// | field | shape | needed |
/// |---|---|---|
/// | `labels` | `[n]` or `[n, 1]`: the sentiment; or `[n, 7]`: the sentiment and [six emotions](crate::corpus::Emotions) | yes, but [for prediction](super::read_unlabelled) |
/// | `language`, `audio`, `vision`, `physiology` | `[n, steps, dim]`, padded on the right; steps may differ | no, but the same in all splits |
/// | `language_lengths` and so on | `[n]`: steps of each utterance | no |
/// | `ids` | `[n]` texts | no: `train-0`, `train-1`, … |
/// | `words` | `[n]` texts, words separated by spaces or line ends | no |
///
/// # Padding
///
/// On the right. Without declared lengths the rule is that of [`Mmsa`](super::Mmsa): language ends at its last frame that
/// is not all zero, or at the longest length declared for a modality with as many steps; the others end where
/// language does if they have as many steps and it has any, or else at their own last frame that is not all zero.
pub struct Npz;

impl LayoutReader for Npz {
    fn read_into(&self, path: &Path, limits: Limits, sink: &mut dyn Sink) -> Result<Header, Error> {
        let budget = Budget::new(limits);
        let bytes = budget.read(path)?;
        let archive = Archive::open(&bytes, path)?;
        let source = Source {
            path,
            names: names(&archive, path)?,
            archive,
            budget,
        };
        let is_known = |&modality: &Modality| {
            let has = |split| source.has(split, modality.name());
            Split::ALL.into_iter().any(has)
        };
        let modalities: Vec<Modality> = Modality::ALL.into_iter().filter(is_known).collect();
        let mut checked = Checked::new(path, &modalities, sink);
        for split in Split::ALL {
            if source.has_split(split) {
                read_split(&source, split, &modalities, &mut checked)?;
            }
        }
        checked.finish()
    }
}

/// Whether arrays of these names are a corpus of this layout, as far as names tell.
pub(super) fn is_corpus<'a>(mut names: impl Iterator<Item = &'a str>) -> bool {
    let fields = Modality::ALL.map(Modality::name);
    let fields = fields.into_iter().chain(["labels", "words"]);
    names.any(|name| {
        let (split, field) = name.split_once('.').unwrap_or_default();
        let mut known = Split::ALL.into_iter().flat_map(splits::names);
        known.any(|&known| split == known) && fields.clone().any(|known| known == field)
    })
}

/// The names under which an archive has the splits, the usual one for a split that it does not have.
fn names(archive: &Archive<'_>, path: &Path) -> Result<[&'static str; 3], Error> {
    let mut found = Split::ALL.map(Split::name);
    for (split, found) in Split::ALL.into_iter().zip(&mut found) {
        let name = splits::find(split, Place::new(path), |name| {
            let of_split =
                |array: &npz::Entry| array.name.split_once('.').map(|(s, _)| s) == Some(name);
            Ok(archive.arrays().iter().any(of_split).then_some(name))
        })?;
        *found = name.unwrap_or(found);
    }
    Ok(found)
}

struct Source<'a> {
    path: &'a Path,
    archive: Archive<'a>,
    /// Of the splits, as the archive has them.
    names: [&'static str; 3],
    budget: Budget,
}

impl Source<'_> {
    fn key(&self, split: Split, field: &str) -> String {
        format!("{}.{field}", self.names[split as usize])
    }

    fn has(&self, split: Split, field: &str) -> bool {
        let key = self.key(split, field);
        self.archive.arrays().iter().any(|array| array.name == key)
    }

    fn has_split(&self, split: Split) -> bool {
        let prefix = self.key(split, "");
        let mut arrays = self.archive.arrays().iter();
        arrays.any(|array| array.name.starts_with(&prefix))
    }

    fn numbers(&self, split: Split, field: &str) -> Result<Option<Numbers>, Error> {
        let Some(entry) = self.archive.find(&self.key(split, field))? else {
            return Ok(None);
        };
        let read = self.archive.read(entry, |content| {
            let header = npz::Header::read(content)?;
            header.check_numbers()?;
            self.budget.numbers(header.count()).map_err(too_much)?;
            let data = header.numbers(content, |_, number| Ok(number as f32))?;
            Ok(Numbers {
                shape: header.shape().to_vec(),
                data,
            })
        });
        read.map(Some)
    }

    fn texts(&self, split: Split, field: &str) -> Result<Option<Texts>, Error> {
        let Some(entry) = self.archive.find(&self.key(split, field))? else {
            return Ok(None);
        };
        let read = self.archive.read(entry, |content| {
            let header = npz::Header::read(content)?;
            let size = header.element_size();
            self.budget.texts(header.count(), size).map_err(too_much)?;
            let data = header.texts(content)?;
            Ok(Texts {
                shape: header.shape().to_vec(),
                data,
            })
        });
        read.map(Some)
    }

    fn required(&self, split: Split, field: &str) -> Result<Numbers, Error> {
        self.numbers(split, field)?
            .ok_or_else(|| self.missing(split, field))
    }

    fn missing(&self, split: Split, field: &str) -> Error {
        let names = self.archive.arrays().iter().map(|array| &*array.name);
        let found = format!("an archive with {}", names.collect::<Vec<_>>().join(", "));
        let place = Place::new(self.path).split(split);
        place.error(format!("the array {}", self.key(split, field)), found)
    }

    /// Utterances of a split without labels, from its first array; none where that has no axis.
    fn rows(&self, split: Split) -> Result<usize, Error> {
        let fields = Modality::ALL.map(Modality::name);
        for field in fields.into_iter().chain(["words"]) {
            if let Some(entry) = self.archive.find(&self.key(split, field))? {
                let header = |content: &mut dyn std::io::Read| npz::Header::read(content);
                let header = self.archive.read(entry, header)?;
                return Ok(header.shape().first().copied().unwrap_or(0));
            }
        }
        Err(self.missing(split, "words"))
    }
}

fn too_much((expected, found): (&'static str, String)) -> Problem {
    Problem::unfit(expected, found)
}

fn read_split(
    source: &Source<'_>,
    split: Split,
    modalities: &[Modality],
    checked: &mut Checked<'_, '_>,
) -> Result<(), Error> {
    let place = Place::new(source.path).split(split);
    let labels = match source.numbers(split, "labels")? {
        None if checked.takes_unlabelled() => None,
        None => return Err(source.missing(split, "labels")),
        Some(labels) => Some(read_labels(labels, place.field("labels"))?),
    };
    let rows = match &labels {
        Some(labels) => labels.len(),
        None => source.rows(split)?,
    };
    if rows == 0 {
        return Ok(());
    }
    let column_of_texts = |field: &'static str| match source.texts(split, field)? {
        Some(texts) => arrays::texts(texts, place.field(field), rows).map(Some),
        None => Ok(None),
    };
    let (ids, words) = (column_of_texts("ids")?, column_of_texts("words")?);
    if modalities.is_empty() && words.is_none() {
        let expected = "at least one of the arrays language, audio, vision, physiology and words";
        return Err(place.error(expected, "none"));
    }
    let stream = |modality: &Modality| read_stream(source, split, modality.name(), rows);
    let streams: Vec<Stream> = modalities.iter().map(stream).collect::<Result<_, _>>()?;
    let (language, others) = match modalities {
        [Modality::Language, ..] => (streams.first(), &streams[1..]),
        _ => (None, &streams[..]),
    };

    for row in 0..rows {
        let label = labels.as_ref().map_or(Label::UNKNOWN, |labels| labels[row]);
        let spoken = language.map(|language| (language.array.steps, end(row, language, others)));
        let id = match &ids {
            Some(ids) => ids[row].clone(),
            None => format!("{split}-{row}"),
        };
        let words = words.as_ref().map_or("", |words| &words[row]);
        source
            .budget
            .utterance(&id, words, streams.len())
            .map_err(|(expected, found)| place.record(row).error(expected, found))?;
        let utterance = Utterance {
            id,
            words: words.split_whitespace().map(str::to_owned).collect(),
            features: streams.iter().map(|s| s.cut(row, spoken)).collect(),
            label: label.sentiment,
            emotions: label.emotions,
        };
        checked.push(split, utterance)?;
    }
    Ok(())
}

/// Where the language of an utterance ends. A word without a vector is all zero, so the last frame that is not need not
/// be the last word; a longer length declared for a modality with as many steps is then taken.
fn end(row: usize, language: &Stream, others: &[Stream]) -> usize {
    let same_steps = |stream: &&Stream| stream.array.steps == language.array.steps;
    let declared = others.iter().filter(same_steps);
    let longest = declared.filter_map(|stream| stream.declared(row)).max();
    let own = || language.array.end(row).max(longest.unwrap_or(0));
    language.declared(row).unwrap_or_else(own)
}

/// One label a row.
fn read_labels(numbers: Numbers, place: Place<'_>) -> Result<Vec<Label>, Error> {
    let width = match numbers.shape[..] {
        [_] => 1,
        [_, width @ (1 | 7)] => width,
        _ => {
            let expected = "shape (utterances,), (utterances, 1) or (utterances, 7)";
            return Err(place.error(expected, format!("shape {}", shape_text(&numbers.shape))));
        }
    };
    let rows = numbers.data.chunks_exact(width);
    Ok(rows.map_while(Label::new).collect())
}

fn read_stream(
    source: &Source<'_>,
    split: Split,
    field: &str,
    rows: usize,
) -> Result<Stream, Error> {
    let place = Place::new(source.path).split(split);
    let array = arrays::padded(source.required(split, field)?, place.field(field))?;
    place
        .field(field)
        .same("utterances, as in labels", rows, array.rows)?;
    let field = format!("{field}_lengths");
    let lengths = match source.numbers(split, &field)? {
        Some(numbers) => {
            let place = place.field(&field);
            Some(arrays::lengths(numbers, place, rows, array.steps)?)
        }
        None => None,
    };
    Ok(Stream { array, lengths })
}
