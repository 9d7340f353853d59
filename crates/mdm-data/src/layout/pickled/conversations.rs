//! The layout of conversation-level models: sentences, speakers and labels by video.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::source::{Source, load};
use crate::corpus::{Split, Utterance};
use crate::error::Error;
use crate::layout::checked::Checked;
use crate::layout::place::Place;
use crate::layout::{Header, LayoutReader, Sink};
use crate::pickle::{Limits, Value, View};

/// Reader of the pickles of conversation-level models, such as `CMUMOSI_features_raw_2way.pkl` of GCNet
/// (`zeroQiaoba/GCNet`).
///
/// A list of seven: ids, labels, speakers and sentences, each a dict from the video to a list with an entry for each of
/// its utterances, and then the videos of the train, valid and test split, each a set or a list. There are no features
/// in these files; the words of an utterance are its sentence, split at white space. Speakers are checked and left out.
///
/// Videos come in the order of the dict of ids, because a set has no order of its own: which of its elements Python
/// writes first can change from run to run. A video that is in no split is left out.
pub struct Conversations;

impl LayoutReader for Conversations {
    fn read_into(&self, path: &Path, limits: Limits, sink: &mut dyn Sink) -> Result<Header, Error> {
        let bytes = load(path, limits)?;
        let source = Source::parse(path, &bytes, limits)?;
        let root = source.pickle.root();
        let Some(&[ids, labels, speakers, sentences, train, valid, test]) =
            source.pickle.items(root)
        else {
            let expected = "a list of 7: ids, labels, speakers, sentences and three splits";
            return Err(Place::new(path).error(expected, source.pickle.describe(root)));
        };
        let videos = by_video(&source, "ids", ids)?;
        let table = |field, value| -> Result<HashMap<String, Value<'_>>, Error> {
            Ok(by_video(&source, field, value)?.into_iter().collect())
        };
        let tables = Tables {
            labels: table("labels", labels)?,
            speakers: table("speakers", speakers)?,
            sentences: table("sentences", sentences)?,
        };
        let splits = split_of_videos(&source, &videos, [train, valid, test])?;

        let mut checked = Checked::new(path, &[], sink);
        for split in Split::ALL {
            for (video, ids) in &videos {
                if splits.get(video.as_str()) == Some(&split) {
                    read_video(&source, split, video, *ids, &tables, &mut checked)?;
                }
            }
        }
        checked.finish()
    }
}

/// Lists with an entry for each utterance, by video.
struct Tables<'a> {
    labels: HashMap<String, Value<'a>>,
    speakers: HashMap<String, Value<'a>>,
    sentences: HashMap<String, Value<'a>>,
}

/// The entries of a dict from video to something, in its order.
fn by_video<'a>(
    source: &Source<'a>,
    field: &str,
    dict: Value<'a>,
) -> Result<Vec<(String, Value<'a>)>, Error> {
    let place = Place::new(source.path).field(field);
    let View::Dict(entries) = source.pickle.view(dict) else {
        return Err(place.error("a dict by video", source.pickle.describe(dict)));
    };
    let mut seen = HashSet::new();
    let mut videos = Vec::new();
    for &(key, value) in entries {
        let video = source.pickle.text(key).map_err(|e| place.pickle(e))?;
        if !seen.insert(video.clone()) {
            return Err(place.error("every video once", format!("{video:?} again")));
        }
        videos.push((video, value));
    }
    Ok(videos)
}

/// Which split a video is in.
fn split_of_videos<'a>(
    source: &Source<'a>,
    videos: &[(String, Value<'a>)],
    lists: [Value<'a>; 3],
) -> Result<HashMap<String, Split>, Error> {
    let known: HashSet<&str> = videos.iter().map(|(video, _)| video.as_str()).collect();
    let mut splits = HashMap::new();
    for (split, list) in Split::ALL.into_iter().zip(lists) {
        let place = Place::new(source.path).split(split);
        for video in source.texts(list, place)?.data {
            let place = place.id(&video);
            if !known.contains(video.as_str()) {
                return Err(place.field("ids").error("the video", "no entry for it"));
            }
            if let Some(other) = splits.insert(video.clone(), split)
                && other != split
            {
                return Err(place.error("a video in one split", format!("it in {other} too")));
            }
        }
    }
    Ok(splits)
}

fn read_video<'a>(
    source: &Source<'a>,
    split: Split,
    video: &str,
    ids: Value<'a>,
    tables: &Tables<'a>,
    checked: &mut Checked<'_, '_>,
) -> Result<(), Error> {
    let place = Place::new(source.path).split(split).id(video);
    let ids = source.texts(ids, place.field("ids"))?.data;
    let entry = |field, table: &HashMap<String, Value<'a>>| {
        let missing = || place.field(field).error("the video", "no entry for it");
        table.get(video).copied().ok_or_else(missing)
    };
    let texts = |field, table| {
        let texts = source.texts(entry(field, table)?, place.field(field))?.data;
        let place = place.field(field);
        place.same("entries, as in ids", ids.len(), texts.len())?;
        Ok(texts)
    };
    let sentences: Vec<String> = texts("sentences", &tables.sentences)?;
    texts("speakers", &tables.speakers)?;
    let labels = source.column(
        entry("labels", &tables.labels)?,
        place.field("labels"),
        ids.len(),
    )?;
    for ((id, sentence), label) in ids.into_iter().zip(&sentences).zip(labels) {
        let utterance = Utterance {
            id,
            words: source.words(sentence, place.field("sentences"))?,
            label,
            ..Utterance::default()
        };
        checked.push(split, utterance)?;
    }
    Ok(())
}
