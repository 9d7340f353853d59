//! What is odd about a corpus without making it unusable. Each kind is counted once, not reported per utterance.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::corpus::{Corpus, Modality, ModalityInfo, Split, Utterance};

/// Something odd, with how often it occurs and one utterance where it does.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Warning {
    /// A split without utterances.
    EmptySplit {
        /// The split.
        split: Split,
    },
    /// Ids that occur more than once in a split.
    DuplicateIds {
        /// The split.
        split: Split,
        /// Number of ids concerned.
        count: usize,
        /// One of them.
        example: String,
    },
    /// Ids that occur in more than one split: training data may have reached the test.
    IdsInTwoSplits {
        /// Number of ids concerned.
        count: usize,
        /// One of them.
        example: String,
    },
    /// Utterances without words in a corpus that has words.
    EmptyText {
        /// The split.
        split: Split,
        /// Number of utterances concerned.
        count: usize,
        /// One of them.
        example: String,
    },
    /// Utterances in which every frame of a modality is zero.
    AllZero {
        /// The split.
        split: Split,
        /// The modality.
        modality: Modality,
        /// Number of utterances concerned.
        count: usize,
        /// One of them.
        example: String,
    },
    /// Utterances with another number of words than of language frames.
    WordsDiffer {
        /// The split.
        split: Split,
        /// Number of utterances concerned.
        count: usize,
        /// One of them.
        example: String,
    },
    /// Labels outside [−3, 3], the range of the sentiment corpora.
    LabelsOutside {
        /// The split.
        split: Split,
        /// Number of utterances concerned.
        count: usize,
        /// One of them.
        example: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (split, what, count, example) = match self {
            Self::EmptySplit { split } => return write!(f, "{split}: no utterances"),
            Self::IdsInTwoSplits { count, example } => {
                return write!(
                    f,
                    "ids in more than one split: {count}, for instance {example}"
                );
            }
            Self::AllZero {
                split,
                modality,
                count,
                example,
            } => {
                let what = "utterances that are all zero in";
                return write!(
                    f,
                    "{split}: {what} {modality}: {count}, for instance {example}"
                );
            }
            Self::DuplicateIds {
                split,
                count,
                example,
            } => (split, "ids that occur more than once", count, example),
            Self::EmptyText {
                split,
                count,
                example,
            } => (split, "utterances without words", count, example),
            Self::WordsDiffer {
                split,
                count,
                example,
            } => {
                let what = "utterances with another number of words than of language frames";
                (split, what, count, example)
            }
            Self::LabelsOutside {
                split,
                count,
                example,
            } => (split, "labels outside [-3, 3]", count, example),
        };
        write!(f, "{split}: {what}: {count}, for instance {example}")
    }
}

/// Looks for everything that [`Warning`] knows, in a fixed order.
pub fn check(corpus: &Corpus) -> Vec<Warning> {
    let mut watch = Watch::default();
    for (split, utterance) in corpus.utterances() {
        watch.see(split, utterance);
    }
    watch.finish(&corpus.modalities)
}

/// Looks for everything that [`Warning`] knows in utterances that come one by one. Of all that it sees it keeps the ids.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// In order.
    splits: [SplitWatch; 3],
    has_words: bool,
}

#[derive(Clone, Debug, Default)]
struct SplitWatch {
    /// How often each id occurs.
    ids: BTreeMap<String, usize>,
    empty_text: Findings,
    /// For each modality in order.
    all_zero: Vec<Findings>,
    /// Another number of words than of frames in the first modality.
    words_differ: Findings,
    labels_outside: Findings,
}

/// How often something occurs, and one utterance where it does.
#[derive(Clone, Debug, Default)]
struct Findings {
    count: usize,
    example: String,
}

impl Findings {
    fn note(&mut self, found: bool, utterance: &Utterance) {
        if found && self.count == 0 {
            self.example.clone_from(&utterance.id);
        }
        self.count += usize::from(found);
    }

    fn warning(&self, make: impl FnOnce(usize, String) -> Warning) -> Option<Warning> {
        (self.count > 0).then(|| make(self.count, self.example.clone()))
    }
}

impl Watch {
    /// Takes note of an utterance.
    pub fn see(&mut self, split: Split, utterance: &Utterance) {
        self.has_words |= !utterance.words.is_empty();
        let watch = &mut self.splits[split as usize];
        *watch.ids.entry(utterance.id.clone()).or_default() += 1;
        let words = utterance.words.len();
        watch.empty_text.note(words == 0, utterance);
        let known = watch.all_zero.len().max(utterance.features.len());
        watch.all_zero.resize_with(known, Findings::default);
        for (findings, features) in watch.all_zero.iter_mut().zip(&utterance.features) {
            let zero = features.data().iter().all(|&x| x == 0.0);
            findings.note(zero, utterance);
        }
        let first = utterance.features.first();
        let differ = words > 0 && first.is_some_and(|features| features.steps() != words);
        watch.words_differ.note(differ, utterance);
        let outside = !(-3.0..=3.0).contains(&utterance.label);
        watch.labels_outside.note(outside, utterance);
    }

    /// What was odd, for utterances of these modalities.
    pub fn finish(&self, modalities: &[ModalityInfo]) -> Vec<Warning> {
        let mut warnings = Vec::new();
        for (split, watch) in Split::ALL.into_iter().zip(&self.splits) {
            if watch.ids.is_empty() {
                warnings.push(Warning::EmptySplit { split });
            }
            let duplicates = watch.ids.iter().filter(|&(_, &times)| times > 1);
            warnings.extend(
                named(duplicates.map(|(id, _)| id)).warning(|count, example| {
                    Warning::DuplicateIds {
                        split,
                        count,
                        example,
                    }
                }),
            );
            if self.has_words {
                warnings.extend(
                    watch
                        .empty_text
                        .warning(|count, example| Warning::EmptyText {
                            split,
                            count,
                            example,
                        }),
                );
            }
            for (info, findings) in modalities.iter().zip(&watch.all_zero) {
                warnings.extend(findings.warning(|count, example| Warning::AllZero {
                    split,
                    modality: info.modality,
                    count,
                    example,
                }));
            }
            // Language comes first, where there is any.
            if modalities.first().map(|info| info.modality) == Some(Modality::Language) {
                warnings.extend(watch.words_differ.warning(|count, example| {
                    Warning::WordsDiffer {
                        split,
                        count,
                        example,
                    }
                }));
            }
            warnings.extend(watch.labels_outside.warning(|count, example| {
                Warning::LabelsOutside {
                    split,
                    count,
                    example,
                }
            }));
        }
        let [train, valid, test] = &self.splits;
        let known = |watch: &SplitWatch, id: &String| watch.ids.contains_key(id);
        let mut both: BTreeSet<&String> = train.ids.keys().filter(|id| known(valid, id)).collect();
        both.extend(
            test.ids
                .keys()
                .filter(|id| known(train, id) || known(valid, id)),
        );
        warnings.extend(
            named(both.into_iter())
                .warning(|count, example| Warning::IdsInTwoSplits { count, example }),
        );
        warnings
    }
}

/// How many ids there are, and the first.
fn named<'i>(mut ids: impl Iterator<Item = &'i String>) -> Findings {
    let Some(example) = ids.next() else {
        return Findings::default();
    };
    Findings {
        count: 1 + ids.count(),
        example: example.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Features;

    fn utterance(id: &str, words: &[&str], value: f32, label: f32) -> Utterance {
        Utterance {
            id: id.into(),
            words: words.iter().map(|w| w.to_string()).collect(),
            features: vec![Features::new(1, vec![value])],
            label,
            ..Utterance::default()
        }
    }

    #[test]
    fn every_kind_is_found_once() {
        let modality = Modality::Language;
        let mut corpus = Corpus::new("t", vec![ModalityInfo { modality, dim: 1 }]);
        corpus.train = vec![
            utterance("a", &["x"], 1.0, 0.0),
            utterance("a", &["x", "y"], 1.0, 3.5),
            utterance("b", &[], 0.0, 0.0),
        ];
        corpus.test = vec![utterance("b", &["x"], 1.0, -3.0)];
        let (split, count) = (Split::Train, 1);
        let (a, b) = (String::from("a"), String::from("b"));
        let expected = vec![
            Warning::DuplicateIds {
                split,
                count,
                example: a.clone(),
            },
            Warning::EmptyText {
                split,
                count,
                example: b.clone(),
            },
            Warning::AllZero {
                split,
                modality,
                count,
                example: b.clone(),
            },
            Warning::WordsDiffer {
                split,
                count,
                example: a.clone(),
            },
            Warning::LabelsOutside {
                split,
                count,
                example: a,
            },
            Warning::EmptySplit {
                split: Split::Valid,
            },
            Warning::IdsInTwoSplits { count, example: b },
        ];
        assert_eq!(check(&corpus), expected);
        assert!(expected[0].to_string().contains("for instance a"));
    }
}
