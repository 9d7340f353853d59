//! The MAG layout: word lists with one frame of vision and audio per word.

use std::path::Path;

use super::records::{self, Content, read_records};
use super::source::{Source, load};
use crate::corpus::{Modality, Split};
use crate::error::Error;
use crate::layout::checked::Checked;
use crate::layout::place::Place;
use crate::layout::{Header, LayoutReader, Sink};
use crate::pickle::{Limits, Value};

/// Reader of the pickles of the Multimodal Adaptation Gate (`WasifurRahman/BERT_multimodal_transformer`).
///
/// A dict with the splits `train`, `dev` (or `valid`) and `test`, each a list of records
/// `((words, vision, audio), label, segment)`.
///
/// # Shapes
///
/// For `n` words: `words` a list of `n` texts, `vision` `[n, d_vision]`, `audio` `[n, d_audio]`, `label` one number in
/// any wrapping, usually `[1, 1]`, or seven in CMU-MOSEI: the sentiment and the six emotions. Without words, the arrays
/// may be empty and the utterance gets one frame of zeros.
///
/// The corpus has no language features, see [`crate::glove::embed`].
pub struct Mag;

impl LayoutReader for Mag {
    fn read_into(&self, path: &Path, limits: Limits, sink: &mut dyn Sink) -> Result<Header, Error> {
        let bytes = load(path, limits)?;
        let source = Source::parse(path, &bytes, limits)?;
        let mut checked = Checked::new(path, &[Modality::Audio, Modality::Vision], sink);
        for split in Split::ALL {
            let records = source.split(split)?;
            read_records(&source, split, records, read_content, &mut checked)?;
        }
        checked.finish()
    }
}

fn read_content<'a>(
    source: &Source<'a>,
    place: Place<'_>,
    content: Value<'a>,
) -> Result<Content, Error> {
    let Some(&[words, vision, audio]) = source.pickle.items(content) else {
        let found = source.pickle.describe(content);
        return Err(place.error("(words, vision, audio)", found));
    };
    let words = records::words(source, place.field("words"), words)?;
    let frames = |name, value| {
        let steps = words.len();
        records::frames(source, place.field(name), value, steps, "one row per word")
    };
    Ok(Content {
        audio: frames("audio", audio)?,
        vision: frames("vision", vision)?,
        words,
    })
}
