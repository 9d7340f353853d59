//! What is odd about a corpus without making it unusable. Each kind is counted once, not reported per utterance.

mod video;
mod watch;

use std::fmt;

use serde::Serialize;

pub use watch::Watch;

use crate::clean::CleanReport;
use crate::corpus::{Corpus, Modality, Split};

/// Something odd, with how often it occurs and one utterance where it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Warning {
    /// What is odd.
    pub kind: WarningKind,
    /// In which split; `None` where it is between splits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// In which modality, where it is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modality: Option<Modality>,
    /// How many utterances, ids, videos or values are concerned, see [`WarningKind`].
    pub count: usize,
    /// One of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
}

/// What may be odd, in the order in which it is reported within a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WarningKind {
    /// A split without utterances.
    EmptySplit,
    /// Ids that occur more than once in a split.
    DuplicateIds,
    /// Utterances without words in a corpus that has words.
    EmptyText,
    /// Utterances in which every frame of a modality is zero.
    AllZero,
    /// Utterances in which some frame of a modality is zero in all values, and not all frames are.
    ZeroFrames,
    /// Utterances with NaN or infinite values in a modality.
    NotFinite,
    /// Values, not utterances, that were NaN or infinite in the source and became 0.
    Replaced,
    /// Utterances with another number of words than of frames of a modality; of modalities with as many frames, only the
    /// first. Of audio and vision only where most utterances of the split have one frame a word: others have a rate of
    /// their own.
    WordsDiffer,
    /// Labels outside [−3, 3], the range of the sentiment corpora.
    LabelsOutside,
    /// Utterances with an emotion outside [0, 3], the range of CMU-MOSEI.
    EmotionsOutside,
    /// Ids that occur in more than one split: training data may have reached the test.
    IdsInTwoSplits,
    /// Videos with utterances in more than one split, as far as ids show the video: a speaker that the training knows.
    VideosInTwoSplits,
}

impl Warning {
    fn new(kind: WarningKind, split: Option<Split>, count: usize, example: Option<String>) -> Self {
        Self {
            kind,
            split,
            modality: None,
            count,
            example,
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(split) = self.split {
            write!(f, "{split}: ")?;
        }
        let modality = self.modality.map_or("a modality", Modality::name);
        match self.kind {
            WarningKind::EmptySplit => return write!(f, "no utterances"),
            WarningKind::DuplicateIds => write!(f, "ids that occur more than once")?,
            WarningKind::EmptyText => write!(f, "utterances without words")?,
            WarningKind::AllZero => write!(f, "utterances that are all zero in {modality}")?,
            WarningKind::ZeroFrames => {
                write!(f, "utterances with frames that are all zero in {modality}")?;
            }
            WarningKind::NotFinite => {
                write!(f, "utterances with NaN or infinite values in {modality}")?;
            }
            WarningKind::Replaced => {
                write!(f, "NaN or infinite values that became 0 in {modality}")?;
            }
            WarningKind::WordsDiffer => write!(
                f,
                "utterances with another number of words than of {modality} frames"
            )?,
            WarningKind::LabelsOutside => write!(f, "labels outside [-3, 3]")?,
            WarningKind::EmotionsOutside => write!(f, "utterances with emotions outside [0, 3]")?,
            WarningKind::IdsInTwoSplits => write!(f, "ids in more than one split")?,
            WarningKind::VideosInTwoSplits => write!(f, "videos in more than one split")?,
        }
        write!(f, ": {}", self.count)?;
        match &self.example {
            Some(example) => write!(f, ", for instance {example}"),
            None => Ok(()),
        }
    }
}

/// Looks for everything that can be seen in a corpus, in a fixed order. [`Watch`] does it without one.
pub fn check(corpus: &Corpus) -> Vec<Warning> {
    let mut watch = Watch::new();
    for (split, utterance) in corpus.utterances() {
        watch.see(split, utterance);
    }
    watch.finish(&corpus.modalities)
}

/// What was replaced in a corpus, which cannot be seen in it any more: one warning for each split and modality.
pub fn replaced(report: &CleanReport) -> Vec<Warning> {
    let counts = report.counts.iter().filter(|count| count.total() > 0);
    let warning = counts.map(|count| Warning {
        modality: Some(count.modality),
        ..Warning::new(
            WarningKind::Replaced,
            Some(count.split),
            usize::try_from(count.total()).unwrap_or(usize::MAX),
            None,
        )
    });
    warning.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Emotions, Features, ModalityInfo, Utterance};

    fn utterance(id: &str, words: &[&str], frames: &[f32], label: f32) -> Utterance {
        Utterance {
            id: id.into(),
            words: words.iter().map(|w| w.to_string()).collect(),
            features: vec![Features::new(1, frames.to_vec())],
            label,
            ..Utterance::default()
        }
    }

    fn corpus(modality: Modality) -> Corpus {
        Corpus::new("t", vec![ModalityInfo { modality, dim: 1 }])
    }

    fn lines(corpus: &Corpus) -> Vec<String> {
        check(corpus).iter().map(Warning::to_string).collect()
    }

    #[test]
    fn every_kind_is_found_once() {
        let mut corpus = corpus(Modality::Language);
        corpus.train = vec![
            utterance("a[1]", &["x"], &[1.0], 0.0),
            utterance("a[1]", &["x", "y"], &[1.0], 3.5),
            utterance("b", &[], &[0.0], 0.0),
            utterance("c", &["x", "y"], &[0.0, f32::NAN], -4.0),
        ];
        corpus.train[2].emotions = Some(Emotions([0.0, 0.0, 3.1, 0.0, 0.0, 0.0]));
        corpus.test = vec![
            utterance("b", &["x"], &[1.0], -3.0),
            utterance("a[2]", &["x"], &[1.0], 3.0),
        ];
        corpus.test[0].emotions = Some(Emotions([0.0, 3.0, 0.0, 0.0, 0.0, 0.0]));
        let expected = [
            "train: ids that occur more than once: 1, for instance a[1]",
            "train: utterances without words: 1, for instance b",
            "train: utterances that are all zero in language: 1, for instance b",
            "train: utterances with frames that are all zero in language: 1, for instance c",
            "train: utterances with NaN or infinite values in language: 1, for instance c",
            "train: utterances with another number of words than of language frames: 1, for instance a[1]",
            "train: labels outside [-3, 3]: 2, for instance a[1]",
            "train: utterances with emotions outside [0, 3]: 1, for instance b",
            "valid: no utterances",
            "ids in more than one split: 1, for instance b",
            "videos in more than one split: 1, for instance a",
        ];
        assert_eq!(lines(&corpus), expected);
    }

    #[test]
    fn the_order_of_the_utterances_does_not_matter() {
        let all = [
            (Split::Test, utterance("b", &["x"], &[0.0], 9.0)),
            (Split::Train, utterance("a", &[], &[0.0], 0.0)),
            (Split::Valid, utterance("c", &["x"], &[1.0], 0.0)),
        ];
        let modalities = corpus(Modality::Audio).modalities;
        let warnings = |order: [usize; 3]| {
            let mut watch = Watch::new();
            for index in order {
                watch.see(all[index].0, &all[index].1);
            }
            watch.finish(&modalities)
        };
        assert_eq!(warnings([0, 1, 2]).len(), 4);
        assert_eq!(warnings([0, 1, 2]), warnings([2, 1, 0]));
    }

    #[test]
    fn a_modality_with_a_rate_of_its_own_is_not_odd() {
        let mut corpus = corpus(Modality::Audio);
        corpus.valid = vec![utterance("v", &["x"], &[1.0], 0.0)];
        corpus.test = vec![utterance("t", &["x"], &[1.0], 0.0)];
        corpus.train = vec![
            utterance("a", &["x"], &[1.0], 0.0),
            utterance("b", &["x", "y"], &[1.0], 0.0),
        ];
        let expected = "train: utterances with another number of words than of audio frames: 1, for instance b";
        assert_eq!(lines(&corpus), [expected]);
        corpus.train.push(utterance("c", &["x", "y"], &[1.0], 0.0));
        assert_eq!(lines(&corpus), [""; 0]);
    }

    #[test]
    fn modalities_with_as_many_frames_are_named_once() {
        let info = |modality| ModalityInfo { modality, dim: 1 };
        let modalities = [Modality::Language, Modality::Audio, Modality::Vision].map(info);
        let mut watch = Watch::new();
        for (id, vision) in [("a", 1), ("b", 1), ("c", 3)] {
            let mut utterance = utterance(id, &["x"], &[1.0, 1.0], 0.0);
            let frames = |steps| Features::new(1, vec![1.0; steps]);
            utterance.features.extend([frames(2), frames(vision)]);
            watch.see(Split::Train, &utterance);
        }
        let kind = WarningKind::WordsDiffer;
        let warnings = watch.finish(&modalities);
        let found = warnings.iter().filter(|warning| warning.kind == kind);
        let found: Vec<_> = found.map(|w| (w.modality, w.count)).collect();
        let expected = [(Some(Modality::Language), 3), (Some(Modality::Vision), 1)];
        assert_eq!(found, expected);
    }

    #[test]
    fn without_words_nothing_is_said_about_words() {
        let mut corpus = corpus(Modality::Language);
        for split in Split::ALL {
            let utterance = utterance(split.name(), &[], &[1.0, 2.0], 0.0);
            corpus.split_mut(split).push(utterance);
        }
        assert_eq!(check(&corpus), []);
    }

    #[test]
    fn what_was_replaced_is_told_by_the_report() {
        let mut corpus = corpus(Modality::Vision);
        corpus.test = vec![utterance("a", &[], &[f32::NAN, f32::INFINITY, 1.0], 0.0)];
        let report = crate::clean::clean(&mut corpus);
        let [warning] = &replaced(&report)[..] else {
            panic!("one split and modality");
        };
        let expected = "test: NaN or infinite values that became 0 in vision: 2";
        assert_eq!(warning.to_string(), expected);
        let json = serde_json::to_value(warning).unwrap();
        assert_eq!(
            (&json["kind"], &json["count"]),
            (&"replaced".into(), &2.into())
        );
        assert!(json.get("example").is_none());
    }
}
