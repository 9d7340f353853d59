//! Single frames damaged.

use rand::{Rng, RngExt};

use super::{Surgery, check_rate};
use crate::corpus::Utterance;
use crate::error::Error;

impl Surgery {
    /// Replaces each frame of a modality with the probability `rate`, all frames independently.
    ///
    /// Which frames are replaced is drawn before they are filled: the same generator hits the same ones whatever the
    /// fill. With [`Fill::Shuffled`](super::Fill::Shuffled) all damaged frames of an utterance come from one other
    /// utterance, each from the step that it replaces.
    ///
    /// # Errors
    ///
    /// As [`Surgery::drop_modalities`].
    ///
    /// # Panics
    ///
    /// As [`Surgery::drop_modalities`].
    pub fn corrupt_frames(
        &self,
        utterances: &mut [Utterance],
        modality: usize,
        rate: f64,
        rng: &mut impl Rng,
    ) -> Result<(), Error> {
        check_rate(rate)?;
        let taken: Vec<Vec<bool>> = utterances
            .iter()
            .map(|utterance| {
                let steps = utterance.features[modality].steps();
                (0..steps).map(|_| rng.random_bool(rate)).collect()
            })
            .collect();
        self.fill(utterances, modality, &taken, rng)
    }
}
