//! Whole modalities taken away.

use rand::{Rng, RngExt};

use super::{Surgery, check_rate};
use crate::corpus::Utterance;
use crate::error::Error;

impl Surgery {
    /// Takes each of `modalities` away from each utterance with the probability `rate`; 1 takes them from all.
    ///
    /// An utterance never loses all it has: where chance takes every modality, one of them, each as likely, stays. With
    /// M modalities, all of them listed, a modality is thus taken with the probability `rate − rate^M / M`.
    ///
    /// What is taken is drawn before anything is filled: the same generator takes the same modalities whatever the fill.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a rate outside [0, 1], and for [`Fill::Shuffled`](super::Fill::Shuffled) with one
    /// utterance.
    ///
    /// # Panics
    ///
    /// When a modality is not one of the utterances and the statistics.
    pub fn drop_modalities(
        &self,
        utterances: &mut [Utterance],
        modalities: &[usize],
        rate: f64,
        rng: &mut impl Rng,
    ) -> Result<(), Error> {
        check_rate(rate)?;
        let lost = utterances
            .iter()
            .map(|utterance| draw(utterance.features.len(), modalities, rate, rng))
            .collect::<Vec<_>>();
        for &modality in modalities {
            let taken: Vec<Vec<bool>> = utterances
                .iter()
                .zip(&lost)
                .map(|(utterance, lost)| vec![lost[modality]; utterance.features[modality].steps()])
                .collect();
            self.fill(utterances, modality, &taken, rng)?;
        }
        Ok(())
    }
}

/// Which of its `count` modalities an utterance loses.
fn draw(count: usize, modalities: &[usize], rate: f64, rng: &mut impl Rng) -> Vec<bool> {
    let mut lost = vec![false; count];
    for &modality in modalities {
        lost[modality] = rng.random_bool(rate);
    }
    if lost.iter().all(|&lost| lost) && count > 0 {
        lost[rng.random_range(0..count)] = false;
    }
    lost
}
