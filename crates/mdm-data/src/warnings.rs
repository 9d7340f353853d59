//! What is odd about a corpus without making it unusable. Each kind is counted once, not reported per utterance.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::corpus::{Corpus, Modality, Split, Utterance};

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
    let has_words = corpus.utterances().any(|(_, u)| !u.words.is_empty());
    let language = corpus.index_of(Modality::Language);
    let mut warnings = Vec::new();
    for split in Split::ALL {
        let utterances = corpus.split(split);
        if utterances.is_empty() {
            warnings.push(Warning::EmptySplit { split });
        }
        warnings.extend(
            duplicates(utterances).map(|(count, example)| Warning::DuplicateIds {
                split,
                count,
                example,
            }),
        );
        let empty = |u: &Utterance| has_words && u.words.is_empty();
        warnings.extend(
            find(utterances, empty).map(|(count, example)| Warning::EmptyText {
                split,
                count,
                example,
            }),
        );
        for (index, info) in corpus.modalities.iter().enumerate() {
            let modality = info.modality;
            let zero = |u: &Utterance| u.features[index].data().iter().all(|&x| x == 0.0);
            warnings.extend(
                find(utterances, zero).map(|(count, example)| Warning::AllZero {
                    split,
                    modality,
                    count,
                    example,
                }),
            );
        }
        if let Some(index) = language {
            let differ =
                |u: &Utterance| !u.words.is_empty() && u.words.len() != u.features[index].steps();
            warnings.extend(find(utterances, differ).map(|(count, example)| {
                Warning::WordsDiffer {
                    split,
                    count,
                    example,
                }
            }));
        }
        let outside = |u: &Utterance| !(-3.0..=3.0).contains(&u.label);
        warnings.extend(
            find(utterances, outside).map(|(count, example)| Warning::LabelsOutside {
                split,
                count,
                example,
            }),
        );
    }
    warnings
        .extend(shared(corpus).map(|(count, example)| Warning::IdsInTwoSplits { count, example }));
    warnings
}

type Finding = Option<(usize, String)>;

fn find(utterances: &[Utterance], odd: impl Fn(&Utterance) -> bool) -> Finding {
    let mut hits = utterances.iter().filter(|u| odd(u));
    let example = hits.next()?.id.clone();
    Some((1 + hits.count(), example))
}

fn duplicates(utterances: &[Utterance]) -> Finding {
    let mut times = BTreeMap::new();
    for utterance in utterances {
        *times.entry(&utterance.id).or_insert(0) += 1;
    }
    let mut repeated = times.into_iter().filter(|&(_, n)| n > 1);
    let (example, _) = repeated.next()?;
    Some((1 + repeated.count(), example.clone()))
}

fn shared(corpus: &Corpus) -> Finding {
    let ids = |split| -> BTreeSet<&String> { corpus.split(split).iter().map(|u| &u.id).collect() };
    let [train, valid, test] = Split::ALL.map(ids);
    let mut both = train.intersection(&valid).copied().collect::<BTreeSet<_>>();
    both.extend(train.intersection(&test).copied());
    both.extend(valid.intersection(&test).copied());
    Some((both.len(), both.first()?.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Features, ModalityInfo};

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
