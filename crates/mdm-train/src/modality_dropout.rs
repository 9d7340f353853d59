//! Training batches, with modalities dropped at random where the config asks for it.

use burn::tensor::Device;
use mdm_core::seed::ChaCha8Rng;
use mdm_data::batch::MultimodalBatch;
use mdm_data::surgery::{FillStatistics, Surgery};
use mdm_data::{Corpus, Utterance};

use crate::Error;
use crate::config::TrainConfig;

/// `train.modality_dropout` with `train.modality_fill`: each modality of each utterance is replaced with a probability,
/// anew for every batch, never all modalities of one utterance.
pub(crate) struct ModalityDropout {
    rate: f64,
    /// None at rate 0.
    surgery: Option<Surgery>,
}

impl ModalityDropout {
    /// The statistics of the fill come from the training split.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] for a fill that cannot stand in for every modality.
    pub(crate) fn new(config: &TrainConfig, corpus: &Corpus) -> Result<Self, Error> {
        let rate = config.modality_dropout;
        if rate == 0.0 {
            return Ok(Self {
                rate,
                surgery: None,
            });
        }
        let surgery = Surgery::new(config.modality_fill, FillStatistics::fit(corpus));
        let all: Vec<usize> = (0..corpus.modalities.len()).collect();
        surgery.check_fill(&all)?;
        Ok(Self {
            rate,
            surgery: Some(surgery),
        })
    }

    /// The utterances of some batches, one batch after the other, as one. A shuffled fill comes from an utterance's own
    /// batch, which is itself a random part of the split.
    pub(crate) fn join(
        &self,
        utterances: &[Utterance],
        batches: &[Vec<usize>],
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Result<MultimodalBatch, Error> {
        let Some(surgery) = &self.surgery else {
            return Ok(MultimodalBatch::new(utterances, &batches.concat(), device));
        };
        let mut chosen: Vec<Utterance> = Vec::new();
        for indices in batches {
            let first = chosen.len();
            chosen.extend(indices.iter().map(|&index| utterances[index].clone()));
            let modalities: Vec<usize> = (0..chosen[0].features.len()).collect();
            surgery.drop_modalities(&mut chosen[first..], &modalities, self.rate, rng)?;
        }
        let all: Vec<usize> = (0..chosen.len()).collect();
        Ok(MultimodalBatch::new(&chosen, &all, device))
    }
}
