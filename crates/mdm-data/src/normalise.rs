//! Per-feature normalisation, fitted on the training split alone.

use serde::{Deserialize, Serialize};

use crate::corpus::{Corpus, Split};
use crate::moments::{Moments, training_frames};

/// How the features of one modality are scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Normalisation {
    /// Left as they are.
    #[default]
    None,
    /// `(x − mean) / standard deviation`, over all training frames.
    Standard,
    /// `x / max|x|`, over all training frames, as the official MFN and TFN code does with FACET.
    Max,
}

/// Shift and scale of every feature of every modality.
///
/// # Example
///
/// ```
/// use mdm_data::corpus::{Corpus, Features, Modality, ModalityInfo, Utterance};
/// use mdm_data::normalise::{Normalisation, Normaliser};
///
/// let mut corpus = Corpus::new("tiny", vec![ModalityInfo { modality: Modality::Audio, dim: 1 }]);
/// corpus.train.push(Utterance {
///     id: "a".into(),
///     words: vec![],
///     features: vec![Features::new(1, vec![2.0, 4.0])],
///     label: 0.0,
///     ..Utterance::default()
/// });
/// let normaliser = Normaliser::fit(&corpus, &[Normalisation::Standard]);
/// normaliser.apply(&mut corpus);
/// assert_eq!(corpus.train[0].features[0].data(), &[-1.0, 1.0]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Normaliser {
    pub(crate) modalities: Vec<Affine>,
}

/// `(x − shift) · scale` for each feature of one modality; nothing when empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Affine {
    /// How shift and scale were fitted.
    pub(crate) normalisation: Normalisation,
    pub(crate) shift: Vec<f32>,
    pub(crate) scale: Vec<f32>,
}

impl Normaliser {
    /// Fits one normalisation a modality on the training split. Features that never vary (or are always 0) are only
    /// shifted. A language of word pieces is left alone, whatever its normalisation: ids are names, not quantities.
    ///
    /// # Panics
    ///
    /// When `normalisations` is not one a modality of the corpus.
    pub fn fit(corpus: &Corpus, normalisations: &[Normalisation]) -> Self {
        assert_eq!(normalisations.len(), corpus.modalities.len());
        let fit = |(modality, normalisation): (usize, &Normalisation)| {
            let dim = corpus.modalities[modality].dim;
            match normalisation {
                _ if corpus.has_pieces(modality) => Affine::default(),
                Normalisation::None => Affine::default(),
                Normalisation::Standard => standard(corpus, modality),
                Normalisation::Max => max(corpus, modality, dim),
            }
        };
        Self {
            modalities: normalisations.iter().enumerate().map(fit).collect(),
        }
    }

    /// Normalises every split.
    pub fn apply(&self, corpus: &mut Corpus) {
        for split in Split::ALL {
            for utterance in corpus.split_mut(split) {
                for (features, affine) in utterance.features.iter_mut().zip(&self.modalities) {
                    let dim = features.dim();
                    if affine.scale.is_empty() {
                        continue;
                    }
                    for (place, value) in features.data_mut().iter_mut().enumerate() {
                        let feature = place % dim;
                        *value = (*value - affine.shift[feature]) * affine.scale[feature];
                    }
                }
            }
        }
    }
}

fn standard(corpus: &Corpus, modality: usize) -> Affine {
    let Moments { mean, variance } = Moments::of_training(corpus, modality);
    Affine {
        normalisation: Normalisation::Standard,
        scale: variance
            .iter()
            .zip(&mean)
            .map(|(&variance, &mean)| inverse(variance.sqrt(), mean))
            .collect(),
        shift: mean.into_iter().map(|mean| mean as f32).collect(),
    }
}

fn max(corpus: &Corpus, modality: usize, dim: usize) -> Affine {
    let mut largest = vec![0.0_f32; dim];
    for frame in training_frames(corpus, modality) {
        for (largest, &value) in largest.iter_mut().zip(frame) {
            *largest = largest.max(value.abs());
        }
    }
    Affine {
        normalisation: Normalisation::Max,
        shift: vec![0.0; dim],
        scale: largest
            .into_iter()
            .map(|largest| inverse(largest.into(), 0.0))
            .collect(),
    }
}

/// A feature that deviates by less than this share of its mean does not vary: `f32` tells numbers apart by 6e-8 of
/// their size, and averages of many frames by a little more.
const ROUNDING: f64 = 1e-6;

/// `1 / scale`, or 1 for a feature that does not vary from `centre`: dividing by rounding noise would blow it up. The
/// inverse of a number below the normal ones would be infinite.
fn inverse(scale: f64, centre: f64) -> f32 {
    let noise = ROUNDING * centre.abs();
    if scale > noise.max(f32::MIN_POSITIVE.into()) {
        (1.0 / scale) as f32
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Features, Modality, ModalityInfo, Utterance};

    fn corpus() -> Corpus {
        let info = |modality| ModalityInfo { modality, dim: 2 };
        let mut corpus = Corpus::new("t", vec![info(Modality::Audio), info(Modality::Vision)]);
        let utterance = |values: [f32; 4]| Utterance {
            id: "u".into(),
            words: vec![],
            features: vec![
                Features::new(2, values.to_vec()),
                Features::new(2, values.to_vec()),
            ],
            label: 0.0,
            ..Utterance::default()
        };
        corpus.train.push(utterance([1.0, 7.0, 3.0, 7.0]));
        corpus.test.push(utterance([5.0, 8.0, 100.0, 6.0]));
        corpus
    }

    #[test]
    fn the_test_split_has_no_say() {
        let mut changed = corpus();
        changed.test[0].features[0].data_mut()[0] = -1e6;
        let normalisations = [Normalisation::Standard, Normalisation::Max];
        assert_eq!(
            Normaliser::fit(&corpus(), &normalisations),
            Normaliser::fit(&changed, &normalisations)
        );
    }

    #[test]
    fn what_varies_is_told_from_rounding_at_any_magnitude() {
        let info = |modality| ModalityInfo { modality, dim: 4 };
        let mut corpus = Corpus::new("t", vec![info(Modality::Audio), info(Modality::Vision)]);
        // A small feature, the neighbours of 1e8 in f32, a feature below the normal numbers, and none at all.
        let frames = vec![1e-8, 1e8, 1e-42, 0.0, 3e-8, 1e8 + 8.0, 3e-42, 0.0];
        corpus.train.push(Utterance {
            features: vec![Features::new(4, frames.clone()), Features::new(4, frames)],
            ..Utterance::default()
        });
        let normalisations = [Normalisation::Standard, Normalisation::Max];
        Normaliser::fit(&corpus, &normalisations).apply(&mut corpus);
        let [standard, max] = &corpus.train[0].features[..] else {
            unreachable!("two modalities");
        };
        let near = |found: f32, expected: f32| (found - expected).abs() < 1e-5;
        assert!(near(standard.row(0)[0], -1.0) && near(standard.row(1)[0], 1.0));
        assert!(standard.row(0)[1].abs() <= 8.0 && standard.row(1)[1].abs() <= 8.0);
        assert!(near(max.row(0)[0], 1.0 / 3.0) && near(max.row(1)[1], 1.0));
        for features in [standard, max] {
            assert!(
                features
                    .rows()
                    .all(|row| row[2].abs() < 1e-41 && row[3] == 0.0)
            );
        }
    }

    #[test]
    fn values_by_hand() {
        let mut corpus = corpus();
        let normaliser = Normaliser::fit(&corpus, &[Normalisation::Standard, Normalisation::Max]);
        normaliser.apply(&mut corpus);
        // Mean 2 and deviation 1; a constant 7 is only shifted.
        assert_eq!(corpus.train[0].features[0].data(), [-1.0, 0.0, 1.0, 0.0]);
        assert_eq!(corpus.test[0].features[0].data(), [3.0, 1.0, 98.0, -1.0]);
        assert_eq!(
            corpus.train[0].features[1].data(),
            [1.0 / 3.0, 1.0, 1.0, 1.0]
        );
    }
}
