//! The ids that a model needs to know.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The number of pieces of a tokeniser, and the ids of those that belong to no word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vocabulary {
    /// Number of pieces: every id is below.
    pub size: usize,
    /// `[UNK]`, `<unk>`: stands for what the vocabulary cannot spell.
    pub unknown: usize,
    /// `[MASK]`, `<mask>`: stands for a word that was taken away. Vocabularies without it are rare.
    pub mask: Option<usize>,
    /// `[CLS]`, `<cls>`
    pub cls: usize,
    /// `[SEP]`, `<sep>`
    pub sep: usize,
    /// `[PAD]`, `<pad>`
    pub pad: usize,
}

/// Most pieces of a vocabulary: ids are kept as `f32`, in which whole numbers are exact below 2²⁴.
pub(super) const MOST_PIECES: usize = 1 << 24;

impl Vocabulary {
    /// From the ids of the special pieces: unknown, mask, cls, sep and pad, in this order.
    pub(super) fn find(
        path: &Path,
        size: usize,
        names: [&str; 5],
        id: impl Fn(&str) -> Option<u32>,
    ) -> Result<Self, Error> {
        if size >= MOST_PIECES {
            let expected = format!("fewer than {MOST_PIECES} pieces");
            return Err(Error::tokenizer(path, "pieces", expected, size.to_string()));
        }
        let find = |name| id(name).map(|id| id as usize);
        let need = |name| {
            find(name).ok_or_else(|| {
                let found = format!("{size} pieces without it");
                Error::tokenizer(path, "pieces", format!("a piece {name}"), found)
            })
        };
        let [unknown, mask, cls, sep, pad] = names;
        Ok(Self {
            size,
            unknown: need(unknown)?,
            mask: find(mask),
            cls: need(cls)?,
            sep: need(sep)?,
            pad: need(pad)?,
        })
    }

    /// The piece that stands for a word that was taken away: the mask, or the unknown piece where there is none.
    pub fn absent(&self) -> usize {
        self.mask.unwrap_or(self.unknown)
    }
}
