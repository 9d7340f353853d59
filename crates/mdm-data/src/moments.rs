//! Mean and variance of every feature of a modality, over the frames of the training split.

use crate::corpus::Corpus;

/// First two moments of the features of one modality, one number a feature.
pub(crate) struct Moments {
    pub(crate) mean: Vec<f64>,
    /// Of the population: divided by the number of frames.
    pub(crate) variance: Vec<f64>,
}

impl Moments {
    /// Over all training frames of the modality at `modality`; zeros without any.
    pub(crate) fn of_training(corpus: &Corpus, modality: usize) -> Self {
        let dim = corpus.modalities[modality].dim;
        let frames = training_frames(corpus, modality).count().max(1) as f64;
        let mut mean = vec![0.0_f64; dim];
        for frame in training_frames(corpus, modality) {
            for (sum, &value) in mean.iter_mut().zip(frame) {
                *sum += f64::from(value) / frames;
            }
        }
        let mut variance = vec![0.0_f64; dim];
        for frame in training_frames(corpus, modality) {
            for ((sum, &value), mean) in variance.iter_mut().zip(frame).zip(&mean) {
                *sum += (f64::from(value) - mean).powi(2) / frames;
            }
        }
        Self { mean, variance }
    }
}

/// The frames of one modality of all training utterances.
pub(crate) fn training_frames(corpus: &Corpus, modality: usize) -> impl Iterator<Item = &[f32]> {
    corpus
        .train
        .iter()
        .flat_map(move |utterance| utterance.features[modality].rows())
}
