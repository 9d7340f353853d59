//! Computational sequences of the CMU SDK.

use std::path::Path;

use crate::error::Error;
use crate::layout::place::Place;
use crate::layout::{Header, LayoutReader, Sink};
use crate::pickle::Limits;

/// A folder of the CMU SDK's computational sequences (HDF5), aligned to the words on reading.
pub struct Csd;

impl LayoutReader for Csd {
    fn read_into(&self, path: &Path, _: Limits, _: &mut dyn Sink) -> Result<Header, Error> {
        Err(Place::new(path).error("a reader", "none yet"))
    }
}
