//! What a `spiece.model` says, as far as cutting words needs it.
//!
//! Format: `sentencepiece_model.proto` of the SentencePiece library.

use std::path::Path;

use super::wire::{Damaged, Fields, Value};
use crate::error::Error;

/// A SentencePiece model.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) pieces: Vec<Piece>,
    /// How characters are replaced before the text is cut; empty: not at all.
    pub(super) charsmap: Vec<u8>,
    /// Whether a text begins with a space of its own.
    pub(super) dummy_prefix: bool,
    /// Whether spaces at the ends go, and several become one.
    pub(super) remove_extra_spaces: bool,
}

/// A piece; its place in the list is its id.
#[derive(Debug, Default)]
pub(super) struct Piece {
    pub(super) text: String,
    /// Logarithm of its probability.
    pub(super) score: f32,
    pub(super) kind: Kind,
}

/// What a piece is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// A piece of text.
    #[default]
    Normal,
    /// Text that is never cut.
    UserDefined,
    /// In no text: unknown, control, unused or byte.
    Special,
}

impl Model {
    /// Reads a model.
    pub(super) fn read(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        let mut model = Self {
            pieces: Vec::new(),
            charsmap: Vec::new(),
            dummy_prefix: true,
            remove_extra_spaces: true,
        };
        let wrong = |place: &str, expected: &str, found: &str| {
            Error::tokenizer(path, place, expected, found)
        };
        let mut fields = Fields::new(bytes);
        loop {
            let place = format!("byte {}", bytes.len() - fields.left());
            let damaged = |Damaged(found)| wrong(&place, "a field of a SentencePiece model", found);
            match fields.field().map_err(damaged)? {
                Some((1, Value::Bytes(piece))) => {
                    let place = format!("piece {}", model.pieces.len());
                    let piece = read_piece(piece)
                        .map_err(|(expected, found)| wrong(&place, expected, found))?;
                    model.pieces.push(piece);
                }
                Some((2, Value::Bytes(trainer))) => check_trainer(trainer)
                    .map_err(|(expected, found)| wrong("trainer_spec", expected, found))?,
                Some((3, Value::Bytes(normaliser))) => model
                    .read_normaliser(normaliser)
                    .map_err(|(expected, found)| wrong("normalizer_spec", expected, found))?,
                Some(_) => {}
                None => break,
            }
        }
        if model.pieces.is_empty() {
            return Err(wrong("pieces", "a SentencePiece model", "no piece"));
        }
        Ok(model)
    }

    fn read_normaliser(&mut self, bytes: &[u8]) -> Result<(), Mismatch> {
        let mut fields = Fields::new(bytes);
        while let Some(field) = fields.field().map_err(message)? {
            match field {
                (2, Value::Bytes(charsmap)) => self.charsmap = charsmap.to_owned(),
                (3, Value::Number(flag)) => self.dummy_prefix = flag != 0,
                (4, Value::Number(flag)) => self.remove_extra_spaces = flag != 0,
                (5, Value::Number(0)) => {
                    return Err(("spaces that are escaped", "escape_whitespaces false"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// What was expected, and what was found.
type Mismatch = (&'static str, &'static str);

fn message(Damaged(found): Damaged) -> Mismatch {
    ("a message", found)
}

fn read_piece(bytes: &[u8]) -> Result<Piece, Mismatch> {
    let mut piece = Piece::default();
    let mut fields = Fields::new(bytes);
    while let Some(field) = fields.field().map_err(message)? {
        match field {
            (1, Value::Bytes(text)) => {
                let text = std::str::from_utf8(text);
                text.map_err(|_| ("UTF-8 text", "other bytes"))?
                    .clone_into(&mut piece.text);
            }
            (2, Value::Fixed32(score)) => piece.score = f32::from_le_bytes(score),
            (3, Value::Number(kind)) => {
                piece.kind = match kind {
                    1 => Kind::Normal,
                    2 | 3 | 5 | 6 => Kind::Special,
                    4 => Kind::UserDefined,
                    _ => return Err(("a type from 1 to 6", "another one")),
                }
            }
            _ => {}
        }
    }
    if piece.text.is_empty() {
        return Err(("a text", "none"));
    }
    if !piece.score.is_finite() || piece.score > 0.0 {
        return Err((
            "a score that is the logarithm of a probability",
            "another one",
        ));
    }
    Ok(piece)
}

/// Refuses models that are cut by other rules.
fn check_trainer(bytes: &[u8]) -> Result<(), Mismatch> {
    let mut fields = Fields::new(bytes);
    while let Some(field) = fields.field().map_err(message)? {
        let found = match field {
            (3, Value::Number(2)) => "a model of type BPE",
            (3, Value::Number(3)) => "a model of type word",
            (3, Value::Number(4)) => "a model of type char",
            (24, Value::Number(1..)) => "treat_whitespace_as_suffix",
            (35, Value::Number(1..)) => "byte_fallback",
            _ => continue,
        };
        return Err(("a unigram model as XLNet's", found));
    }
    Ok(())
}
