//! What a picture of a corpus shows.

use serde::Serialize;

use super::emotions::{self, EmotionSummary};
use super::features::{self, FeatureSummary};
use super::histogram::{Bins, Histogram};
use crate::clean::CleanReport;
use crate::corpus::{Corpus, Modality, Split};

/// How labels, lengths, feature values and emotions are distributed.
///
/// # Example
///
/// ```
/// use mdm_data::inspect::Distributions;
/// use mdm_data::synthetic::{self, SyntheticConfig};
///
/// let corpus = synthetic::generate(&SyntheticConfig::default()).unwrap().corpus;
/// let distributions = Distributions::of(&corpus, None);
/// assert_eq!(distributions.labels[0].histogram.total(), corpus.train.len());
/// let values: usize = corpus.dims().iter().sum();
/// assert_eq!(distributions.features.len(), values);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Distributions {
    /// The labels as they are, one histogram a split, all over the same bins.
    #[serde(rename = "label_histograms")]
    pub labels: Vec<LabelHistogram>,
    /// Steps per utterance, for each modality one histogram a split over the same bins.
    #[serde(rename = "length_histograms")]
    pub lengths: Vec<LengthHistogram>,
    /// Every feature of every modality.
    pub features: Vec<FeatureSummary>,
    /// Every emotion of every split; nothing for a corpus without emotions.
    pub emotions: Vec<EmotionSummary>,
}

/// The labels of one split.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LabelHistogram {
    /// Which split.
    pub split: Split,
    /// Utterances per label.
    #[serde(flatten)]
    pub histogram: Histogram,
}

/// Steps per utterance in one modality of one split.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LengthHistogram {
    /// Which modality.
    pub modality: Modality,
    /// Which split.
    pub split: Split,
    /// Utterances per number of steps.
    #[serde(flatten)]
    pub histogram: Histogram,
}

impl Distributions {
    /// Goes over all values of a corpus. `replaced` is what was cleaned out of it before, as a prepared store remembers it.
    pub fn of(corpus: &Corpus, replaced: Option<&CleanReport>) -> Self {
        Self {
            labels: labels(corpus),
            lengths: lengths(corpus),
            features: features::summarise(corpus, replaced),
            emotions: emotions::summarise(corpus),
        }
    }
}

fn labels(corpus: &Corpus) -> Vec<LabelHistogram> {
    let bins = Bins::of_measurements(corpus.utterances().map(|(_, u)| u.label.into()));
    let of_split = |split| LabelHistogram {
        split,
        histogram: bins.count(corpus.split(split).iter().map(|u| u.label.into())),
    };
    Split::ALL.into_iter().map(of_split).collect()
}

fn lengths(corpus: &Corpus) -> Vec<LengthHistogram> {
    let of_modality = |(index, modality): (usize, Modality)| {
        let steps = |split| {
            let utterances = corpus.split(split).iter();
            utterances.map(move |u| u.features[index].steps() as f64)
        };
        let bins = Bins::of_counts(Split::ALL.into_iter().flat_map(steps));
        Split::ALL.map(|split| LengthHistogram {
            modality,
            split,
            histogram: bins.count(steps(split)),
        })
    };
    let modalities = corpus.modalities.iter().map(|info| info.modality);
    modalities.enumerate().flat_map(of_modality).collect()
}
