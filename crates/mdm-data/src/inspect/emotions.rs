//! How frequent the emotions are.

use serde::Serialize;

use crate::corpus::{Corpus, Emotions, Split};

/// How frequent one emotion is in one split.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct EmotionSummary {
    /// Which split.
    pub split: Split,
    /// The emotion, one of [`Emotions::NAMES`].
    pub emotion: &'static str,
    /// Utterances whose emotions are annotated.
    pub utterances: usize,
    /// Utterances in which the emotion is present: an intensity above 0.
    pub present: usize,
    /// Mean intensity where it is present, up to 3; 0 where it never is.
    pub intensity: f64,
}

/// Every emotion of every split, splits first; nothing for a corpus without emotions.
pub(super) fn summarise(corpus: &Corpus) -> Vec<EmotionSummary> {
    if !corpus.has_emotions() {
        return Vec::new();
    }
    let of_split = |split| {
        let annotated: Vec<_> = corpus
            .split(split)
            .iter()
            .filter_map(|u| u.emotions)
            .collect();
        let names = Emotions::NAMES.into_iter().enumerate();
        names.map(move |(place, emotion)| {
            let present = annotated.iter().filter(|e| e.present()[place]);
            let number = present.clone().count();
            let sum: f64 = present.map(|e| f64::from(e.0[place])).sum();
            EmotionSummary {
                split,
                emotion,
                utterances: annotated.len(),
                present: number,
                intensity: sum / number.max(1) as f64,
            }
        })
    };
    Split::ALL.into_iter().flat_map(of_split).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Utterance;

    #[test]
    fn an_emotion_is_present_above_zero() {
        let mut corpus = Corpus::new("t", vec![]);
        assert_eq!(summarise(&corpus), []);
        for happiness in [0.0, 1.0, 3.0] {
            corpus.valid.push(Utterance {
                emotions: Some(Emotions([happiness, 0.0, 0.0, 0.0, 0.0, 0.0])),
                ..Utterance::default()
            });
        }
        let emotions = summarise(&corpus);
        assert_eq!(emotions.len(), 18);
        let happiness = emotions[6];
        assert_eq!(
            (happiness.split, happiness.emotion),
            (Split::Valid, "happiness")
        );
        assert_eq!((happiness.utterances, happiness.present), (3, 2));
        assert_eq!(happiness.intensity, 2.0);
        assert_eq!((emotions[7].present, emotions[7].intensity), (0, 0.0));
    }
}
