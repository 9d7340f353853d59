//! A prepared store as a source.

use std::mem;
use std::path::Path;

use crate::corpus::Split;
use crate::error::Error;
use crate::layout::{Header, LayoutReader, Sink};
use crate::pickle::Limits;
use crate::store;

/// Reader of a prepared store, to prepare it again: with word vectors, for instance.
///
/// What was replaced when the store was prepared is known to its own manifest only: here its values are finite.
pub struct StoreLayout;

impl LayoutReader for StoreLayout {
    fn read_into(&self, path: &Path, _: Limits, sink: &mut dyn Sink) -> Result<Header, Error> {
        let (mut corpus, manifest) = store::read(path)?;
        for split in Split::ALL {
            for utterance in mem::take(corpus.split_mut(split)) {
                sink.push(split, utterance)?;
            }
        }
        Ok(Header {
            name: manifest.name,
            modalities: manifest.modalities,
        })
    }
}
