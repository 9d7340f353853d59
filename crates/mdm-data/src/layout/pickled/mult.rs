//! The MulT layout: padded arrays without transcripts.

use std::path::Path;

use super::source::{Source, load};
use crate::corpus::{Modality, Split, Utterance};
use crate::error::Error;
use crate::layout::checked::Checked;
use crate::layout::padded::Padded;
use crate::layout::place::Place;
use crate::layout::{Header, LayoutReader, Sink};
use crate::pickle::{Limits, Texts, Value, shape_text};

/// Reader of the pickles of the Multimodal Transformer (`yaohungt/Multimodal-Transformer`).
///
/// A dict with the splits `train`, `valid` and `test`, each a dict with the fields below. `id` has one or three texts
/// per utterance: the video, then where the segment begins and ends. The id of the utterance is the video's name,
/// followed by `[begin,end]` unless both are `0`.
///
/// # Shapes
///
/// `text` `[n, steps, d_language]`, `audio` `[n, steps_audio, d_audio]`, `vision` `[n, steps_vision, d_vision]`, `labels`
/// one number per utterance, usually `[n, 1, 1]`; `id` `[n]` or `[n, 3]`.
///
/// # Padding
///
/// The files in circulation are filled up with zeros on the left, on the right or on both sides, and nothing says
/// where. Steps before the first and after the last text vector that is not all zero are taken for padding, and cut in
/// all modalities that have as many steps as the text. That is what the peers do: vision has zero frames in the middle
/// of an utterance, and audio can be −∞ anywhere, so neither tells where speech ends. A modality with another
/// number of steps (the files without alignment) is cut by its own zero frames. Where the text is zero throughout,
/// each modality is cut by its own frames as well.
pub struct Mult;

impl LayoutReader for Mult {
    fn read_into(&self, path: &Path, limits: Limits, sink: &mut dyn Sink) -> Result<Header, Error> {
        let bytes = load(path, limits)?;
        let source = Source::parse(path, &bytes, limits)?;
        let mut checked = Checked::new(path, &Modality::ALL, sink);
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
    let other = |name: &'static str| -> Result<Padded, Error> {
        let array = source.padded(source.field(dict, place, name)?, place.field(name))?;
        place
            .field(name)
            .same("utterances, as in text", rows, array.rows)?;
        Ok(array)
    };
    let (audio, vision) = (other("audio")?, other("vision")?);
    let labels = source.column(
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

    for (row, (id, &label)) in ids.into_iter().zip(&labels).enumerate() {
        let spoken = text.span(row);
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
            label,
            ..Utterance::default()
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
    use crate::pickle::View;
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
