//! Padded arrays without transcripts: what the MulT and the MultiBench layout share.

use std::path::Path;

use super::source::{Source, load};
use crate::corpus::{Split, Utterance};
use crate::error::Error;
use crate::layout::checked::Checked;
use crate::layout::padded::Padded;
use crate::layout::place::Place;
use crate::layout::{Header, Sink, TRIMODAL};
use crate::pickle::{Limits, Texts, Value, View, shape_text};

/// What becomes of an utterance whose text is zero throughout.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Textless {
    /// It stays, with one step of zeros as its text.
    Keep,
    /// It is left out.
    Drop,
}

/// Reads a dict of splits, each a dict of padded arrays.
pub(super) fn read_arrays(
    path: &Path,
    limits: Limits,
    textless: Textless,
    sink: &mut dyn Sink,
) -> Result<Header, Error> {
    let bytes = load(path, limits)?;
    let source = Source::parse(path, &bytes, limits)?;
    let mut checked = Checked::new(path, &TRIMODAL, sink);
    for split in Split::ALL {
        read_split(&source, split, textless, &mut checked)?;
    }
    checked.finish()
}

fn read_split(
    source: &Source<'_>,
    split: Split,
    textless: Textless,
    checked: &mut Checked<'_, '_>,
) -> Result<(), Error> {
    let dict = source.split(split)?;
    let place = Place::new(source.path).split(split);
    let text = source.padded(source.field(dict, place, "text")?, place.field("text"))?;
    let rows = text.rows;
    let other = |name: &'static str| -> Result<Padded, Error> {
        let array = source.padded(source.field(dict, place, name)?, place.field(name))?;
        place
            .field(name)
            .same("utterances, as in text", rows, array.rows)?;
        Ok(array)
    };
    let (audio, vision) = (other("audio")?, other("vision")?);
    let labels = source.labels(
        source.field(dict, place, "labels")?,
        place.field("labels"),
        rows,
    )?;
    let ids = read_ids(
        source,
        source.field(dict, place, "id")?,
        place.field("id"),
        rows,
    )?;

    for (row, (id, label)) in ids.into_iter().zip(labels).enumerate() {
        let spoken = text.span(row);
        if spoken.is_none() && textless == Textless::Drop {
            continue;
        }
        let features = [&text, &audio, &vision].map(|array| {
            let own = || array.span(row).unwrap_or((0, 1));
            let span = match spoken {
                Some(span) if array.steps == text.steps => span,
                _ => own(),
            };
            array.cut(row, span)
        });
        let utterance = Utterance {
            id,
            words: Vec::new(),
            features: features.into(),
            label: label.sentiment,
            emotions: label.emotions,
        };
        checked.push(split, utterance)?;
    }
    Ok(())
}

fn read_ids<'a>(
    source: &Source<'a>,
    value: Value<'a>,
    place: Place<'_>,
    rows: usize,
) -> Result<Vec<String>, Error> {
    let Texts { shape, data } = match source.pickle.items(value) {
        // Some writers give a list with one small array or list per utterance.
        Some(items) if items.first().is_some_and(|&first| is_nested(source, first)) => {
            let mut data = Vec::new();
            for (record, &item) in items.iter().enumerate() {
                let texts = source.texts(item, place.record(record))?;
                place.record(record).same("parts", 3, texts.data.len())?;
                data.extend(texts.data);
            }
            Texts {
                shape: vec![items.len(), 3],
                data,
            }
        }
        _ => source.texts(value, place)?,
    };
    match shape[..] {
        [n] | [n, 1] if n == rows => Ok(data),
        [n, 3] if n == rows => Ok(data.as_chunks::<3>().0.iter().map(join_id).collect()),
        _ => Err(place.error(
            format!("one or three texts for each of {rows} utterances"),
            format!("shape {}", shape_text(&shape)),
        )),
    }
}

fn is_nested<'a>(source: &Source<'a>, value: Value<'a>) -> bool {
    matches!(
        source.pickle.view(value),
        View::List(_) | View::Tuple(_) | View::Array(_)
    )
}

fn join_id([video, begin, end]: &[String; 3]) -> String {
    if begin == "0" && end == "0" {
        return video.clone();
    }
    format!("{video}[{begin},{end}]")
}

#[cfg(test)]
mod tests {
    use super::join_id;

    #[test]
    fn ids_keep_the_segment() {
        let id = |parts: [&str; 3]| join_id(&parts.map(str::to_owned));
        assert_eq!(id(["a", "0", "0"]), "a");
        assert_eq!(id(["a", "0", "1.5"]), "a[0,1.5]");
    }
}
