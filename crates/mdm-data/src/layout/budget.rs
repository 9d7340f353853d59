//! What readers of tables and archives may take of the memory, pickles having a budget of their own.

use std::cell::Cell;
use std::path::Path;

use memmap2::MmapMut;

use super::bounded;
use crate::corpus::{Features, Utterance};
use crate::error::Error;
use crate::pickle::Limits;

/// Memory that may still be taken: [`Limits::memory`] less what was. Nothing is given back.
pub(super) struct Budget(Cell<u64>);

/// What was expected and what was found, for a message.
type Excess = (&'static str, String);

/// A text in a list: its place there, and its own block of memory with what the allocator keeps beside it.
const TEXT: usize = 2 * size_of::<String>();

/// A list that grows holds its old elements for the moment in which it copies them to a place twice as long.
const GROWING: usize = 3;

impl Budget {
    pub(super) fn new(limits: Limits) -> Self {
        Self(Cell::new(limits.memory))
    }

    /// The content of a file, with the memory that it takes.
    pub(super) fn read(&self, path: &Path) -> Result<MmapMut, Error> {
        let left = self.0.get();
        let limits = Limits {
            memory: left,
            ..Limits::default()
        };
        let bytes = bounded::read(path, limits)?;
        self.0.set(left - bytes.len() as u64);
        Ok(bytes)
    }

    /// Takes `count` times `size` bytes.
    pub(super) fn take(&self, count: usize, size: usize) -> Result<(), Excess> {
        let needed = (count as u64).saturating_mul(size as u64);
        let left = self.0.get();
        let Some(rest) = left.checked_sub(needed) else {
            let found = format!("{needed} bytes more, with {left} left");
            return Err(("a size within the limit of memory", found));
        };
        self.0.set(rest);
        Ok(())
    }

    /// Takes an array of numbers: once as it is read, and once more for a copy of it. While it grows, or is brought into
    /// another order, that is the list before; afterwards it is the frames of the utterances.
    pub(super) fn numbers(&self, count: usize) -> Result<(), Excess> {
        self.take(count, 2 * size_of::<f32>())
    }

    /// Takes an array of texts of `size` bytes each, with a copy of it as that of numbers.
    pub(super) fn texts(&self, count: usize, size: usize) -> Result<(), Excess> {
        self.take(count, size.saturating_add(TEXT).saturating_mul(2))
    }

    /// Takes an utterance of `modalities`, all but the frames: many small texts take more memory than the one that they
    /// are cut from.
    pub(super) fn utterance(
        &self,
        id: &str,
        transcript: &str,
        modalities: usize,
    ) -> Result<(), Excess> {
        let words = transcript.split_whitespace().count();
        self.take(words, GROWING * TEXT)?;
        self.take(transcript.len() + id.len(), 1)?;
        self.take(modalities, 2 * size_of::<Features>())?;
        self.take(1, GROWING * size_of::<Utterance>() + TEXT)
    }
}
