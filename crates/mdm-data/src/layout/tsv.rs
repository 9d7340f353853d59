//! Transcripts.

use std::path::Path;

use crate::error::Error;
use crate::layout::place::Place;
use crate::layout::{Header, LayoutReader, Sink};
use crate::pickle::Limits;

/// A folder of transcripts and labels, `train.tsv`, `valid.tsv` and `test.tsv`.
pub struct Tsv;

impl LayoutReader for Tsv {
    fn read_into(&self, path: &Path, _: Limits, _: &mut dyn Sink) -> Result<Header, Error> {
        Err(Place::new(path).error("a reader", "none yet"))
    }
}
