//! XLNet's tokeniser: a SentencePiece model with XLNet's own treatment of quotes, accents and numbers.
//!
//! Reference: `XLNetTokenizer` of Hugging Face Transformers over the SentencePiece library, with the same ids.

mod charsmap;
mod model;
mod normaliser;
mod segment;
mod wire;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use self::model::Model;
use self::segment::Segmenter;
use super::Vocabulary;
use super::files::{Content, Settings};
use crate::error::Error;

/// What SentencePiece writes for a space.
const SPACE: char = '▁';

/// A SentencePiece model and how XLNet uses it.
#[derive(Clone, Debug)]
pub(super) struct XlNet {
    segmenter: Segmenter,
    lower_case: bool,
    keep_accents: bool,
    remove_space: bool,
    vocabulary: Vocabulary,
}

impl XlNet {
    pub(super) fn new(content: &Content, settings: &Settings) -> Result<Self, Error> {
        let path = &content.path;
        let model = Model::read(path, &content.bytes)?;
        let size = model.pieces.len();
        let segmenter = Segmenter::new(path, model)?;
        let special = ["<unk>", "<mask>", "<cls>", "<sep>", "<pad>"];
        let vocabulary = Vocabulary::find(path, size, special, |name| segmenter.special_id(name))?;
        Ok(Self {
            segmenter,
            lower_case: settings.do_lower_case.unwrap_or(false),
            keep_accents: settings.keep_accents.unwrap_or(false),
            remove_space: settings.remove_space.unwrap_or(true),
            vocabulary,
        })
    }

    pub(super) fn vocabulary(&self) -> Vocabulary {
        self.vocabulary
    }

    /// The pieces of a word; none where nothing is left of it.
    pub(super) fn pieces_of(&self, word: &str) -> Vec<u32> {
        let mut ids = Vec::new();
        for piece in self.segmenter.pieces(&self.prepare(word)) {
            match number_before_comma(&piece) {
                Some(number) => {
                    let parts = self.parts_of_number(&piece, number);
                    ids.extend(parts.iter().map(|part| self.segmenter.id(part)));
                    ids.push(self.segmenter.id(","));
                }
                None => ids.push(self.segmenter.id(&piece)),
            }
        }
        ids
    }

    /// One kind of quotation mark and no accents, unless they are kept.
    fn prepare(&self, word: &str) -> String {
        let mut text = if self.remove_space {
            word.split_whitespace().collect::<Vec<_>>().join(" ")
        } else {
            word.to_owned()
        };
        text = text.replace("``", "\"").replace("''", "\"");
        if !self.keep_accents {
            let is_combining = |c: char| canonical_combining_class(c) != 0;
            text = text.nfkd().filter(|&c| !is_combining(c)).collect();
        }
        if self.lower_case {
            text = text.to_lowercase();
        }
        text
    }

    /// A number that a comma follows within one piece is cut anew, so that the comma stands alone: `9,` and not `▁9,`.
    fn parts_of_number(&self, piece: &str, number: &str) -> Vec<String> {
        let mut parts = self.segmenter.pieces(&number.replace(SPACE, ""));
        // A new beginning of a word, where there was none, goes again.
        if !piece.starts_with(SPACE)
            && let Some(first) = parts.first_mut()
            && let Some(rest) = first.strip_prefix(SPACE)
        {
            *first = rest.to_owned();
            if first.is_empty() {
                parts.remove(0);
            }
        }
        parts
    }
}

/// What stands before the comma of a piece that ends in a digit and a comma.
fn number_before_comma(piece: &str) -> Option<&str> {
    let number = piece.strip_suffix(',')?;
    let digit = number.chars().next_back()?;
    (digit.general_category() == GeneralCategory::DecimalNumber).then_some(number)
}
