//! The utterance that is drawn.

use anyhow::anyhow;
use mdm_data::corpus::{Corpus, Split, Utterance};
use mdm_data::inspect::typical;

use crate::failure::usage;

/// An utterance to draw.
pub struct Chosen<'a> {
    pub split: Split,
    pub utterance: &'a Utterance,
    /// Why it is this one.
    pub why: &'static str,
}

impl<'a> Chosen<'a> {
    /// The utterance of this id, or without one a typical one, if there is any at all.
    ///
    /// # Errors
    ///
    /// An id that the corpus does not have; the message names the nearest.
    pub fn from(corpus: &'a Corpus, id: Option<&str>) -> anyhow::Result<Option<Self>> {
        let Some(id) = id else {
            return Ok(typical(corpus).map(|(split, utterance)| Self {
                split,
                utterance,
                why: "the first of median length; --utterance ID picks another",
            }));
        };
        match corpus
            .utterances()
            .find(|(_, utterance)| utterance.id == id)
        {
            Some((split, utterance)) => Ok(Some(Self {
                split,
                utterance,
                why: "as asked for",
            })),
            None => Err(usage(unknown(corpus, id))),
        }
    }
}

fn unknown(corpus: &Corpus, id: &str) -> anyhow::Error {
    let ids = corpus.utterances().map(|(_, utterance)| &utterance.id);
    let nearest = ids.min_by_key(|known| strsim::damerau_levenshtein(known, id));
    let hint = match nearest {
        Some(nearest) => format!("; the nearest id is {nearest:?}"),
        None => String::new(),
    };
    anyhow!("corpus {} has no utterance {id:?}{hint}", corpus.name)
}
