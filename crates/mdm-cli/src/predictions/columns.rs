//! The columns of the predictions, by the task of the run.

use mdm_data::corpus::Emotions;
use mdm_data::{Corpus, Split, Utterance};
use mdm_train::Task;
use mdm_train::task::Prediction;
use serde::Serialize;

/// One cell of a row.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// A name or a transcript.
    Text(String),
    /// A number, or nothing where it is not known.
    Number(Option<f32>),
}

impl Cell {
    fn number(number: f32) -> Self {
        Self::Number(Some(number).filter(|number| !number.is_nan()))
    }
}

/// Which columns there are.
pub struct Columns {
    task: Task,
    has_labels: bool,
    has_score: bool,
}

impl Columns {
    /// For a task; labels where the corpus has any, a score where the run has a critic.
    pub fn new(task: Task, corpus: &Corpus, has_score: bool) -> Self {
        let has_labels = match task {
            Task::Emotions => corpus.has_emotions(),
            _ => corpus.utterances().any(|(_, u)| !u.label.is_nan()),
        };
        Self {
            task,
            has_labels,
            has_score,
        }
    }

    /// Their names, in order.
    pub fn names(&self) -> Vec<String> {
        let with = |prefix: &str, names: &[&str]| -> Vec<String> {
            names.iter().map(|name| format!("{prefix}{name}")).collect()
        };
        let mut names = with("", &["id", "split", "words"]);
        match self.task {
            Task::Classes(classes) => {
                names.extend(with("probability_", classes.names()));
                names.push("class".to_owned());
            }
            Task::Emotions => names.extend(with("probability_", &Emotions::NAMES)),
            _ => names.push("prediction".to_owned()),
        }
        match self.task {
            _ if !self.has_labels => {}
            Task::Emotions => names.extend(with("label_", &Emotions::NAMES)),
            _ => names.push("label".to_owned()),
        }
        if self.has_score {
            names.push("score".to_owned());
        }
        names
    }

    /// The row of an utterance, with its transcript, the outputs of the model and the score of the critic.
    pub fn row(
        &self,
        (split, utterance): (Split, &Utterance),
        words: String,
        outputs: &[f32],
        score: Option<f32>,
    ) -> Vec<Cell> {
        let mut row = vec![
            Cell::Text(utterance.id.clone()),
            Cell::Text(split.to_string()),
            Cell::Text(words),
        ];
        match self.task.predict(outputs) {
            Prediction::Sentiment(sentiment) => row.push(Cell::number(sentiment)),
            Prediction::Class {
                name,
                probabilities,
            } => {
                row.extend(probabilities.into_iter().map(Cell::number));
                row.push(Cell::Text(name.to_owned()));
            }
            Prediction::Emotions(probabilities) => row.extend(probabilities.map(Cell::number)),
        }
        match self.task {
            _ if !self.has_labels => {}
            Task::Emotions => {
                let emotions = utterance.emotions;
                row.extend(emotions.map_or([f32::NAN; 6], |e| e.0).map(Cell::number));
            }
            _ => row.push(Cell::number(utterance.label)),
        }
        if self.has_score {
            row.push(Cell::number(score.unwrap_or(f32::NAN)));
        }
        row
    }
}
