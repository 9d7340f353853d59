//! The MAG layout: word lists with one frame of vision and audio per word.

use std::path::Path;

use super::source::{Source, load};
use crate::corpus::{Features, Modality, Split, Utterance};
use crate::error::Error;
use crate::layout::checked::Checked;
use crate::layout::place::Place;
use crate::layout::{Header, LayoutReader, Sink};
use crate::pickle::{Limits, Value, shape_text};

/// Reader of the pickles of the Multimodal Adaptation Gate (`WasifurRahman/BERT_multimodal_transformer`).
///
/// A dict with the splits `train`, `dev` (or `valid`) and `test`, each a list of records
/// `((words, vision, audio), label, segment)`.
///
/// # Shapes
///
/// For `n` words: `words` a list of `n` texts, `vision` `[n, d_vision]`, `audio` `[n, d_audio]`, `label` one number in
/// any wrapping, usually `[1, 1]`. Without words, the arrays may be empty and the utterance gets one frame of zeros.
///
/// The corpus has no language features, see [`crate::glove::embed`].
pub struct Mag;

impl LayoutReader for Mag {
    fn read_into(&self, path: &Path, limits: Limits, sink: &mut dyn Sink) -> Result<Header, Error> {
        let bytes = load(path, limits)?;
        let source = Source::parse(path, &bytes, limits)?;
        let mut checked = Checked::new(path, &[Modality::Audio, Modality::Vision], sink);
        for split in Split::ALL {
            let place = Place::new(path).split(split);
            let value = source.split(split)?;
            let Some(records) = source.pickle.items(value) else {
                return Err(place.error("a list of records", source.pickle.describe(value)));
            };
            for (index, &record) in records.iter().enumerate() {
                checked.push(split, read_record(&source, place.record(index), record)?)?;
            }
        }
        checked.finish()
    }
}

fn read_record<'a>(
    source: &Source<'a>,
    place: Place<'_>,
    record: Value<'a>,
) -> Result<Utterance, Error> {
    let pickle = &source.pickle;
    let Some(&[content, label, segment]) = pickle.items(record) else {
        return Err(place.error("(content, label, segment)", pickle.describe(record)));
    };
    let id = pickle
        .text(segment)
        .map_err(|e| place.field("segment").pickle(e))?;
    let place = place.id(&id);
    let Some(&[words, vision, audio]) = pickle.items(content) else {
        return Err(place.error("(words, vision, audio)", pickle.describe(content)));
    };
    let words = source.texts(words, place.field("words"))?;
    if words.shape.len() != 1 {
        return Err(place
            .field("words")
            .error("a list of words", "a single text"));
    }
    let words = words.data;
    let audio = frames(source, place.field("audio"), audio, words.len())?;
    let vision = frames(source, place.field("vision"), vision, words.len())?;
    let label = pickle
        .number(label)
        .map_err(|e| place.field("label").pickle(e))?;
    Ok(Utterance {
        words,
        features: vec![audio, vision],
        label,
        id: id.clone(),
        ..Utterance::default()
    })
}

/// A matrix with one row per word.
fn frames<'a>(
    source: &Source<'a>,
    place: Place<'_>,
    value: Value<'a>,
    words: usize,
) -> Result<Features, Error> {
    let numbers = source.numbers(value, place)?;
    match numbers.shape[..] {
        [0, dim] if words == 0 && dim > 0 => Ok(Features::zeros(1, dim)),
        [rows, dim] if rows == words && dim > 0 => Ok(Features::new(dim, numbers.data)),
        _ => Err(place.error(
            format!("shape ({words}, dims), one row per word"),
            format!("shape {}", shape_text(&numbers.shape)),
        )),
    }
}
