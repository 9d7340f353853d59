//! The six emotions, each present or absent.

use mdm_data::corpus::Emotions;
use serde::Serialize;

use crate::Confusion;

/// Emotions.
const N: usize = Emotions::NAMES.len();

/// Metrics of the emotions. Undefined numbers are NaN, `null` in JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EmotionMetrics {
    /// Samples.
    pub n: usize,
    /// Mean binary cross-entropy over samples and emotions, in nats.
    pub cross_entropy: f64,
    /// What follows from the predictions: an emotion is predicted where its output is above 0.
    #[serde(flatten)]
    pub scores: EmotionScores,
}

/// What follows from predicted and annotated emotions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EmotionScores {
    /// Mean of the six weighted accuracies.
    pub weighted_accuracy: f64,
    /// Mean of the six weighted F1.
    pub f1_weighted: f64,
    /// Each emotion, in the order of [`Emotions::NAMES`].
    pub emotions: Vec<EmotionScore>,
}

/// How one emotion went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EmotionScore {
    /// Its name.
    pub emotion: &'static str,
    /// Samples in which it is present: an intensity above 0.
    pub present: usize,
    /// Samples in which it was predicted.
    pub predicted: usize,
    /// `(TP · N / P + TN) / (2 N)` with P samples that have the emotion and N that do not: the mean of the two recalls.
    /// Zadeh et al., 2018 (CMU-MOSEI). Undefined where all samples are alike.
    pub weighted_accuracy: f64,
    /// F1 of presence and of absence, weighted by their shares of the truth.
    pub f1_weighted: f64,
}

impl EmotionScores {
    fn new(confusions: &[Confusion; N]) -> Self {
        let of_emotion = |(&emotion, confusion): (_, &Confusion)| EmotionScore {
            emotion,
            present: confusion.of_class(1),
            predicted: confusion.predicted(1),
            weighted_accuracy: (confusion.recall(1) + confusion.recall(0)) / 2.0,
            f1_weighted: confusion.f1_weighted(),
        };
        let emotions: Vec<EmotionScore> = Emotions::NAMES
            .iter()
            .zip(confusions)
            .map(of_emotion)
            .collect();
        let mean = |of: fn(&EmotionScore) -> f64| emotions.iter().map(of).sum::<f64>() / N as f64;
        Self {
            weighted_accuracy: mean(|score| score.weighted_accuracy),
            f1_weighted: mean(|score| score.f1_weighted),
            emotions,
        }
    }
}

impl EmotionMetrics {
    /// Metrics of the outputs `[n, 6]`, row-major, for `n` annotations.
    ///
    /// # Panics
    ///
    /// When there is not one row an annotation.
    ///
    /// # Example
    ///
    /// ```
    /// use mdm_data::corpus::Emotions;
    /// use mdm_train::task::EmotionMetrics;
    ///
    /// let happy = Emotions([2.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    /// let outputs = [[1.5, -1.0, -1.0, -1.0, -1.0, -1.0], [-0.5, -1.0, -1.0, -1.0, -1.0, -1.0]];
    /// let metrics = EmotionMetrics::new(outputs.as_flattened(), &[happy, Emotions::default()]);
    /// assert_eq!(metrics.scores.emotions[0].weighted_accuracy, 1.0);
    /// // Nobody is sad: the recall of sadness is undefined.
    /// assert!(metrics.scores.emotions[1].weighted_accuracy.is_nan());
    /// assert_eq!(metrics.scores.f1_weighted, 1.0);
    /// ```
    pub fn new(outputs: &[f32], annotations: &[Emotions]) -> Self {
        assert_eq!(
            outputs.len(),
            annotations.len() * N,
            "one row an annotation"
        );
        let costs = outputs
            .chunks_exact(N)
            .zip(annotations)
            .map(|(row, truth)| {
                let of_each = row.iter().zip(truth.present());
                of_each
                    .map(|(&x, present)| binary_cross_entropy(x, present))
                    .sum::<f64>()
            });
        let confusions = std::array::from_fn(|emotion| {
            let pairs = outputs
                .chunks_exact(N)
                .zip(annotations)
                .map(|(row, truth)| {
                    let predicted = usize::from(row[emotion] > 0.0);
                    (predicted, usize::from(truth.present()[emotion]))
                });
            Confusion::new(2, pairs)
        });
        Self {
            n: annotations.len(),
            cross_entropy: costs.sum::<f64>() / outputs.len() as f64,
            scores: EmotionScores::new(&confusions),
        }
    }
}

/// `ln(1 + exp(x)) − y x`, without overflow.
fn binary_cross_entropy(output: f32, present: bool) -> f64 {
    let x = f64::from(output);
    let softplus = x.max(0.0) + (-x.abs()).exp().ln_1p();
    if present { softplus - x } else { softplus }
}

/// What trivial predictors reach.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EmotionBaselines {
    /// For each emotion always the more frequent answer of the split's own annotations.
    pub majority: EmotionScores,
}

impl EmotionBaselines {
    /// The baselines of a split with these annotations.
    pub fn new(annotations: &[Emotions]) -> Self {
        let confusions = std::array::from_fn(|emotion| {
            let truth = annotations.iter().map(|truth| truth.present()[emotion]);
            let truth = truth.map(usize::from).map(|truth| (truth, truth));
            Confusion::new(2, truth).majority()
        });
        Self {
            majority: EmotionScores::new(&confusions),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five samples whose happiness is predicted so: 1 of 2 that have it, 2 of 3 that do not are right.
    fn annotations() -> Vec<Emotions> {
        [1.0, 2.0, 0.0, 0.0, 0.0]
            .map(|happiness| Emotions([happiness, 1.0, 0.0, 0.0, 1.0, 0.0]))
            .to_vec()
    }

    fn outputs() -> Vec<f32> {
        [0.5, -0.5, 3.0, -1.0, 0.0]
            .map(|x| [x, 80.0, -80.0, 80.0, -80.0, -1.0])
            .concat()
    }

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }

    #[test]
    fn scores_by_hand() {
        let metrics = EmotionMetrics::new(&outputs(), &annotations());
        let happiness = &metrics.scores.emotions[0];
        assert_eq!((happiness.present, happiness.predicted), (2, 2));
        // (TP · N / P + TN) / (2 N) = (1 · 3 / 2 + 2) / 6
        near(happiness.weighted_accuracy, 3.5 / 6.0);
        // Presence: F1 2·1 / (2 + 2), share 0.4; absence: 2·2 / (3 + 3), share 0.6.
        near(happiness.f1_weighted, 0.5 * 0.4 + 2.0 / 3.0 * 0.6);
        let f1 = |emotion: usize| metrics.scores.emotions[emotion].f1_weighted;
        assert_eq!(
            [f1(1), f1(2), f1(3), f1(4), f1(5)],
            [1.0, 1.0, 0.0, 0.0, 1.0]
        );
        near(metrics.scores.f1_weighted, (0.6 + 3.0) / 6.0);
        assert!(metrics.scores.weighted_accuracy.is_nan());
    }

    #[test]
    fn cross_entropy_by_hand_and_on_extreme_outputs() {
        let metrics = EmotionMetrics::new(&outputs(), &annotations());
        let cost = |x: f64| (1.0 + x.exp()).ln();
        let happiness = cost(-0.5) + cost(0.5) + cost(3.0) + cost(-1.0) + cost(0.0);
        // Sadness and anger are right and cost nothing; surprise and disgust are wrong by 80; fear is absent at −1.
        near(
            metrics.cross_entropy,
            (happiness + 5.0 * (80.0 + 80.0 + cost(-1.0))) / 30.0,
        );
    }

    #[test]
    fn the_more_frequent_answer_by_hand() {
        let majority = EmotionBaselines::new(&annotations()).majority;
        let happiness = &majority.emotions[0];
        assert_eq!(happiness.predicted, 0);
        near(happiness.weighted_accuracy, 0.5);
        // Absence: F1 2·3 / (5 + 3), share 0.6.
        near(happiness.f1_weighted, 0.6 * 0.75);
        assert_eq!(majority.emotions[1].predicted, 5);
    }
}
