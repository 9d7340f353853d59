//! A prepared store as a source.

use std::path::Path;

use crate::error::Error;
use crate::layout::{Header, LayoutReader, Sink};
use crate::pickle::Limits;
use crate::store::Reader;

/// A prepared store, for instance to give it other word vectors.
pub struct StoreLayout;

impl LayoutReader for StoreLayout {
    /// The name is that of the corpus, and not of the folder.
    fn read_into(&self, path: &Path, _: Limits, sink: &mut dyn Sink) -> Result<Header, Error> {
        let store = Reader::open(path)?;
        for (split, utterance) in store.utterances() {
            sink.push(split, utterance)?;
        }
        Ok(Header {
            name: store.manifest().name.clone(),
            modalities: store.manifest().modalities.clone(),
        })
    }
}
