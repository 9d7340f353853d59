//! Files that are there whole or not at all.

use std::path::Path;

use crate::Error;

/// [`mdm_data::atomic::write`] with the error of this crate.
///
/// # Errors
///
/// [`Error::Data`]; an earlier file at `path` stays as it was.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    Ok(mdm_data::atomic::write(path, bytes)?)
}
