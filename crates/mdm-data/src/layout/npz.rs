//! Padded arrays in a NumPy archive.

use std::path::Path;

use crate::error::Error;
use crate::layout::place::Place;
use crate::layout::{Header, LayoutReader, Sink};
use crate::pickle::Limits;

/// A NumPy archive of padded arrays, as `mdm data export --format npz` writes it.
pub struct Npz;

impl LayoutReader for Npz {
    fn read_into(&self, path: &Path, _: Limits, _: &mut dyn Sink) -> Result<Header, Error> {
        Err(Place::new(path).error("a reader", "none yet"))
    }
}
