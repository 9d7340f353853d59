//! What every reader holds its utterances to.

use std::path::Path;

use super::place::Place;
use super::{Header, Sink};
use crate::corpus::{Modality, ModalityInfo, Split, Utterance};
use crate::error::Error;

/// The name of a corpus: that of its file, without the extension.
pub(super) fn corpus_name(path: &Path) -> String {
    path.file_stem()
        .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

/// Holds utterances to what every corpus promises on their way to a sink.
pub(super) struct Checked<'p, 's> {
    place: Place<'p>,
    header: Header,
    /// Utterances so far, by split in order.
    records: [usize; 3],
    /// Whether the first utterance has emotions.
    has_emotions: Option<bool>,
    sink: &'s mut dyn Sink,
}

impl<'p, 's> Checked<'p, 's> {
    /// `modalities` in the order of [`Modality`].
    pub(super) fn new(path: &'p Path, modalities: &[Modality], sink: &'s mut dyn Sink) -> Self {
        let unknown = |&modality: &Modality| ModalityInfo { modality, dim: 0 };
        Self {
            place: Place::new(path),
            header: Header {
                name: corpus_name(path),
                modalities: modalities.iter().map(unknown).collect(),
            },
            records: [0; 3],
            has_emotions: None,
            sink,
        }
    }

    /// Passes an utterance on. The first one of the source fixes the dims.
    pub(super) fn push(&mut self, split: Split, utterance: Utterance) -> Result<(), Error> {
        let is_unlabelled = utterance.label.is_nan() && self.takes_unlabelled();
        let records = &mut self.records[split as usize];
        let place = self.place.split(split).record(*records).id(&utterance.id);
        if !utterance.label.is_finite() && !is_unlabelled {
            return Err(place
                .field("label")
                .error("a finite number", utterance.label.to_string()));
        }
        let emotions = utterance.emotions.as_ref();
        if let Some(intensity) = emotions.and_then(|e| e.0.iter().find(|x| !x.is_finite())) {
            return Err(place
                .field("emotions")
                .error("finite numbers", intensity.to_string()));
        }
        let has_emotions = *self.has_emotions.get_or_insert(emotions.is_some());
        if has_emotions != emotions.is_some() {
            let [expected, found] = [has_emotions, !has_emotions].map(|has| match has {
                true => "six emotions",
                false => "no emotions",
            });
            return Err(place
                .field("emotions")
                .error(format!("{expected}, as before"), found));
        }
        for (info, features) in self.header.modalities.iter_mut().zip(&utterance.features) {
            if info.dim == 0 {
                info.dim = features.dim();
            }
            place
                .field(info.modality.name())
                .same("dims, as before", info.dim, features.dim())?;
        }
        *records += 1;
        self.sink.push(split, utterance)
    }

    /// Whether labels and whole splits may be missing, see [`Sink::takes_unlabelled`].
    pub(super) fn takes_unlabelled(&self) -> bool {
        self.sink.takes_unlabelled()
    }

    pub(super) fn finish(self) -> Result<Header, Error> {
        if self.records == [0; 3] {
            return Err(self.place.error("at least one utterance", "none"));
        }
        Ok(self.header)
    }
}
