//! Standard output, which may be closed by whoever reads it (`mdm … | head`).

use std::io::{ErrorKind, Write};

/// Prints a text and a line break. A reader that has gone is no failure.
///
/// # Errors
///
/// Anything else that keeps the text from being written, such as a full disk.
pub fn line(text: impl std::fmt::Display) -> anyhow::Result<()> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(anyhow::Error::new(error).context("cannot write to standard output"))
        }
        _ => Ok(()),
    }
}
