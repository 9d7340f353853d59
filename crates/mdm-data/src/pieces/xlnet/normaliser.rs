//! SentencePiece's normaliser: characters replaced, spaces written as `▁`.

use std::path::Path;

use super::SPACE;
use super::charsmap::CharsMap;
use crate::error::Error;

/// Brings a text into the form in which a model knows it.
#[derive(Clone, Debug)]
pub(super) struct Normaliser {
    charsmap: CharsMap,
    /// Texts that stay as they are.
    user_defined: Vec<String>,
    dummy_prefix: bool,
    remove_extra_spaces: bool,
}

impl Normaliser {
    pub(super) fn new(
        path: &Path,
        charsmap: &[u8],
        user_defined: Vec<String>,
        dummy_prefix: bool,
        remove_extra_spaces: bool,
    ) -> Result<Self, Error> {
        Ok(Self {
            charsmap: CharsMap::read(path, charsmap)?,
            user_defined,
            dummy_prefix,
            remove_extra_spaces,
        })
    }

    /// The normal form; empty where nothing but spaces is there.
    pub(super) fn normalise(&self, text: &str) -> String {
        let mut rest = text;
        if self.remove_extra_spaces {
            while let Some((length, " ")) = self.first(rest) {
                rest = &rest[length..];
            }
        }
        let mut normal = String::with_capacity(text.len() + SPACE.len_utf8());
        if rest.is_empty() {
            return normal;
        }
        if self.dummy_prefix {
            normal.push(SPACE);
        }
        let mut after_space = self.remove_extra_spaces;
        while let Some((length, mut part)) = self.first(rest) {
            if after_space {
                part = part.trim_start_matches(' ');
            }
            normal.extend(part.chars().map(|c| if c == ' ' { SPACE } else { c }));
            if !part.is_empty() {
                after_space = self.remove_extra_spaces && part.ends_with(' ');
            }
            rest = &rest[length..];
        }
        if self.remove_extra_spaces {
            normal.truncate(normal.trim_end_matches(SPACE).len());
        }
        normal
    }

    /// How much of the beginning of a text is taken at once, in bytes, and what stands for it.
    fn first<'t>(&'t self, text: &'t str) -> Option<(usize, &'t str)> {
        let next = text.chars().next()?;
        let kept = self.user_defined.iter();
        let kept = kept.filter(|kept| text.starts_with(kept.as_str()));
        if let Some(length) = kept.map(String::len).max() {
            return Some((length, &text[..length]));
        }
        let replaced = self.charsmap.longest(text);
        Some(replaced.unwrap_or((next.len_utf8(), &text[..next.len_utf8()])))
    }
}
