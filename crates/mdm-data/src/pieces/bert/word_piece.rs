//! The longest piece first.

use std::collections::HashMap;

use super::super::Vocabulary;
use super::basic::Basic;

/// A vocabulary of pieces, and how text comes to it.
#[derive(Clone, Debug)]
pub(in super::super) struct WordPiece {
    /// The pieces of text, without the special ones.
    pub(super) ids: HashMap<String, u32>,
    /// Stands before a piece that does not begin a word.
    pub(super) continuing: String,
    /// Most characters of a token that is not unknown.
    pub(super) longest_word: usize,
    /// Most bytes of a piece.
    pub(super) longest_piece: usize,
    /// None: tokens are what white space separates, as they are.
    pub(super) basic: Option<Basic>,
    pub(super) vocabulary: Vocabulary,
}

impl WordPiece {
    pub(in super::super) fn vocabulary(&self) -> Vocabulary {
        self.vocabulary
    }

    /// The pieces of a word; none where nothing is left of it.
    pub(in super::super) fn pieces_of(&self, word: &str) -> Vec<u32> {
        let mut pieces = Vec::new();
        match self.basic {
            Some(basic) => {
                for token in basic.split(word) {
                    self.cut(&token, &mut pieces);
                }
            }
            None => {
                for token in word.split_whitespace() {
                    self.cut(token, &mut pieces);
                }
            }
        }
        pieces
    }

    /// Adds the pieces of a token: the longest that fits, then the longest of the rest. A token that leaves a rest
    /// without a piece is unknown as a whole.
    fn cut(&self, token: &str, pieces: &mut Vec<u32>) {
        let before = pieces.len();
        let mut rest = token;
        let mut candidate = String::new();
        while !rest.is_empty() {
            candidate.clear();
            if rest.len() < token.len() {
                candidate.push_str(&self.continuing);
            }
            let prefix = candidate.len();
            let room = self.longest_piece.saturating_sub(prefix).min(rest.len());
            candidate.push_str(&rest[..rest.floor_char_boundary(room)]);
            let found = loop {
                if candidate.len() == prefix {
                    break None;
                }
                if let Some(&id) = self.ids.get(&candidate) {
                    break Some(id);
                }
                candidate.pop();
            };
            match found {
                Some(id) => pieces.push(id),
                None => break,
            }
            rest = &rest[candidate.len() - prefix..];
        }
        if !rest.is_empty() || token.chars().count() > self.longest_word {
            pieces.truncate(before);
            pieces.push(self.vocabulary.unknown as u32);
        }
    }
}
