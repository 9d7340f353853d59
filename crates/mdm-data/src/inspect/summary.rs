//! Sizes, dims, label classes, lengths and values that are no numbers.

use serde::Serialize;

use crate::clean::{self, CleanReport};
use crate::corpus::{Corpus, Modality, ModalityInfo, Split};
use crate::warnings::{self, Warning};

/// What is in a corpus. [`std::fmt::Display`] prints tables of at most about 80 columns.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// Name of the corpus.
    pub name: String,
    /// Modalities with their dims.
    pub modalities: Vec<ModalityInfo>,
    /// Whether all modalities of an utterance have the same number of steps, in every utterance.
    pub aligned: bool,
    /// Train, valid, test.
    pub splits: Vec<SplitSummary>,
    /// NaN and infinite values, per modality.
    pub values: Vec<ValueSummary>,
    /// What is odd.
    pub warnings: Vec<Warning>,
}

/// What is in one split.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SplitSummary {
    /// Which split.
    pub split: Split,
    /// Number of utterances.
    pub utterances: usize,
    /// Number of words in all.
    pub words: usize,
    /// Utterances per class −3 … 3. Labels are held within [−3, 3] and rounded half to even, as the metric Acc7 does.
    pub label_histogram: [usize; 7],
    /// Lowest, mean and highest label; `None` without utterances.
    pub labels: Option<Spread>,
    /// Steps per utterance, for each modality.
    pub lengths: Vec<LengthSummary>,
}

/// Lowest, mean and highest of some values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The lowest.
    pub min: f32,
    /// The mean.
    pub mean: f64,
    /// The highest.
    pub max: f32,
}

/// Steps per utterance in one modality of one split; zeros without utterances.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LengthSummary {
    /// Which modality.
    pub modality: Modality,
    /// The shortest.
    pub min: usize,
    /// As many utterances are shorter as are longer; between two, their mean.
    pub median: f64,
    /// The mean.
    pub mean: f64,
    /// The longest.
    pub max: usize,
}

/// NaN and infinite values of one modality, in all splits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ValueSummary {
    /// Which modality.
    pub modality: Modality,
    /// Number of values.
    pub values: u64,
    /// NaN that are in the corpus now.
    pub nan: u64,
    /// +∞ that are in the corpus now.
    pub positive_infinite: u64,
    /// −∞ that are in the corpus now.
    pub negative_infinite: u64,
    /// NaN in the source that were replaced by 0.
    pub replaced_nan: u64,
    /// +∞ in the source that were replaced by 0.
    pub replaced_positive_infinite: u64,
    /// −∞ in the source that were replaced by 0.
    pub replaced_negative_infinite: u64,
}

/// Describes a corpus. `replaced` is what was cleaned out of it before, as a prepared store remembers it.
pub fn inspect(corpus: &Corpus, replaced: Option<&CleanReport>) -> Summary {
    let present = clean::count(corpus);
    let values = corpus.modalities.iter().map(|info| {
        let modality = info.modality;
        let mut summary = ValueSummary {
            modality,
            values: 0,
            nan: 0,
            positive_infinite: 0,
            negative_infinite: 0,
            replaced_nan: 0,
            replaced_positive_infinite: 0,
            replaced_negative_infinite: 0,
        };
        for count in present.counts.iter().filter(|c| c.modality == modality) {
            summary.values += count.values;
            summary.nan += count.nan;
            summary.positive_infinite += count.positive_infinite;
            summary.negative_infinite += count.negative_infinite;
        }
        let replaced = replaced.iter().flat_map(|report| &report.counts);
        for count in replaced.filter(|c| c.modality == modality) {
            summary.replaced_nan += count.nan;
            summary.replaced_positive_infinite += count.positive_infinite;
            summary.replaced_negative_infinite += count.negative_infinite;
        }
        summary
    });
    let mut warnings = warnings::check(corpus);
    warnings.extend(replaced.into_iter().flat_map(warnings::replaced));
    Summary {
        name: corpus.name.clone(),
        modalities: corpus.modalities.clone(),
        aligned: corpus.is_aligned(),
        splits: Split::ALL
            .into_iter()
            .map(|split| split_summary(corpus, split))
            .collect(),
        values: values.collect(),
        warnings,
    }
}

/// The class −3 … 3 of a label, as an index from 0. Half to even, as NumPy and PyTorch round.
fn class_of(label: f32) -> usize {
    (label.clamp(-3.0, 3.0).round_ties_even() + 3.0) as usize
}

fn split_summary(corpus: &Corpus, split: Split) -> SplitSummary {
    let utterances = corpus.split(split);
    let mut label_histogram = [0; 7];
    for utterance in utterances {
        label_histogram[class_of(utterance.label)] += 1;
    }
    let labels = utterances.iter().map(|u| u.label);
    let spread = (!utterances.is_empty()).then(|| Spread {
        min: labels.clone().fold(f32::INFINITY, f32::min),
        mean: labels.clone().map(f64::from).sum::<f64>() / utterances.len() as f64,
        max: labels.clone().fold(f32::NEG_INFINITY, f32::max),
    });
    let lengths = corpus.modalities.iter().enumerate().map(|(index, info)| {
        let steps = utterances
            .iter()
            .map(|u| u.features[index].steps())
            .collect();
        length_summary(info.modality, steps)
    });
    SplitSummary {
        split,
        utterances: utterances.len(),
        words: utterances.iter().map(|u| u.words.len()).sum(),
        label_histogram,
        labels: spread,
        lengths: lengths.collect(),
    }
}

fn length_summary(modality: Modality, mut steps: Vec<usize>) -> LengthSummary {
    steps.sort_unstable();
    let count = steps.len();
    let at = |index: usize| steps.get(index).copied().unwrap_or(0);
    let middle = |a, b| (at(a) + at(b)) as f64 / 2.0;
    LengthSummary {
        modality,
        min: at(0),
        median: middle(count.saturating_sub(1) / 2, count / 2),
        mean: steps.iter().sum::<usize>() as f64 / count.max(1) as f64,
        max: at(count.saturating_sub(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Features, Utterance};

    #[test]
    fn classes_are_rounded_half_to_even() {
        let classes = [-9.0, -2.5, -0.5, 0.5, 1.5, 2.5, 2.6].map(class_of);
        assert_eq!(classes, [0, 1, 3, 3, 5, 5, 6]);
    }

    #[test]
    fn summary_of_a_small_corpus() {
        let modality = Modality::Vision;
        let mut corpus = Corpus::new("small", vec![ModalityInfo { modality, dim: 2 }]);
        for (steps, label) in [(1, -1.0), (2, 0.5), (5, 3.0), (6, 2.5)] {
            let mut features = Features::zeros(steps, 2);
            features.data_mut().fill(1.0);
            corpus.train.push(Utterance {
                id: format!("u{steps}"),
                words: vec!["a".into(); steps],
                features: vec![features],
                label,
                ..Utterance::default()
            });
        }
        corpus.train[0].features[0].data_mut()[1] = f32::NEG_INFINITY;
        let summary = inspect(&corpus, None);
        let train = &summary.splits[0];
        assert_eq!((train.utterances, train.words), (4, 14));
        assert_eq!(train.label_histogram, [0, 0, 1, 1, 0, 1, 1]);
        assert_eq!(train.labels.unwrap().mean, 1.25);
        let lengths = train.lengths[0];
        assert_eq!(
            (lengths.min, lengths.median, lengths.mean, lengths.max),
            (1, 3.5, 3.5, 6)
        );
        assert_eq!(summary.splits[2].lengths[0].mean, 0.0);
        assert_eq!(
            (
                summary.values[0].values,
                summary.values[0].negative_infinite
            ),
            (28, 1)
        );

        let text = summary.to_string();
        assert!(text.contains("test: no utterances"), "{text}");
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(json["splits"][0]["lengths"][0]["modality"], "vision");
    }
}
