//! NaN and infinite values: counted, reported, replaced by 0.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::corpus::{Corpus, Features, Modality, ModalityInfo, Split, Utterance};

/// What was replaced in one modality of one split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CleanCount {
    /// The split.
    pub split: Split,
    /// The modality.
    pub modality: Modality,
    /// All values looked at.
    pub values: u64,
    /// Values that were NaN.
    pub nan: u64,
    /// Values that were +∞.
    pub positive_infinite: u64,
    /// Values that were −∞. Public files have some in the audio: the logarithm of silence.
    pub negative_infinite: u64,
    /// How many of the replaced values each feature had, by its place in the frame; features without any are left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub features: BTreeMap<usize, u64>,
}

impl CleanCount {
    /// Values that were replaced.
    pub fn total(&self) -> u64 {
        self.nan + self.positive_infinite + self.negative_infinite
    }
}

/// What was replaced, for every split and modality, splits first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CleanReport {
    /// One count for each split and modality, also where nothing was replaced.
    pub counts: Vec<CleanCount>,
}

impl CleanReport {
    /// Values that were replaced in all.
    pub fn total(&self) -> u64 {
        self.counts.iter().map(CleanCount::total).sum()
    }

    /// The count of one split and modality.
    pub fn get(&self, split: Split, modality: Modality) -> Option<&CleanCount> {
        let wanted = |c: &&CleanCount| c.split == split && c.modality == modality;
        self.counts.iter().find(wanted)
    }
}

impl fmt::Display for CleanReport {
    /// One line for each split and modality where something was replaced, or one line that says nothing was.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.total() == 0 {
            return write!(f, "no NaN or infinite values");
        }
        let mut first = true;
        for count in self.counts.iter().filter(|c| c.total() > 0) {
            if !first {
                writeln!(f)?;
            }
            first = false;
            write!(
                f,
                "{} {}: replaced by 0: {} NaN, {} +inf, {} -inf, of {} values",
                count.split,
                count.modality,
                count.nan,
                count.positive_infinite,
                count.negative_infinite,
                count.values
            )?;
        }
        Ok(())
    }
}

/// Counts the NaN and infinite values of utterances that come one by one, and replaces them.
///
/// ```
/// use mdm_data::clean::Cleaner;
/// use mdm_data::corpus::{Features, Modality, ModalityInfo, Split, Utterance};
///
/// let mut utterance = Utterance {
///     features: vec![Features::new(1, vec![f32::NAN, 2.0])],
///     ..Utterance::default()
/// };
/// let mut cleaner = Cleaner::default();
/// cleaner.clean(Split::Train, &mut utterance);
/// let report = cleaner.finish(&[ModalityInfo { modality: Modality::Audio, dim: 1 }]);
/// assert_eq!(report.total(), 1);
/// assert_eq!(utterance.features[0].data(), [0.0, 2.0]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cleaner {
    /// For each split in order, each modality in order.
    tallies: [Vec<Tally>; 3],
}

/// Values by kind, and those that are not finite by feature.
#[derive(Clone, Debug, Default)]
struct Tally {
    values: u64,
    nan: u64,
    positive_infinite: u64,
    negative_infinite: u64,
    features: BTreeMap<usize, u64>,
}

impl Tally {
    fn see(&mut self, feature: usize, value: f32) {
        self.values += 1;
        if value.is_finite() {
            return;
        }
        *self.features.entry(feature).or_default() += 1;
        if value.is_nan() {
            self.nan += 1;
        } else if value == f32::INFINITY {
            self.positive_infinite += 1;
        } else if value == f32::NEG_INFINITY {
            self.negative_infinite += 1;
        }
    }
}

impl Cleaner {
    /// Counts without changing anything.
    pub fn count(&mut self, split: Split, utterance: &Utterance) {
        let tallies = &mut self.tallies[split as usize];
        let known = tallies.len().max(utterance.features.len());
        tallies.resize(known, Tally::default());
        for (tally, features) in tallies.iter_mut().zip(&utterance.features) {
            for row in features.rows() {
                for (feature, &value) in row.iter().enumerate() {
                    tally.see(feature, value);
                }
            }
        }
    }

    /// Counts, and replaces by 0. Zero is what the peers use, and before normalisation it is also what the files put
    /// where a frame is missing.
    pub fn clean(&mut self, split: Split, utterance: &mut Utterance) {
        self.count(split, utterance);
        let values = utterance.features.iter_mut().flat_map(Features::data_mut);
        values
            .filter(|value| !value.is_finite())
            .for_each(|value| *value = 0.0);
    }

    /// The report, for utterances of these modalities.
    pub fn finish(&self, modalities: &[ModalityInfo]) -> CleanReport {
        let of_split = |split: Split| {
            modalities.iter().enumerate().map(move |(index, info)| {
                let tally = self.tallies[split as usize].get(index);
                let tally = tally.cloned().unwrap_or_default();
                CleanCount {
                    split,
                    modality: info.modality,
                    values: tally.values,
                    nan: tally.nan,
                    positive_infinite: tally.positive_infinite,
                    negative_infinite: tally.negative_infinite,
                    features: tally.features,
                }
            })
        };
        CleanReport {
            counts: Split::ALL.into_iter().flat_map(of_split).collect(),
        }
    }
}

/// Counts NaN and infinite values without changing anything.
pub fn count(corpus: &Corpus) -> CleanReport {
    let mut cleaner = Cleaner::default();
    for (split, utterance) in corpus.utterances() {
        cleaner.count(split, utterance);
    }
    cleaner.finish(&corpus.modalities)
}

/// Replaces every NaN and infinite feature value by 0, and says how many of each kind there were; see [`Cleaner`].
pub fn clean(corpus: &mut Corpus) -> CleanReport {
    let mut cleaner = Cleaner::default();
    for split in Split::ALL {
        for utterance in corpus.split_mut(split) {
            cleaner.clean(split, utterance);
        }
    }
    cleaner.finish(&corpus.modalities)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_counted_and_replaced() {
        let modality = Modality::Audio;
        let mut corpus = Corpus::new("t", vec![ModalityInfo { modality, dim: 2 }]);
        let values = vec![
            1.0,
            f32::NAN,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::NAN,
            2.0,
        ];
        corpus.valid.push(Utterance {
            id: "a".into(),
            words: vec![],
            features: vec![Features::new(2, values)],
            label: 0.0,
            ..Utterance::default()
        });
        let report = clean(&mut corpus);
        let count = report.get(Split::Valid, modality).unwrap();
        assert_eq!((count.values, count.nan), (6, 2));
        assert_eq!((count.positive_infinite, count.negative_infinite), (1, 1));
        assert_eq!(count.features, BTreeMap::from([(0, 2), (1, 2)]));
        assert_eq!(report.total(), 4);
        assert_eq!(
            corpus.valid[0].features[0].data(),
            &[1.0, 0.0, 0.0, 0.0, 0.0, 2.0]
        );
        assert_eq!(
            report.to_string(),
            "valid audio: replaced by 0: 2 NaN, 1 +inf, 1 -inf, of 6 values"
        );
        assert_eq!(clean(&mut corpus).to_string(), "no NaN or infinite values");
    }
}
