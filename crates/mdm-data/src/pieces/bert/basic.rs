//! BERT's basic tokenisation: from any text to plain tokens.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// What happens to a text before WordPiece sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Basic {
    /// Control characters go, white space becomes a space.
    pub(super) clean: bool,
    /// Each Chinese character is a token of its own.
    pub(super) chinese: bool,
    pub(super) strip_accents: bool,
    pub(super) lower_case: bool,
}

impl Basic {
    /// The tokens of a text: stretches without white space, and each punctuation mark on its own.
    pub(super) fn split(&self, text: &str) -> Vec<String> {
        let mut clean = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                _ if self.clean && is_noise(c) => {}
                _ if self.clean && c.is_whitespace() => clean.push(' '),
                _ if self.chinese && is_chinese(c) => clean.extend([' ', c, ' ']),
                _ => clean.push(c),
            }
        }
        if self.strip_accents {
            let is_accent = |c: char| c.general_category() == GeneralCategory::NonspacingMark;
            clean = clean.nfd().filter(|&c| !is_accent(c)).collect();
        }
        if self.lower_case {
            clean = clean.chars().flat_map(char::to_lowercase).collect();
        }
        let mut tokens = Vec::new();
        for stretch in clean.split_whitespace() {
            let pieces = stretch.split_inclusive(is_punctuation);
            for piece in pieces {
                // The mark ends the piece, where there is one.
                let mark = piece.char_indices().next_back();
                let mark = mark.filter(|&(_, c)| is_punctuation(c));
                let (before, mark) = piece.split_at(mark.map_or(piece.len(), |(at, _)| at));
                let parts = [before, mark].into_iter().filter(|part| !part.is_empty());
                tokens.extend(parts.map(str::to_owned));
            }
        }
        tokens
    }
}

/// Zero, the replacement character, and control characters, formats and private ones among them.
fn is_noise(c: char) -> bool {
    let is_control = || {
        matches!(
            c.general_category(),
            GeneralCategory::Control | GeneralCategory::Format | GeneralCategory::PrivateUse
        )
    };
    match c {
        '\0' | '\u{fffd}' => true,
        '\t' | '\n' | '\r' => false,
        _ => is_control(),
    }
}

/// The blocks of CJK ideographs, with a gap (U+2B820 to U+2B91F) that the original has.
fn is_chinese(c: char) -> bool {
    matches!(
        u32::from(c),
        0x4E00..=0x9FFF
            | 0x3400..=0x4DBF
            | 0x20000..=0x2A6DF
            | 0x2A700..=0x2B73F
            | 0x2B740..=0x2B81F
            | 0x2B920..=0x2CEAF
            | 0xF900..=0xFAFF
            | 0x2F800..=0x2FA1F
    )
}

/// Punctuation of Unicode, and every mark of ASCII, `$` and `^` too.
fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation() || c.general_category_group() == GeneralCategoryGroup::Punctuation
}
