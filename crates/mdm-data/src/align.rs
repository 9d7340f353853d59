//! Giving every modality of an utterance the same steps.

use crate::corpus::{Corpus, Features, Split};

/// Cuts every utterance to its first `max_steps` steps and brings the other modalities to the steps of the first
/// (language, where there is one).
///
/// A modality with more frames than steps is averaged within each step's share of the frames; one with fewer repeats
/// them (a single vector for the whole utterance stands at every step). Aligned corpora are only cut.
///
/// # Panics
///
/// When `max_steps` is 0.
pub fn align(corpus: &mut Corpus, max_steps: usize) {
    assert!(max_steps > 0, "an utterance keeps at least one step");
    for split in Split::ALL {
        for utterance in corpus.split_mut(split) {
            let Some(steps) = utterance.features.first().map(Features::steps) else {
                continue;
            };
            for features in &mut utterance.features {
                *features = cut(&resample(features, steps), steps.min(max_steps));
            }
            utterance.words.truncate(max_steps);
        }
    }
}

fn cut(features: &Features, steps: usize) -> Features {
    let dim = features.dim();
    Features::new(dim, features.data()[..steps * dim].to_vec())
}

/// As many rows as `steps`: averaged within each step's share, or repeated.
pub(crate) fn resample(features: &Features, steps: usize) -> Features {
    let frames = features.steps();
    if frames == steps {
        return features.clone();
    }
    let dim = features.dim();
    let mut data = Vec::with_capacity(steps * dim);
    for step in 0..steps {
        let start = step * frames / steps;
        let end = ((step + 1) * frames / steps).max(start + 1);
        for feature in 0..dim {
            // In `f64`, so that the mean of a constant is that constant, whatever the number of frames.
            let values = (start..end).map(|frame| f64::from(features.row(frame)[feature]));
            data.push((values.sum::<f64>() / (end - start) as f64) as f32);
        }
    }
    Features::new(dim, data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Modality, ModalityInfo, Utterance};

    #[test]
    fn frames_are_averaged_or_repeated_to_the_words() {
        let info = |modality| ModalityInfo { modality, dim: 1 };
        let modalities = [Modality::Language, Modality::Audio, Modality::Vision].map(info);
        let mut corpus = Corpus::new("t", modalities.to_vec());
        let features = |values: &[f32]| Features::new(1, values.to_vec());
        corpus.valid.push(Utterance {
            id: "u".into(),
            words: ["a", "b", "c"].map(String::from).to_vec(),
            features: vec![
                features(&[1.0, 2.0, 3.0]),
                features(&[7.0]),
                features(&[0.0, 2.0, 4.0, 6.0, 8.0, 10.0]),
            ],
            label: 0.0,
            ..Utterance::default()
        });
        let mut shorter = corpus.clone();
        align(&mut corpus, 50);
        let utterance = &corpus.valid[0];
        assert_eq!(utterance.features[1].data(), [7.0, 7.0, 7.0]);
        assert_eq!(utterance.features[2].data(), [1.0, 5.0, 9.0]);
        assert!(corpus.is_aligned());

        align(&mut shorter, 2);
        let utterance = &shorter.valid[0];
        assert_eq!(utterance.features[0].data(), [1.0, 2.0]);
        assert_eq!(utterance.features[2].data(), [1.0, 5.0]);
        assert_eq!(utterance.words.len(), 2);
    }
}
