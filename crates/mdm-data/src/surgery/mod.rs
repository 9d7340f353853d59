//! Modality surgery: modalities taken away, frames damaged, modalities permuted, on the host and for any backend.
//!
//! | operation | what changes | what for |
//! |---|---|---|
//! | [`Surgery::drop_modalities`] | whole modalities of utterances, all or at a rate | robustness, modality dropout |
//! | [`Surgery::corrupt_frames`] | single frames of a modality, at a rate | robustness |
//! | [`permute`] | which utterance a modality comes from | the product of the marginals |
//!
//! A [`Fill`] says what stands where something was taken away; its [`FillStatistics`] come from the training split
//! alone. Every operation is a function of its arguments, with all randomness in a generator (or permutations) that the
//! caller gives. None touches ids, words, labels or the order of the utterances, and none changes the number of steps of
//! the first modality, so that nothing can be read off the lengths that could not be before.

mod drop;
mod fill;
mod frames;
mod permute;
mod statistics;

pub use fill::Fill;
pub use permute::permute;
pub use statistics::FillStatistics;

use crate::error::Error;

/// Replaces modalities or frames by one kind of [`Fill`].
///
/// # Example
///
/// ```
/// use mdm_data::corpus::{Corpus, Features, Modality, ModalityInfo, Utterance};
/// use mdm_data::surgery::{Fill, FillStatistics, Surgery};
/// use rand::{SeedableRng, rngs::ChaCha8Rng};
///
/// let info = |modality| ModalityInfo { modality, dim: 1 };
/// let mut corpus = Corpus::new("tiny", vec![info(Modality::Language), info(Modality::Audio)]);
/// let utterance = |language: &[f32], audio: &[f32]| Utterance {
///     features: vec![Features::new(1, language.to_vec()), Features::new(1, audio.to_vec())],
///     ..Utterance::default()
/// };
/// corpus.train.push(utterance(&[1.0, 2.0], &[3.0, 5.0]));
/// corpus.test.push(utterance(&[8.0], &[9.0]));
///
/// // The mean of the training split stands in for the audio of the test split.
/// let surgery = Surgery::new(Fill::Mean, FillStatistics::fit(&corpus));
/// let audio = corpus.index_of(Modality::Audio).unwrap();
/// let mut rng = ChaCha8Rng::seed_from_u64(0);
/// surgery.drop_modalities(&mut corpus.test, &[audio], 1.0, &mut rng)?;
/// assert_eq!(corpus.test[0].features[0].data(), [8.0]);
/// assert_eq!(corpus.test[0].features[1].data(), [4.0]);
/// # Ok::<(), mdm_data::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Surgery {
    fill: Fill,
    statistics: FillStatistics,
}

impl Surgery {
    /// Surgery with this fill, whose numbers come from `statistics`.
    pub fn new(fill: Fill, statistics: FillStatistics) -> Self {
        Self { fill, statistics }
    }
}

fn check_rate(rate: f64) -> Result<(), Error> {
    if (0.0..=1.0).contains(&rate) {
        return Ok(());
    }
    Err(Error::InvalidConfig {
        field: "rate",
        expected: "a probability from 0 to 1",
        found: rate.to_string(),
    })
}
