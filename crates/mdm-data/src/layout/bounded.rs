//! Files that are read whole.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use memmap2::MmapMut;

use super::place::Place;
use crate::error::Error;
use crate::pickle::Limits;

/// The content of a file, unless it is longer than what may be held in memory.
pub(super) fn read(path: &Path, limits: Limits) -> Result<MmapMut, Error> {
    let length = fs::metadata(path).map_err(Error::io("read", path))?.len();
    if length > limits.memory {
        let expected = format!("a file of at most {} bytes", limits.memory);
        return Err(Place::new(path).error(expected, length.to_string()));
    }
    fill(path, length)
}

/// The content of a file of this length, in memory of its own, which the system has back at once when it is dropped. A
/// block of the heap might stay with the process, and a source is often read twice: to tell its layout, and for its
/// content.
pub(super) fn fill(path: &Path, length: u64) -> Result<MmapMut, Error> {
    let mut bytes = usize::try_from(length)
        .map_err(io::Error::other)
        .and_then(MmapMut::map_anon)
        .map_err(Error::io("find memory for", path))?;
    File::open(path)
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(Error::io("read", path))?;
    Ok(bytes)
}
