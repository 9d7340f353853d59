//! What a run learns to predict: a sentiment as a number, its class, or the emotions.
//!
//! A task says how many outputs the head has ([`Task::outputs`]), what they are compared with ([`Task::targets`], with the
//! loss in [`Targets::loss`]), what they say of an utterance ([`Task::predict`]) and what is told of them
//! ([`Task::metrics`]). Trainer and evaluation know no more of it.

mod class_metrics;
mod classes;
mod emotions;
mod metrics;
mod prediction;
mod targets;

use std::fmt;
use std::str::FromStr;

use mdm_data::batch::MultimodalBatch;
use mdm_data::corpus::Emotions;
use mdm_data::{Corpus, Split, Utterance};
use serde::{Deserialize, Serialize};

use crate::config::TaskLoss;
use crate::{Baselines, Error, Metrics};

pub use class_metrics::{ClassBaselines, ClassMetrics, ClassScore, ClassScores};
pub use classes::Classes;
pub use emotions::{EmotionBaselines, EmotionMetrics, EmotionScore, EmotionScores};
pub use metrics::{TaskBaselines, TaskMetrics};
pub use prediction::Prediction;
pub use targets::Targets;

/// What a run learns to predict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Task {
    /// The sentiment as a number.
    #[default]
    Regression,
    /// The class of the sentiment.
    Classes(Classes),
    /// Which of the six emotions are present, each apart from the others.
    Emotions,
}

impl Task {
    /// Every task.
    pub const ALL: [Self; 7] = [
        Self::Regression,
        Self::Classes(Classes::Seven),
        Self::Classes(Classes::Five),
        Self::Classes(Classes::Three),
        Self::Classes(Classes::NonNegative),
        Self::Classes(Classes::Nonzero),
        Self::Emotions,
    ];

    /// The name in configs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Regression => "regression",
            Self::Classes(Classes::Seven) => "classes-7",
            Self::Classes(Classes::Five) => "classes-5",
            Self::Classes(Classes::Three) => "classes-3",
            Self::Classes(Classes::NonNegative) => "classes-2",
            Self::Classes(Classes::Nonzero) => "classes-2-non0",
            Self::Emotions => "emotions",
        }
    }

    /// Outputs of the head: one, one a class, or one an emotion.
    pub fn outputs(self) -> usize {
        match self {
            Self::Regression => 1,
            Self::Classes(classes) => classes.names().len(),
            Self::Emotions => Emotions::NAMES.len(),
        }
    }

    /// Makes sure that every split of a corpus has what the task learns from.
    ///
    /// # Errors
    ///
    /// [`Error::NotAnnotated`] for an utterance without a label or without emotions, or a split in which every utterance is
    /// left out.
    pub fn check(self, corpus: &Corpus) -> Result<(), Error> {
        let fails = |needs, found| {
            Err(Error::NotAnnotated {
                corpus: corpus.name.clone(),
                task: self,
                needs,
                found,
            })
        };
        let mut all = corpus.utterances();
        let needs_label = self != Self::Emotions;
        if needs_label && let Some((split, utterance)) = all.find(|(_, u)| u.label.is_nan()) {
            let found = format!("none for {} in {split}", utterance.id);
            return fails("a label for every utterance", found);
        }
        match self {
            Self::Regression => Ok(()),
            Self::Classes(classes) => {
                let all_left_out = |split: &Split| {
                    let mut labels = corpus.split(*split).iter().map(|utterance| utterance.label);
                    labels.len() > 0 && labels.all(|label| classes.of_label(label).is_none())
                };
                match Split::ALL.into_iter().find(all_left_out) {
                    None => Ok(()),
                    Some(split) => fails("labels other than 0", format!("none in {split}")),
                }
            }
            Self::Emotions => {
                let mut all = corpus.utterances();
                match all.find(|(_, utterance)| utterance.emotions.is_none()) {
                    None => Ok(()),
                    Some((split, utterance)) => fails(
                        "emotions for every utterance",
                        format!("none for {} in {split}", utterance.id),
                    ),
                }
            }
        }
    }

    /// What the outputs of a batch are compared with; `loss` is that of a regression.
    ///
    /// # Panics
    ///
    /// When the batch lacks emotions that the task needs, which [`Task::check`] refuses.
    pub fn targets(self, batch: &MultimodalBatch, loss: TaskLoss) -> Targets {
        match self {
            Self::Regression => Targets::Sentiment {
                labels: batch.labels.clone(),
                loss,
            },
            Self::Classes(classes) => Targets::Class {
                one_hot: classes.one_hot(batch.labels.clone()),
            },
            Self::Emotions => {
                let intensities = batch.emotions.clone();
                let intensities = intensities.expect("a checked corpus has emotions");
                Targets::Emotions {
                    present: intensities.greater_elem(0.0).float(),
                }
            }
        }
    }

    /// Metrics of the outputs `[n, outputs]`, row-major, for `n` utterances.
    ///
    /// # Panics
    ///
    /// When there is not one row an utterance, or an utterance lacks emotions that the task needs.
    pub fn metrics(self, outputs: &[f32], utterances: &[Utterance]) -> TaskMetrics {
        match self {
            Self::Regression => TaskMetrics::Sentiment(Metrics::new(outputs, &labels(utterances))),
            Self::Classes(classes) => {
                TaskMetrics::Classes(ClassMetrics::new(classes, outputs, &labels(utterances)))
            }
            Self::Emotions => {
                TaskMetrics::Emotions(EmotionMetrics::new(outputs, &annotations(utterances)))
            }
        }
    }

    /// What trivial predictors reach on the utterances of `test`.
    ///
    /// # Panics
    ///
    /// When an utterance lacks emotions that the task needs.
    pub fn baselines(self, train: &[Utterance], test: &[Utterance]) -> TaskBaselines {
        match self {
            Self::Regression => TaskBaselines::Sentiment(Baselines::new(train, test)),
            Self::Classes(classes) => {
                TaskBaselines::Classes(ClassBaselines::new(classes, &labels(test)))
            }
            Self::Emotions => TaskBaselines::Emotions(EmotionBaselines::new(&annotations(test))),
        }
    }
}

fn labels(utterances: &[Utterance]) -> Vec<f32> {
    utterances.iter().map(|utterance| utterance.label).collect()
}

fn annotations(utterances: &[Utterance]) -> Vec<Emotions> {
    let emotions = utterances.iter().map(|utterance| utterance.emotions);
    emotions
        .map(|emotions| emotions.expect("a checked corpus has emotions"))
        .collect()
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Task {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|task| task.name() == name)
            .ok_or_else(|| Error::UnknownTask {
                name: name.to_owned(),
                known: Self::ALL.map(Self::name).join(", "),
            })
    }
}

impl TryFrom<String> for Task {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        name.parse()
    }
}

impl From<Task> for String {
    fn from(task: Task) -> Self {
        task.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corpus(labels: [f32; 3], emotions: [Option<Emotions>; 3]) -> Corpus {
        let mut corpus = Corpus::new("tiny", Vec::new());
        for (split, (label, emotions)) in
            Split::ALL.into_iter().zip(labels.into_iter().zip(emotions))
        {
            corpus.split_mut(split).push(Utterance {
                id: format!("{split}[0]"),
                label,
                emotions,
                ..Utterance::default()
            });
        }
        corpus
    }

    #[test]
    fn names_round_trip_and_a_wrong_one_lists_them() {
        for task in Task::ALL {
            assert_eq!(task.name().parse::<Task>().unwrap(), task);
        }
        let error = "classes-4".parse::<Task>().unwrap_err().to_string();
        assert!(error.contains("`classes-4`"), "{error}");
        assert!(
            error.contains("regression, classes-7, classes-5"),
            "{error}"
        );
    }

    #[test]
    fn a_corpus_without_what_the_task_needs_is_refused_by_name() {
        let emotions = Some(Emotions::default());
        let whole = corpus([1.0, -2.0, 0.4], [emotions; 3]);
        for task in Task::ALL {
            task.check(&whole).unwrap();
        }
        let error = |corpus: &Corpus, task: Task| task.check(corpus).unwrap_err().to_string();
        let partly = error(
            &corpus([1.0; 3], [emotions, emotions, None]),
            Task::Emotions,
        );
        assert_eq!(
            partly,
            "train.task = \"emotions\" needs emotions for every utterance, but corpus tiny has none for test[0] in test"
        );
        let zeros = corpus([1.0, 0.0, 2.0], [None; 3]);
        let left_out = error(&zeros, Task::Classes(Classes::Nonzero));
        assert!(
            left_out.contains("classes-2-non0") && left_out.contains("none in valid"),
            "{left_out}"
        );
        Task::Classes(Classes::NonNegative).check(&zeros).unwrap();
        let unlabelled = error(&corpus([1.0, f32::NAN, 2.0], [None; 3]), Task::Regression);
        assert!(
            unlabelled.contains("a label for every utterance") && unlabelled.contains("valid[0]"),
            "{unlabelled}"
        );
    }
}
