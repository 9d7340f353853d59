//! How to tell that a file is the one that a manifest means.

use std::path::Path;

use mdm_data::hash::sha256_file;

/// What is known of a file; it may be nothing.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    pub bytes: Option<u64>,
    /// Lower-case hexadecimal.
    pub sha256: Option<&'a str>,
}

/// What a file turned out to be.
pub enum Check {
    /// As expected, as far as anything is; with its SHA-256.
    Right(String),
    /// Not as expected; says in what.
    Wrong(String),
}

impl Expected<'_> {
    /// Compares a file with what is known of it; its length first, which costs nothing.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn check(&self, path: &Path) -> anyhow::Result<Check> {
        if let Ok(metadata) = path.metadata()
            && let Some(bytes) = self.bytes.filter(|&bytes| bytes != metadata.len())
        {
            let found = metadata.len();
            return Ok(Check::Wrong(format!(
                "expected {bytes} bytes, found {found}"
            )));
        }
        let (_, found) = sha256_file(path)?;
        Ok(match self.sha256 {
            Some(expected) if expected != found => {
                Check::Wrong(format!("SHA-256: expected {expected}, found {found}"))
            }
            _ => Check::Right(found),
        })
    }
}
