//! Which layout a file or folder has.

use std::path::Path;

use crate::error::Error;
use crate::layout::Layout;
use crate::layout::place::Place;
use crate::pickle::Limits;

/// The layout of a file or folder, from its content.
///
/// # Errors
///
/// [`Error::Content`] when it is none of those known.
pub fn detect(path: &Path, _: Limits) -> Result<Layout, Error> {
    Err(Place::new(path).error("a known layout", "another"))
}
