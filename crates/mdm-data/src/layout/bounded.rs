//! Files that are read whole.

use std::fs;
use std::path::Path;

use super::place::Place;
use crate::error::Error;
use crate::pickle::Limits;

/// The content of a file, unless it is longer than what may be held in memory.
pub(super) fn read(path: &Path, limits: Limits) -> Result<Vec<u8>, Error> {
    let length = fs::metadata(path).map_err(Error::io("read", path))?.len();
    if length > limits.memory {
        let expected = format!("a file of at most {} bytes", limits.memory);
        return Err(Place::new(path).error(expected, length.to_string()));
    }
    fs::read(path).map_err(Error::io("read", path))
}
