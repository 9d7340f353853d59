//! WordPiece, as BERT uses it: text cleaned and split at punctuation, then the longest piece first.
//!
//! Reference: `BertTokenizer` of Hugging Face Transformers and its fast form, with the same ids.

mod basic;
mod read;
mod word_piece;

pub(super) use read::{read_json, read_vocabulary};
pub(super) use word_piece::WordPiece;

/// The special pieces of BERT, in the order of a vocabulary of our own.
pub(super) const SPECIAL: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
/// Marks a piece that does not begin a word.
pub(super) const CONTINUING: &str = "##";
/// Most characters of a word that is not unknown.
pub(super) const LONGEST_WORD: usize = 100;
