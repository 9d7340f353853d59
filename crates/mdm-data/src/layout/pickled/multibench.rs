//! The MultiBench layout.

use std::path::Path;

use super::arrays::{Textless, read_arrays};
use crate::error::Error;
use crate::layout::{Header, LayoutReader, Sink};
use crate::pickle::Limits;

/// Reader of the pickles of MultiBench (`pliang279/MultiBench`), such as `mosi_raw.pkl`.
///
/// Fields, shapes and padding are those of [`super::Mult`]. An utterance whose text is zero throughout is left out, as
/// MultiBench itself does on loading (`drop_entry`), so the splits are those that its results are about.
pub struct MultiBench;

impl LayoutReader for MultiBench {
    fn read_into(&self, path: &Path, limits: Limits, sink: &mut dyn Sink) -> Result<Header, Error> {
        read_arrays(path, limits, Textless::Drop, sink)
    }
}
