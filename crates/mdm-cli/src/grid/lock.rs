use std::fs::{File, TryLockError};
use std::path::Path;

use anyhow::bail;

/// Takes a folder for this process, through a file in it, until the file is closed.
///
/// # Errors
///
/// A folder in which another process is at work.
pub fn lock(file: &File, folder: &Path) -> anyhow::Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => bail!("another mdm is at work in {}", folder.display()),
        // A file system without locks is no reason not to work on it.
        Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {
            Ok(())
        }
        Err(TryLockError::Error(error)) => {
            Err(anyhow::Error::new(error).context(format!("cannot lock {}", folder.display())))
        }
    }
}
