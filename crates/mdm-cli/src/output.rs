//! Standard output, which may be closed by whoever reads it (`mdm … | head`).

use std::io::{ErrorKind, Write};

/// Prints a text and a line break. A reader that has gone is no failure.
///
/// # Errors
///
/// Anything else that keeps the text from being written, such as a full disk.
pub fn line(text: impl std::fmt::Display) -> anyhow::Result<()> {
    raw(format!("{text}\n").as_bytes())?;
    Ok(())
}

/// Prints bytes as they are; whether somebody still reads.
///
/// # Errors
///
/// As for [`line()`].
pub fn raw(bytes: &[u8]) -> anyhow::Result<bool> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(anyhow::Error::new(error).context("cannot write to standard output")),
    }
}
