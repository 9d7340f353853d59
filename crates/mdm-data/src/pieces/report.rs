//! What became of the words of a corpus.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::corpus::{Features, Utterance};

/// How a corpus was cut into pieces, over all splits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PiecesReport {
    /// Utterances.
    pub utterances: usize,
    /// Words, before anything was cut off.
    pub words: usize,
    /// Their pieces, before anything was cut off.
    pub pieces: usize,
    /// Those of them that are the unknown piece.
    pub unknown: usize,
    /// The words with an unknown piece that are the most frequent, and how often each occurs: at most ten.
    pub unknown_words: Vec<(String, usize)>,
    /// Utterances that lost pieces.
    pub cut: usize,
    /// Utterances without words, which became one unknown piece.
    pub without_words: usize,
    /// Utterances in which a modality did not have one row a word and was averaged or repeated.
    pub resampled: usize,
}

/// Unknown words that a report names.
const WORDS_KEPT: usize = 10;
/// Those that its text names.
const WORDS_SHOWN: usize = 5;

impl fmt::Display for PiecesReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} words are {} pieces, {} of them unknown",
            self.words, self.pieces, self.unknown
        )?;
        let shown = &self.unknown_words[..self.unknown_words.len().min(WORDS_SHOWN)];
        let shown: Vec<String> = shown
            .iter()
            .map(|(word, count)| format!("{word:?} {count}"))
            .collect();
        if !shown.is_empty() {
            write!(f, " (most often {})", shown.join(", "))?;
        }
        let notes = [
            (self.cut, "are cut"),
            (
                self.without_words,
                "have no words and are one unknown piece",
            ),
            (
                self.resampled,
                "have features that are averaged or repeated to the words",
            ),
        ];
        let notes = notes.iter().filter(|(count, _)| *count > 0);
        let notes: Vec<String> = notes.map(|(n, what)| format!("{n} {what}")).collect();
        if !notes.is_empty() {
            write!(
                f,
                "\nof {} utterances {}",
                self.utterances,
                notes.join(", ")
            )?;
        }
        Ok(())
    }
}

/// A report in the making.
pub(super) struct Counts {
    report: PiecesReport,
    unknown: u32,
    /// In alphabetical order, so that ties are broken in the same way each time.
    unknown_words: BTreeMap<String, usize>,
}

impl Counts {
    /// With the id of the unknown piece.
    pub(super) fn new(unknown: u32) -> Self {
        Self {
            report: PiecesReport::default(),
            unknown,
            unknown_words: BTreeMap::new(),
        }
    }

    pub(super) fn word(&mut self, word: &str, pieces: &[u32]) {
        let unknown = pieces.iter().filter(|&&piece| piece == self.unknown);
        let unknown = unknown.count();
        self.report.words += 1;
        self.report.pieces += pieces.len();
        self.report.unknown += unknown;
        if unknown > 0 {
            *self.unknown_words.entry(word.to_owned()).or_default() += 1;
        }
    }

    pub(super) fn without_words(&mut self) {
        self.report.without_words += 1;
        self.report.pieces += 1;
        self.report.unknown += 1;
    }

    /// An utterance whose features are not spread over the pieces yet.
    pub(super) fn utterance(&mut self, utterance: &Utterance, is_cut: bool) {
        let words = utterance.words.len().max(1);
        let fits = |features: &Features| features.steps() == words;
        self.report.utterances += 1;
        self.report.cut += usize::from(is_cut);
        self.report.resampled += usize::from(!utterance.features.iter().all(fits));
    }

    pub(super) fn finish(mut self) -> PiecesReport {
        let mut words: Vec<(String, usize)> = self.unknown_words.into_iter().collect();
        words.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        words.truncate(WORDS_KEPT);
        self.report.unknown_words = words;
        self.report
    }
}
