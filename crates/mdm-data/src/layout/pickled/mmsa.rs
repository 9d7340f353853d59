//! The MMSA layout: padded arrays with transcripts, lengths and WordPiece ids.

use std::path::Path;

use super::source::{Source, load};
use crate::corpus::{Split, Utterance};
use crate::error::Error;
use crate::layout::checked::Checked;
use crate::layout::padded::Stream;
use crate::layout::place::Place;
use crate::layout::{Header, LayoutReader, Sink, TRIMODAL, arrays};
use crate::pickle::{Limits, Value, shape_text};

/// Reader of the pickles of MMSA (`thuiar/MMSA`), aligned and unaligned.
///
/// A dict with the splits `train`, `valid` and `test`, each a dict with the fields below. The words of an utterance are
/// its `raw_text`, split at white space.
///
/// # Shapes
///
/// `text` `[n, steps, d_language]`, `audio` `[n, steps_audio, d_audio]`, `vision` `[n, steps_vision, d_vision]`,
/// `regression_labels` `[n]`, `id` `[n]`, and where present `raw_text` `[n]`, `audio_lengths` `[n]`, `vision_lengths`
/// `[n]`, `text_bert` `[n, 3, steps]` (ids, mask, segment).
///
/// # Padding
///
/// On the right. Audio and vision have the length that the file declares; without one, that of the text if they have
/// as many steps and the text is not zero throughout, or else up to their last frame that is not all zero. Text ends at its last vector that is not
/// all zero, within the mask of `text_bert`: vectors made by BERT fill the mask, while word vectors are fewer than
/// WordPieces. A word without a vector is all zero, so a text that ends in one would come out short; a declared length
/// of audio or vision with as many steps as the text, longer and still within the mask, is then taken instead.
pub struct Mmsa;

impl LayoutReader for Mmsa {
    fn read_into(&self, path: &Path, limits: Limits, sink: &mut dyn Sink) -> Result<Header, Error> {
        let bytes = load(path, limits)?;
        let source = Source::parse(path, &bytes, limits)?;
        let mut checked = Checked::new(path, &TRIMODAL, sink);
        for split in Split::ALL {
            read_split(&source, split, &mut checked)?;
        }
        checked.finish()
    }
}

fn read_split(
    source: &Source<'_>,
    split: Split,
    checked: &mut Checked<'_, '_>,
) -> Result<(), Error> {
    let dict = source.split(split)?;
    let place = Place::new(source.path).split(split);
    let text = source.padded(source.field(dict, place, "text")?, place.field("text"))?;
    let rows = text.rows;
    let stream = |name: &'static str, lengths_name: &'static str| -> Result<Stream, Error> {
        let array = source.padded(source.field(dict, place, name)?, place.field(name))?;
        place
            .field(name)
            .same("utterances, as in text", rows, array.rows)?;
        let lengths = match source.pickle.entry(dict, lengths_name) {
            Some(value) => {
                Some(source.lengths(value, place.field(lengths_name), rows, array.steps)?)
            }
            None => None,
        };
        Ok(Stream { array, lengths })
    };
    let audio = stream("audio", "audio_lengths")?;
    let vision = stream("vision", "vision_lengths")?;
    let field = "regression_labels";
    let labels = source.column(source.field(dict, place, field)?, place.field(field), rows)?;
    let ids = column_of_texts(
        source,
        source.field(dict, place, "id")?,
        place.field("id"),
        rows,
    )?;
    let transcripts = match source.pickle.entry(dict, "raw_text") {
        Some(value) => Some(column_of_texts(
            source,
            value,
            place.field("raw_text"),
            rows,
        )?),
        None => None,
    };
    let masks = match source.pickle.entry(dict, "text_bert") {
        Some(value) => Some(mask_lengths(source, value, place.field("text_bert"), rows)?),
        None => None,
    };

    for (row, (id, &label)) in ids.into_iter().zip(&labels).enumerate() {
        let within = masks
            .as_ref()
            .map_or(text.steps, |m| m[row].min(text.steps));
        let declared = [&audio, &vision]
            .into_iter()
            .filter(|stream| stream.array.steps == text.steps)
            .filter_map(|stream| stream.declared(row))
            .filter(|&length| length <= within)
            .max();
        let seen = text.end(row).min(within);
        let length = seen.max(declared.unwrap_or(0));
        let words = transcripts
            .as_ref()
            .map(|all| source.words(&all[row], place.field("raw_text")))
            .transpose()?
            .unwrap_or_default();
        let utterance = Utterance {
            id,
            words,
            features: vec![
                text.cut(row, (0, length)),
                audio.cut(row, Some((text.steps, length))),
                vision.cut(row, Some((text.steps, length))),
            ],
            label,
            ..Utterance::default()
        };
        checked.push(split, utterance)?;
    }
    Ok(())
}

fn column_of_texts<'a>(
    source: &Source<'a>,
    value: Value<'a>,
    place: Place<'_>,
    rows: usize,
) -> Result<Vec<String>, Error> {
    arrays::texts(source.texts(value, place)?, place, rows)
}

/// The number of real WordPieces of each utterance, `[CLS]` and `[SEP]` included.
fn mask_lengths<'a>(
    source: &Source<'a>,
    value: Value<'a>,
    place: Place<'_>,
    rows: usize,
) -> Result<Vec<usize>, Error> {
    let numbers = source.numbers(value, place)?;
    let [n, 3, steps] = numbers.shape[..] else {
        let found = format!("shape {}", shape_text(&numbers.shape));
        return Err(place.error(format!("shape ({rows}, 3, steps)"), found));
    };
    place.same("utterances, as in text", rows, n)?;
    let count = |row: usize| {
        let mask = &numbers.data[(row * 3 + 1) * steps..(row * 3 + 2) * steps];
        mask.iter().filter(|&&x| x != 0.0).count()
    };
    Ok((0..rows).map(count).collect())
}
