//! Range and missing values of every feature.

use serde::Serialize;

use super::quantiles::FiveNumbers;
use crate::clean::{CleanCount, CleanReport};
use crate::corpus::{Corpus, Modality};

/// Features that are gathered in one pass over the frames. As wide as a cache line, so that wide frames are not read
/// once for each of their features; and few enough that the copy stays small beside the corpus.
const BLOCK: usize = 16;

/// Range and missing values of one feature, in all splits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FeatureSummary {
    /// Its modality.
    pub modality: Modality,
    /// Its place in a frame, from 0.
    pub feature: usize,
    /// Number of values, one a frame.
    pub values: u64,
    /// Values that are 0, which in many files also stands for a missing frame.
    pub zeros: u64,
    /// Values that are NaN or infinite now.
    pub not_finite: u64,
    /// Values that were NaN or infinite in the source and were replaced by 0. They are among the zeros.
    pub replaced: u64,
    /// Where the finite values lie; `None` without any.
    pub range: Option<FiveNumbers>,
}

impl FeatureSummary {
    /// Values that are no number or were none in the source.
    pub fn missing(&self) -> u64 {
        self.not_finite + self.replaced
    }
}

/// Every feature of every modality, in the order of the corpus.
pub(super) fn summarise(corpus: &Corpus, replaced: Option<&CleanReport>) -> Vec<FeatureSummary> {
    let mut features = Vec::new();
    for (index, info) in corpus.modalities.iter().enumerate() {
        for start in (0..info.dim).step_by(BLOCK) {
            let block = start..(start + BLOCK).min(info.dim);
            let mut columns = vec![Vec::new(); block.len()];
            for (_, utterance) in corpus.utterances() {
                for frame in utterance.features[index].rows() {
                    for (column, &value) in columns.iter_mut().zip(&frame[block.clone()]) {
                        column.push(value);
                    }
                }
            }
            let summary = |(feature, column)| of_column(info.modality, feature, column);
            features.extend(block.zip(columns).map(summary));
        }
    }
    for feature in &mut features {
        let counts = replaced.iter().flat_map(|report| &report.counts);
        let counts = counts.filter(|count| count.modality == feature.modality);
        let of_feature = |count: &CleanCount| count.features.get(&feature.feature).copied();
        feature.replaced = counts.filter_map(of_feature).sum();
    }
    features
}

fn of_column(modality: Modality, feature: usize, mut column: Vec<f32>) -> FeatureSummary {
    let values = column.len() as u64;
    column.retain(|value| value.is_finite());
    FeatureSummary {
        modality,
        feature,
        values,
        zeros: column.iter().filter(|&&value| value == 0.0).count() as u64,
        not_finite: values - column.len() as u64,
        replaced: 0,
        range: FiveNumbers::of(&mut column),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clean;
    use crate::corpus::{Features, ModalityInfo, Utterance};

    #[test]
    fn features_of_a_wide_modality_are_told_apart() {
        let info = |modality, dim| ModalityInfo { modality, dim };
        let modalities = vec![info(Modality::Language, 1), info(Modality::Audio, 20)];
        let mut corpus = Corpus::new("wide", modalities);
        // Frame f of feature j holds f · j.
        let audio = (0..3 * 20).map(|place| ((place / 20) * (place % 20)) as f32);
        let mut audio: Vec<f32> = audio.collect();
        audio[18] = f32::NAN;
        audio[20 + 18] = f32::NEG_INFINITY;
        corpus.test.push(Utterance {
            features: vec![Features::zeros(2, 1), Features::new(20, audio)],
            ..Utterance::default()
        });
        let features = summarise(&corpus, None);
        assert_eq!(features.len(), 21);
        assert_eq!((features[0].values, features[0].zeros), (2, 2));
        for (j, feature) in features[1..].iter().enumerate() {
            assert_eq!((feature.modality, feature.feature), (Modality::Audio, j));
            assert_eq!(feature.values, 3);
        }
        let range = features[1 + 19].range.unwrap();
        assert_eq!((range.min, range.median, range.max), (0.0, 19.0, 38.0));
        let damaged = features[1 + 18];
        assert_eq!((damaged.not_finite, damaged.zeros), (2, 0));
        assert_eq!(damaged.range.unwrap().min, 36.0);

        let report = clean::clean(&mut corpus);
        let cleaned = summarise(&corpus, Some(&report))[1 + 18];
        assert_eq!((cleaned.not_finite, cleaned.replaced), (0, 2));
        assert_eq!((cleaned.missing(), cleaned.zeros), (2, 2));
    }
}
