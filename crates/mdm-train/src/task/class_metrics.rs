//! The metrics of a classification.

use serde::Serialize;

use super::Classes;
use crate::{Confusion, Metrics};

/// Metrics of a classification. Undefined numbers are NaN, `null` in JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassMetrics {
    /// Samples that count.
    pub n: usize,
    /// Samples that are left out ([`Classes::Nonzero`]).
    pub n_left_out: usize,
    /// Mean of `ln Σ_j exp(x_j) − x_k` over the samples, in nats.
    pub cross_entropy: f64,
    /// What follows from the predicted classes: for each sample the class of the largest output.
    #[serde(flatten)]
    pub scores: ClassScores,
    /// For classes that are numbers, the metrics of the predicted class as a number, against the label as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentiment: Option<Metrics>,
}

/// What follows from predicted and true classes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassScores {
    /// Share of the samples that are right.
    pub accuracy: f64,
    /// F1 of each class, weighted by its share of the truth.
    pub f1_weighted: f64,
    /// Mean F1 of the classes that occur in truth or prediction.
    pub f1_macro: f64,
    /// Each class, in the order of the outputs.
    pub classes: Vec<ClassScore>,
}

/// How one class went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassScore {
    /// Its name.
    pub class: &'static str,
    /// Samples of this class.
    pub n: usize,
    /// Samples that were taken for it.
    pub predicted: usize,
    /// Share of its samples that were taken for it.
    pub recall: f64,
}

impl ClassScores {
    fn new(classes: Classes, confusion: &Confusion) -> Self {
        let of_class = |(place, &class)| ClassScore {
            class,
            n: confusion.of_class(place),
            predicted: confusion.predicted(place),
            recall: confusion.recall(place),
        };
        Self {
            accuracy: confusion.accuracy(),
            f1_weighted: confusion.f1_weighted(),
            f1_macro: confusion.f1_macro(),
            classes: classes.names().iter().enumerate().map(of_class).collect(),
        }
    }
}

impl ClassMetrics {
    /// Metrics of the outputs `[n, classes]`, row-major, for `n` labels.
    ///
    /// # Panics
    ///
    /// When there is not one row a label.
    pub fn new(classes: Classes, outputs: &[f32], labels: &[f32]) -> Self {
        let n_classes = classes.names().len();
        assert_eq!(outputs.len(), labels.len() * n_classes, "one row a label");
        let rows = || outputs.chunks_exact(n_classes);
        let counted: Vec<(&[f32], usize)> = rows()
            .zip(labels)
            .filter_map(|(row, &label)| Some((row, classes.of_label(label)?)))
            .collect();
        let costs = counted
            .iter()
            .map(|&(row, truth)| cross_entropy(row, truth));
        let pairs = counted.iter().map(|&(row, truth)| (largest(row), truth));
        Self {
            n: counted.len(),
            n_left_out: labels.len() - counted.len(),
            cross_entropy: costs.sum::<f64>() / counted.len() as f64,
            scores: ClassScores::new(classes, &Confusion::new(n_classes, pairs)),
            sentiment: classes.limit().map(|limit| {
                let number = |row: &[f32]| largest(row) as f32 - limit as f32;
                Metrics::new(&rows().map(number).collect::<Vec<_>>(), labels)
            }),
        }
    }
}

/// `ln Σ_j exp(x_j) − x_k`, the largest output subtracted first.
fn cross_entropy(outputs: &[f32], truth: usize) -> f64 {
    let largest = f64::from(outputs[largest(outputs)]);
    let sum: f64 = outputs
        .iter()
        .map(|&x| (f64::from(x) - largest).exp())
        .sum();
    sum.ln() + largest - f64::from(outputs[truth])
}

/// The place of the largest output; the first of equals.
pub(super) fn largest(outputs: &[f32]) -> usize {
    let first = (0, f32::NEG_INFINITY);
    let places = outputs.iter().copied().enumerate();
    let (place, _) = places.fold(first, |best, new| if new.1 > best.1 { new } else { best });
    place
}

/// What trivial predictors reach.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassBaselines {
    /// Always the most frequent class of the split's own labels: no constant answer is right more often.
    pub majority: ClassScores,
}

impl ClassBaselines {
    /// The baselines of a split with these labels.
    pub fn new(classes: Classes, labels: &[f32]) -> Self {
        let truth = labels.iter().filter_map(|&label| classes.of_label(label));
        let confusion = Confusion::new(classes.names().len(), truth.map(|truth| (truth, truth)));
        Self {
            majority: ClassScores::new(classes, &confusion.majority()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_classes_by_hand() {
        // Outputs are logarithms of probabilities; predictions are 1, −1, 0, 1 against 1, 0, 0, −1.
        let outputs = [
            [0.2, 0.3, 0.5],
            [0.6, 0.2, 0.2],
            [0.1, 0.8, 0.1],
            [0.3, 0.3, 0.4],
        ];
        let outputs = outputs
            .as_flattened()
            .iter()
            .map(|p: &f32| p.ln())
            .collect::<Vec<_>>();
        let metrics = ClassMetrics::new(Classes::Three, &outputs, &[2.2, 0.4, 0.0, -1.0]);
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-6, "{found}");
        near(
            metrics.cross_entropy,
            -(0.5_f64 * 0.2 * 0.8 * 0.3).ln() / 4.0,
        );
        near(metrics.scores.accuracy, 0.5);
        // F1: class −1 0, class 0 2/3, class 1 2/3.
        near(
            metrics.scores.f1_weighted,
            (2.0 * 2.0 / 3.0 + 2.0 / 3.0) / 4.0,
        );
        near(metrics.scores.f1_macro, 4.0 / 9.0);
        let counts = |score: &ClassScore| (score.class, score.n, score.predicted);
        let counts: Vec<_> = metrics.scores.classes.iter().map(counts).collect();
        assert_eq!(counts, [("-1", 1, 1), ("0", 2, 1), ("1", 1, 2)]);
        // As numbers: |1 − 2.2|, |−1 − 0.4|, 0, |1 + 1|.
        near(
            metrics.sentiment.unwrap().mae,
            (1.2 + 1.4 + 0.0 + 2.0) / 4.0,
        );
    }

    #[test]
    fn zeros_are_left_out_of_negative_against_positive() {
        let outputs = [2.0, 0.0, -80.0, 80.0, 80.0, -80.0];
        let metrics = ClassMetrics::new(Classes::Nonzero, &outputs, &[-1.0, 0.0, 0.2]);
        assert_eq!((metrics.n, metrics.n_left_out), (2, 1));
        assert_eq!(metrics.scores.accuracy, 0.5);
        let expected = ((1.0 + (-2.0_f64).exp()).ln() + 160.0) / 2.0;
        assert!((metrics.cross_entropy - expected).abs() < 1e-9);
        assert!(metrics.sentiment.is_none());
        let json = serde_json::to_value(&metrics).unwrap();
        assert_eq!(json["accuracy"], 0.5);
        assert!(json.get("sentiment").is_none());
    }

    #[test]
    fn the_majority_is_that_of_the_labels() {
        let baselines = ClassBaselines::new(Classes::Nonzero, &[1.0, 0.0, 0.0, 2.0, -1.0]);
        assert!((baselines.majority.accuracy - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(baselines.majority.classes[1].predicted, 3);
    }
}
