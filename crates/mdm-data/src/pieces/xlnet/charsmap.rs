//! The replacements of characters that a SentencePiece model brings along.
//!
//! Format: the length of a trie in bytes (`u32`, little-endian), the trie as a double array of `u32` (Darts), and the
//! replacements one after the other, each ended by a zero. Every index that the trie gives is checked.

use std::path::Path;

use crate::error::Error;

/// A trie of texts and what replaces each.
#[derive(Clone, Debug, Default)]
pub(super) struct CharsMap {
    units: Vec<u32>,
    replacements: String,
}

impl CharsMap {
    /// From the bytes of a model; without any, nothing is replaced.
    pub(super) fn read(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let wrong = |expected: &str, found: &str| {
            Error::tokenizer(path, "precompiled_charsmap", expected, found)
        };
        let (length, rest) = bytes
            .split_first_chunk()
            .ok_or_else(|| wrong("the length of a trie", "the end"))?;
        let length = u32::from_le_bytes(*length) as usize;
        let (trie, replacements) = rest
            .split_at_checked(length)
            .filter(|_| length.is_multiple_of(4))
            .ok_or_else(|| wrong("a trie of the length given", "another length"))?;
        let units = trie.chunks_exact(4);
        let units = units.map(|unit| u32::from_le_bytes([unit[0], unit[1], unit[2], unit[3]]));
        let replacements = std::str::from_utf8(replacements);
        Ok(Self {
            units: units.collect(),
            replacements: replacements
                .map_err(|_| wrong("replacements in UTF-8", "other bytes"))?
                .to_owned(),
        })
    }

    /// The longest beginning of `text` that is replaced: its length in bytes and what stands for it.
    pub(super) fn longest(&self, text: &str) -> Option<(usize, &str)> {
        let mut place = offset(*self.units.first()?);
        let mut longest = None;
        for (index, &byte) in text.as_bytes().iter().enumerate() {
            let Some(&unit) = self.units.get(place ^ usize::from(byte)) else {
                break;
            };
            if unit & LABEL != u32::from(byte) {
                break;
            }
            place = place ^ usize::from(byte) ^ offset(unit);
            if unit & HAS_LEAF != 0
                && text.is_char_boundary(index + 1)
                && let Some(replacement) = self.units.get(place).and_then(|&leaf| self.at(leaf))
            {
                longest = Some((index + 1, replacement));
            }
        }
        longest
    }

    /// The replacement that a leaf points to.
    fn at(&self, leaf: u32) -> Option<&str> {
        let start = (leaf & !LEAF) as usize;
        self.replacements.get(start..)?.split('\0').next()
    }
}

/// Marks a leaf, whose other bits are its value.
const LEAF: u32 = 1 << 31;
const HAS_LEAF: u32 = 1 << 8;
const LABEL: u32 = LEAF | 0xff;

/// How far the children of a unit are.
fn offset(unit: u32) -> usize {
    ((unit >> 10) << ((unit & (1 << 9)) >> 6)) as usize
}
