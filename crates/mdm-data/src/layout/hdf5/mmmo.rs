//! The MMMO tensors.

use std::path::Path;

use crate::error::Error;
use crate::layout::place::Place;
use crate::layout::{Header, LayoutReader, Sink};
use crate::pickle::Limits;

/// A folder of the MMMO tensors, an HDF5 file a modality and split.
pub struct MmmoH5;

impl LayoutReader for MmmoH5 {
    fn read_into(&self, path: &Path, _: Limits, _: &mut dyn Sink) -> Result<Header, Error> {
        Err(Place::new(path).error("a reader", "none yet"))
    }
}
