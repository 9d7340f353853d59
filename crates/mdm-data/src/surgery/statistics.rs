//! What the fills know of the data.

use crate::corpus::Corpus;
use crate::moments::Moments;

/// Mean and standard deviation of every feature of every modality, over all frames of the training split.
///
/// Fitted once, on the corpus as the model sees it (cleaned, aligned, normalised), and applied to any utterances: the
/// validation and the test split have no say. For a modality that is normalised with
/// [`Normalisation::Standard`](crate::normalise::Normalisation::Standard) the means are 0 up to rounding and the
/// deviations 1, or 0 for a feature that never varies. A language of word pieces has neither.
#[derive(Clone, Debug, PartialEq)]
pub struct FillStatistics {
    pub(super) modalities: Vec<ModalityStatistics>,
}

/// Those of one modality.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ModalityStatistics {
    /// What [`Fill::Zero`](super::Fill::Zero) puts: 0, or for word pieces the id of the mask.
    pub(super) zero: f32,
    /// None for word pieces: ids are names, not quantities.
    pub(super) moments: Option<FrameMoments>,
}

/// One number a feature.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FrameMoments {
    pub(super) mean: Vec<f32>,
    pub(super) deviation: Vec<f32>,
}

impl FillStatistics {
    /// Fits on the training split; all zeros where it has no frames.
    pub fn fit(corpus: &Corpus) -> Self {
        let moments = |modality| {
            let Moments { mean, variance } = Moments::of_training(corpus, modality);
            FrameMoments {
                mean: mean.into_iter().map(|mean| mean as f32).collect(),
                deviation: variance
                    .into_iter()
                    .map(|variance| variance.sqrt() as f32)
                    .collect(),
            }
        };
        let of_modality = |modality| match corpus.pieces {
            Some(vocabulary) if corpus.has_pieces(modality) => ModalityStatistics {
                zero: vocabulary.absent() as f32,
                moments: None,
            },
            _ => ModalityStatistics {
                zero: 0.0,
                moments: Some(moments(modality)),
            },
        };
        Self {
            modalities: (0..corpus.modalities.len()).map(of_modality).collect(),
        }
    }
}
