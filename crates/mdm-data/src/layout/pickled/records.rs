//! Lists of records `(content, label, segment)`: what the MAG and the MISA layout share.

use super::source::Source;
use crate::corpus::{Features, Split, Utterance};
use crate::error::Error;
use crate::layout::MOST_DIMS;
use crate::layout::checked::Checked;
use crate::layout::place::Place;
use crate::pickle::{Value, shape_text};

/// What is said in a record, and what is heard and seen.
pub(super) struct Content {
    pub(super) words: Vec<String>,
    pub(super) vision: Features,
    pub(super) audio: Features,
}

/// Reads the content of a record. The layouts differ in it.
pub(super) type ReadContent =
    for<'a> fn(&Source<'a>, Place<'_>, Value<'a>) -> Result<Content, Error>;

/// Reads the records of a split, of which `value` is the list.
pub(super) fn read_records<'a>(
    source: &Source<'a>,
    split: Split,
    value: Value<'a>,
    read_content: ReadContent,
    checked: &mut Checked<'_, '_>,
) -> Result<(), Error> {
    let place = Place::new(source.path).split(split);
    let Some(records) = source.pickle.items(value) else {
        return Err(place.error("a list of records", source.pickle.describe(value)));
    };
    for (index, &record) in records.iter().enumerate() {
        let utterance = read_record(source, place.record(index), record, read_content)?;
        checked.push(split, utterance)?;
    }
    Ok(())
}

fn read_record<'a>(
    source: &Source<'a>,
    place: Place<'_>,
    record: Value<'a>,
    read_content: ReadContent,
) -> Result<Utterance, Error> {
    let pickle = &source.pickle;
    let Some(&[content, label, segment]) = pickle.items(record) else {
        return Err(place.error("(content, label, segment)", pickle.describe(record)));
    };
    let id = pickle
        .text(segment)
        .map_err(|e| place.field("segment").pickle(e))?;
    let place = place.id(&id);
    let content = read_content(source, place, content)?;
    let label = source.label(label, place.field("label"))?;
    Ok(Utterance {
        words: content.words,
        features: vec![content.audio, content.vision],
        label: label.sentiment,
        emotions: label.emotions,
        id: id.clone(),
    })
}

/// A list of words.
pub(super) fn words<'a>(
    source: &Source<'a>,
    place: Place<'_>,
    value: Value<'a>,
) -> Result<Vec<String>, Error> {
    let words = source.texts(value, place)?;
    match words.shape[..] {
        [_] => Ok(words.data),
        _ => Err(place.error("a list of words", "a single text")),
    }
}

/// A matrix with `steps` rows; one row of zeros for none.
pub(super) fn frames<'a>(
    source: &Source<'a>,
    place: Place<'_>,
    value: Value<'a>,
    steps: usize,
    what: &str,
) -> Result<Features, Error> {
    let numbers = source.numbers(value, place)?;
    match numbers.shape[..] {
        [0, dim] if steps == 0 && (1..=MOST_DIMS).contains(&dim) => Ok(Features::zeros(1, dim)),
        [rows, dim] if rows == steps && rows > 0 && dim > 0 => Ok(Features::new(dim, numbers.data)),
        _ => Err(place.error(
            format!("shape ({steps}, dims), {what}"),
            format!("shape {}", shape_text(&numbers.shape)),
        )),
    }
}
