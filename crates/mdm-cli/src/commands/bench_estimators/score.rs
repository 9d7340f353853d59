//! How near estimates came to the truth.

use serde::Serialize;

use super::Pair;
use super::contender::Contender;
use super::tasks::{Group, Truth};
use crate::grid::{Fit, mean_and_deviation, number};

/// What an estimator reached on a task, over the seeds.
#[derive(Debug, Clone, Serialize)]
pub struct Score {
    pub group: Group,
    pub task: String,
    pub measure: String,
    pub truth: Truth,
    /// Mean over the seeds that gave an estimate.
    pub mean: Option<f64>,
    /// Standard deviation over them.
    pub deviation: Option<f64>,
    /// Of the mean; 0 between bounds.
    pub error: Option<f64>,
    /// Whether the mean is near the truth and no seed failed.
    pub near: bool,
    /// Seeds, those near the truth, those whose interval holds it, and those without an estimate.
    pub runs: usize,
    pub runs_near: usize,
    pub runs_covered: usize,
    pub runs_failed: usize,
    /// Mean seconds of a fit.
    pub seconds: Option<f64>,
}

impl Score {
    pub fn new(pair: &Pair, fits: &[&Fit]) -> Self {
        let truth = pair.truth;
        let values: Vec<f64> = fits.iter().filter_map(|fit| fit.value()).collect();
        let (mean, deviation) = mean_and_deviation(&values);
        let seconds: Vec<f64> = fits.iter().map(|fit| fit.seconds).collect();
        let [lower, upper] = truth.bounds();
        let covered = |fit: &&&Fit| {
            (fit.found.as_ref()).is_ok_and(|found| found.ci95[0] <= upper && lower <= found.ci95[1])
        };
        let runs_failed = fits.len() - values.len();
        Self {
            group: pair.task.group(),
            task: pair.task.name().to_owned(),
            measure: pair.contender.name.clone(),
            truth,
            mean,
            deviation,
            error: mean.map(|mean| truth.error(mean)),
            near: runs_failed == 0 && mean.is_some_and(|mean| truth.is_near(mean)),
            runs: fits.len(),
            runs_near: values.iter().filter(|value| truth.is_near(**value)).count(),
            runs_covered: fits.iter().filter(covered).count(),
            runs_failed,
            seconds: mean_and_deviation(&seconds).0,
        }
    }

    /// The error in percent of the truth.
    pub fn percent(&self) -> Option<f64> {
        let [lower, upper] = self.truth.bounds();
        let error = self.error?;
        Some(100.0 * error / if error < 0.0 { lower } else { upper })
    }

    /// `0.4127 ± 0.0034`
    pub fn estimate(&self) -> String {
        match (self.mean, self.deviation) {
            (None, _) if self.runs == 0 => "–".to_owned(),
            (None, _) => "failed".to_owned(),
            (Some(mean), None) => number(mean, 3),
            (Some(mean), Some(deviation)) => {
                format!("{} ± {}", number(mean, 3), number(deviation, 3))
            }
        }
    }
}

/// What an estimator reached on all its tasks.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    pub measure: String,
    pub tasks: usize,
    pub tasks_near: usize,
    pub runs: usize,
    pub runs_near: usize,
    pub runs_covered: usize,
    /// Mean of the absolute errors of the tasks' means.
    pub mean_absolute_error: Option<f64>,
    /// Mean seconds of a fit.
    pub seconds: Option<f64>,
}

impl Summary {
    /// One for each estimator that was fitted, in the order in which they appear.
    pub fn of_each(scores: &[Score]) -> Vec<Self> {
        measures(scores.iter())
            .into_iter()
            .map(|measure| {
                let own: Vec<&Score> = (scores.iter())
                    .filter(|score| score.measure == measure && score.runs > 0)
                    .collect();
                let sum = |count: &dyn Fn(&Score) -> usize| own.iter().map(|s| count(s)).sum();
                let mean = |value: &dyn Fn(&Score) -> Option<f64>| {
                    let values: Vec<f64> = own.iter().filter_map(|s| value(s)).collect();
                    mean_and_deviation(&values).0
                };
                Self {
                    measure: measure.to_owned(),
                    tasks: own.len(),
                    tasks_near: own.iter().filter(|score| score.near).count(),
                    runs: sum(&|score| score.runs),
                    runs_near: sum(&|score| score.runs_near),
                    runs_covered: sum(&|score| score.runs_covered),
                    mean_absolute_error: mean(&|score| score.error.map(f64::abs)),
                    seconds: mean(&|score| score.seconds),
                }
            })
            .collect()
    }

    pub fn label(&self) -> String {
        Contender::label(&self.measure)
    }
}

/// The estimators in the order in which they appear, each once.
pub fn measures<'a>(scores: impl Iterator<Item = &'a Score>) -> Vec<&'a str> {
    let mut measures: Vec<&str> = Vec::new();
    for score in scores {
        if !measures.contains(&score.measure.as_str()) {
            measures.push(&score.measure);
        }
    }
    measures
}

/// The tasks of a group with the scores of each, in order.
pub fn rows(scores: &[Score], group: Group) -> Vec<(&str, Vec<&Score>)> {
    let mut rows: Vec<(&str, Vec<&Score>)> = Vec::new();
    for score in scores.iter().filter(|score| score.group == group) {
        match rows.last_mut() {
            Some((task, row)) if *task == score.task => row.push(score),
            _ => rows.push((&score.task, vec![score])),
        }
    }
    rows
}
