//! The MISA and MMIM layouts.

use std::path::Path;

use crate::error::Error;
use crate::layout::place::Place;
use crate::layout::{Header, LayoutReader, Sink};
use crate::pickle::Limits;

/// The pickles of MISA and MMIM: as those of MAG, with word ids beside the words.
pub struct Misa;

impl LayoutReader for Misa {
    fn read_into(&self, path: &Path, _: Limits, _: &mut dyn Sink) -> Result<Header, Error> {
        Err(Place::new(path).error("a reader", "none yet"))
    }
}
