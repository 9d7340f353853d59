//! The metrics of a run, whatever its task.

use serde::Serialize;

use super::{ClassBaselines, ClassMetrics, EmotionBaselines, EmotionMetrics};
use crate::{Baselines, Metrics};

/// Metrics of one set of predictions. In JSON the object of its kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum TaskMetrics {
    /// Of a regression.
    Sentiment(Metrics),
    /// Of a classification.
    Classes(ClassMetrics),
    /// Of the emotions.
    Emotions(EmotionMetrics),
}

impl TaskMetrics {
    /// The numbers by which a training is followed, with their names. The first is the [criterion](Self::criterion).
    pub fn summary(&self) -> Vec<(&'static str, f64)> {
        match self {
            Self::Sentiment(metrics) => vec![
                ("mae", metrics.mae),
                ("corr", metrics.corr),
                ("acc7", metrics.acc7),
                ("acc2_has0", metrics.acc2_has0),
                ("acc2_non0", metrics.acc2_non0),
            ],
            Self::Classes(metrics) => vec![
                ("cross_entropy", metrics.cross_entropy),
                ("accuracy", metrics.scores.accuracy),
                ("f1_weighted", metrics.scores.f1_weighted),
                ("f1_macro", metrics.scores.f1_macro),
            ],
            Self::Emotions(metrics) => vec![
                ("cross_entropy", metrics.cross_entropy),
                ("weighted_accuracy", metrics.scores.weighted_accuracy),
                ("f1_weighted", metrics.scores.f1_weighted),
            ],
        }
    }

    /// What chooses between epochs, on the validation split alone; smaller is better. The mean absolute error of a
    /// regression, the mean (binary) cross-entropy otherwise.
    pub fn criterion(&self) -> f64 {
        self.summary()[0].1
    }

    /// The metrics of the sentiment as a number: of a regression, and of classes that are numbers.
    pub fn sentiment(&self) -> Option<&Metrics> {
        match self {
            Self::Sentiment(metrics) => Some(metrics),
            Self::Classes(metrics) => metrics.sentiment.as_ref(),
            Self::Emotions(_) => None,
        }
    }
}

/// What trivial predictors reach. In JSON the object of its kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
// A run has one of it.
#[allow(clippy::large_enum_variant)]
pub enum TaskBaselines {
    /// For a regression.
    Sentiment(Baselines),
    /// For a classification.
    Classes(ClassBaselines),
    /// For the emotions.
    Emotions(EmotionBaselines),
}
