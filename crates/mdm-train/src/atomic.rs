//! Files that are there whole or not at all.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use crate::Error;

/// Writes a temporary file beside `path`, waits until it is on disk and renames it.
///
/// # Errors
///
/// [`Error::Io`]; an earlier file at `path` stays as it was.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let temporary = path.with_added_extension("tmp");
    let result = (|| {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    })();
    result.map_err(|source| {
        // The rename did not happen; what is left of the temporary file is of no use to anybody.
        let _ = fs::remove_file(&temporary);
        Error::io("write", path)(source)
    })
}
