//! The layout of MISA and MMIM: records with word ids beside the words, and with lengths where they are not aligned.

use std::path::{Path, PathBuf};

use super::records::{self, Content, read_records};
use super::source::{Source, load};
use crate::corpus::{Modality, Split};
use crate::error::Error;
use crate::layout::checked::Checked;
use crate::layout::place::Place;
use crate::layout::{Header, LayoutReader, Sink, splits};
use crate::pickle::{Limits, Value, shape_text};

/// Reader of the pickles of MISA (`declare-lab/MISA`) and MMIM (`declare-lab/Multimodal-Infomax`).
///
/// A folder with a pickle for each split, `train.pkl`, `dev.pkl` (or `valid.pkl`) and `test.pkl`, as the two projects
/// write it, or one pickle with a dict of the three. A split is a list of records `(content, label, segment)`, where
/// content is `(word_ids, vision, audio, words)` and, in MMIM, `(word_ids, vision, audio, words, vision_length,
/// audio_length)`.
///
/// # Shapes
///
/// For `n` words: `words` a list of `n` texts, `word_ids` `n` integers or none, `vision` `[n, d_vision]` and `audio`
/// `[n, d_audio]`. With lengths, vision and audio have as many rows as they say, and not one per word. `label` is one
/// number in any wrapping, usually `[1, 1]`, or seven in CMU-MOSEI: the sentiment and the six emotions. Without rows, a
/// modality gets one frame of zeros.
///
/// The word ids count the words as they came up in one run of the writer, so they are checked and left out. The corpus
/// has no language features, see [`crate::glove::embed`].
pub struct Misa;

impl LayoutReader for Misa {
    fn read_into(&self, path: &Path, limits: Limits, sink: &mut dyn Sink) -> Result<Header, Error> {
        let mut checked = Checked::new(path, &[Modality::Audio, Modality::Vision], sink);
        if path.is_dir() {
            for split in Split::ALL {
                let file = split_file(path, split)?;
                let bytes = load(&file, limits)?;
                let source = Source::parse(&file, &bytes, limits)?;
                let records = source.pickle.root();
                read_records(&source, split, records, read_content, &mut checked)?;
            }
        } else {
            let bytes = load(path, limits)?;
            let source = Source::parse(path, &bytes, limits)?;
            for split in Split::ALL {
                let records = source.split(split)?;
                read_records(&source, split, records, read_content, &mut checked)?;
            }
        }
        checked.finish()
    }
}

/// The file of a split, under any of the names in use.
fn split_file(folder: &Path, split: Split) -> Result<PathBuf, Error> {
    let file = |name: &str| format!("{name}.pkl");
    let found = splits::find(split, Place::new(folder), |name| {
        let path = folder.join(file(name));
        Ok(path.is_file().then_some(path))
    })?;
    found.ok_or_else(|| {
        let names: Vec<String> = splits::names(split).iter().copied().map(file).collect();
        let expected = format!("the file {}", names.join(" or "));
        let place = Place::new(folder).split(split);
        place.error(expected, "none of that name")
    })
}

fn read_content<'a>(
    source: &Source<'a>,
    place: Place<'_>,
    content: Value<'a>,
) -> Result<Content, Error> {
    let pickle = &source.pickle;
    let (parts, lengths) = match pickle.items(content) {
        Some(&[ids, vision, audio, words]) => ([ids, vision, audio, words], None),
        Some(&[ids, vision, audio, words, vision_length, audio_length]) => (
            [ids, vision, audio, words],
            Some([vision_length, audio_length]),
        ),
        _ => {
            let expected = "(word_ids, vision, audio, words), with two lengths or without";
            return Err(place.error(expected, pickle.describe(content)));
        }
    };
    let [ids, vision, audio, words] = parts;
    let words = records::words(source, place.field("words"), words)?;
    let ids = source.numbers(ids, place.field("word_ids"))?;
    if ids.shape != [0] && ids.shape != [words.len()] {
        let expected = format!("no ids, or one for each of {} words", words.len());
        let found = format!("shape {}", shape_text(&ids.shape));
        return Err(place.field("word_ids").error(expected, found));
    }
    let frames = |name, value, length: Option<Value<'a>>, length_name| {
        let (steps, what) = match length {
            Some(length) => {
                let length = source.length(length, place.field(length_name))?;
                (length, format!("the rows of {length_name}"))
            }
            None => (words.len(), "one row per word".to_owned()),
        };
        records::frames(source, place.field(name), value, steps, &what)
    };
    Ok(Content {
        audio: frames("audio", audio, lengths.map(|[_, l]| l), "audio_length")?,
        vision: frames("vision", vision, lengths.map(|[l, _]| l), "vision_length")?,
        words,
    })
}
