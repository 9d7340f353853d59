//! The most probable way to cut a text into pieces.
//!
//! Method: the Viterbi search of SentencePiece's unigram model, with its numbers in `f32` and its ties broken as there
//! (Kudo 2018, <https://arxiv.org/abs/1804.10959>).

use std::collections::HashMap;
use std::path::Path;

use super::model::{Kind, Model, Piece};
use super::normaliser::Normaliser;
use crate::error::Error;

/// What an unknown character costs more than the least probable piece.
const UNKNOWN_PENALTY: f32 = 10.0;
/// The score of a piece that is never cut: better than any way to cut it. SentencePiece's sources say the largest score
/// times its length, less 0.1, but the largest score is that of certainty, 0.
const USER_DEFINED_SCORE: f32 = -0.1;

/// Cuts texts by a SentencePiece model.
#[derive(Clone, Debug)]
pub(super) struct Segmenter {
    normaliser: Normaliser,
    /// Id and kind of every piece.
    ids: HashMap<String, (u32, Kind)>,
    /// By id.
    scores: Vec<f32>,
    /// Most bytes of a piece of text.
    longest: usize,
    smallest_score: f32,
    unknown: u32,
}

/// The best way to cut a text up to a place.
#[derive(Clone, Copy)]
struct Best {
    score: f32,
    /// Where its last piece starts, and its id.
    start: usize,
    id: u32,
}

impl Segmenter {
    pub(super) fn new(path: &Path, model: Model) -> Result<Self, Error> {
        let text_pieces = || {
            let pieces = model.pieces.iter();
            pieces.filter(|piece| piece.kind != Kind::Special)
        };
        let is_user_defined = |piece: &&Piece| piece.kind == Kind::UserDefined;
        let user_defined = text_pieces().filter(is_user_defined);
        let normaliser = Normaliser::new(
            path,
            &model.charsmap,
            user_defined.map(|piece| piece.text.clone()).collect(),
            model.dummy_prefix,
            model.remove_extra_spaces,
        )?;
        let normal = text_pieces().filter(|piece| piece.kind == Kind::Normal);
        let longest = text_pieces().map(|piece| piece.text.len()).max();
        let smallest_score = normal.map(|piece| piece.score).fold(0.0, f32::min);
        let mut segmenter = Self {
            normaliser,
            ids: HashMap::with_capacity(model.pieces.len()),
            scores: Vec::with_capacity(model.pieces.len()),
            longest: longest.unwrap_or(0),
            smallest_score,
            unknown: 0,
        };
        for (id, piece) in model.pieces.into_iter().enumerate() {
            segmenter.scores.push(piece.score);
            let value = (id as u32, piece.kind);
            if let Some((first, _)) = segmenter.ids.insert(piece.text, value) {
                let found = format!("the text of piece {first} again");
                let place = format!("piece {id}");
                return Err(Error::tokenizer(path, place, "a text of its own", found));
            }
        }
        // A model without it is refused, with the other special pieces.
        segmenter.unknown = segmenter.special_id("<unk>").unwrap_or(0);
        Ok(segmenter)
    }

    /// The id of a special piece.
    pub(super) fn special_id(&self, name: &str) -> Option<u32> {
        let found = self.ids.get(name);
        found.and_then(|&(id, kind)| (kind == Kind::Special).then_some(id))
    }

    /// The id of a piece of text; the unknown one, where the model has no such piece.
    pub(super) fn id(&self, piece: &str) -> u32 {
        match self.ids.get(piece) {
            Some(&(id, kind)) if kind != Kind::Special => id,
            _ => self.unknown,
        }
    }

    /// The pieces of a text. Unknown characters that follow each other are one.
    pub(super) fn pieces(&self, text: &str) -> Vec<String> {
        let normal = self.normaliser.normalise(text);
        let best = self.search(&normal);
        let mut pieces: Vec<&str> = Vec::new();
        let mut end = normal.len();
        let mut before_unknown = false;
        while end > 0 {
            let Some(Best { start, id, .. }) = best[end] else {
                unreachable!("a piece or an unknown character ends at each character");
            };
            let is_unknown = id == self.unknown;
            match pieces.last_mut() {
                Some(last) if is_unknown && before_unknown => {
                    *last = &normal[start..end + last.len()];
                }
                _ => pieces.push(&normal[start..end]),
            }
            before_unknown = is_unknown;
            end = start;
        }
        pieces.into_iter().rev().map(str::to_owned).collect()
    }

    /// For each place in the text, the best way to cut what is before it.
    fn search(&self, text: &str) -> Vec<Option<Best>> {
        let mut best: Vec<Option<Best>> = vec![None; text.len() + 1];
        for (start, first) in text.char_indices() {
            let before = best[start].map_or(0.0, |best| best.score);
            let mut offer = |length: usize, id: u32, score: f32| {
                let score = before + score;
                let place = &mut best[start + length];
                if place.is_none_or(|best| score > best.score) {
                    *place = Some(Best { score, start, id });
                }
            };
            let mut is_known = false;
            for (at, c) in text[start..].char_indices() {
                let length = at + c.len_utf8();
                if length > self.longest {
                    break;
                }
                let Some(&(id, kind)) = self.ids.get(&text[start..start + length]) else {
                    continue;
                };
                let score = match kind {
                    Kind::Normal => self.scores[id as usize],
                    Kind::UserDefined => USER_DEFINED_SCORE,
                    Kind::Special => continue,
                };
                offer(length, id, score);
                is_known |= length == first.len_utf8();
            }
            if !is_known {
                let score = self.smallest_score - UNKNOWN_PENALTY;
                offer(first.len_utf8(), self.unknown, score);
            }
        }
        best
    }
}
