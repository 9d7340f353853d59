//! What the outputs for one utterance say.

use mdm_data::corpus::Emotions;

use super::Task;
use super::class_metrics::largest;

/// What is predicted for one utterance.
#[derive(Debug, Clone, PartialEq)]
pub enum Prediction {
    /// The sentiment.
    Sentiment(f32),
    /// The class of the sentiment.
    Class {
        /// The name of the most probable class; the first of equals.
        name: &'static str,
        /// The probability of each class, in the order of [`Classes::names`](super::Classes::names): the soft-max of the
        /// outputs.
        probabilities: Vec<f32>,
    },
    /// The probability that each of the [emotions](Emotions::NAMES) is present: the logistic function of the outputs.
    Emotions([f32; Emotions::NAMES.len()]),
}

impl Task {
    /// What the outputs for one utterance say, as the task's metrics read them.
    ///
    /// # Panics
    ///
    /// When there are not [`Task::outputs`] of them.
    ///
    /// # Example
    ///
    /// ```
    /// use mdm_train::Task;
    /// use mdm_train::task::Prediction;
    ///
    /// let task: Task = "classes-2".parse().unwrap();
    /// let Prediction::Class { name, probabilities } = task.predict(&[3.0_f32.ln(), 0.0]) else {
    ///     unreachable!()
    /// };
    /// assert_eq!(name, "negative");
    /// assert!((probabilities[0] - 0.75).abs() < 1e-6);
    /// ```
    pub fn predict(self, outputs: &[f32]) -> Prediction {
        assert_eq!(outputs.len(), self.outputs(), "one output an answer");
        match self {
            Self::Regression => Prediction::Sentiment(outputs[0]),
            Self::Classes(classes) => {
                let place = largest(outputs);
                Prediction::Class {
                    name: classes.names()[place],
                    probabilities: soft_max(outputs, outputs[place]),
                }
            }
            Self::Emotions => {
                Prediction::Emotions(std::array::from_fn(|emotion| logistic(outputs[emotion])))
            }
        }
    }
}

/// The largest output is subtracted first, so that nothing overflows.
fn soft_max(outputs: &[f32], largest: f32) -> Vec<f32> {
    let weights = outputs
        .iter()
        .map(|&x| (f64::from(x) - f64::from(largest)).exp());
    let weights: Vec<f64> = weights.collect();
    let sum: f64 = weights.iter().sum();
    let probabilities = weights.into_iter().map(|weight| (weight / sum) as f32);
    probabilities.collect()
}

fn logistic(output: f32) -> f32 {
    (1.0 / (1.0 + (-f64::from(output)).exp())) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Classes;

    #[test]
    fn probabilities_by_hand_and_of_extreme_outputs() {
        let task = Task::Classes(Classes::Three);
        let outputs = [0.0, 2.0_f32.ln(), 5.0_f32.ln()];
        let Prediction::Class {
            name,
            probabilities,
        } = task.predict(&outputs)
        else {
            panic!("a class");
        };
        assert_eq!(name, "1");
        for (found, expected) in probabilities.iter().zip([0.125, 0.25, 0.625]) {
            assert!((found - expected).abs() < 1e-6, "{probabilities:?}");
        }
        let equal = task.predict(&[800.0, 800.0, -800.0]);
        let expected = Prediction::Class {
            name: "-1",
            probabilities: vec![0.5, 0.5, 0.0],
        };
        assert_eq!(equal, expected);

        let emotions = Task::Emotions.predict(&[0.0, 800.0, -800.0, 3.0_f32.ln(), 0.0, 0.0]);
        let Prediction::Emotions(probabilities) = emotions else {
            panic!("emotions");
        };
        assert_eq!(probabilities[..3], [0.5, 1.0, 0.0]);
        assert!((probabilities[3] - 0.75).abs() < 1e-6);
        assert_eq!(
            Task::Regression.predict(&[-1.5]),
            Prediction::Sentiment(-1.5)
        );
    }
}
