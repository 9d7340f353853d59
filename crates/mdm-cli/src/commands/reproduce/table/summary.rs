//! Means and spreads over the seeds.

use serde_json::{Value, json};

use super::Plan;
use super::result::{CellResult, METRICS};
use crate::grid::Machine;

/// Mean and spread of some numbers.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    pub mean: f64,
    /// Standard deviation; NaN of a single number.
    pub deviation: f64,
    pub count: usize,
}

impl Spread {
    pub fn of(values: &[f64]) -> Self {
        let count = values.len();
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Self {
            mean,
            deviation: (squares / (count as f64 - 1.0)).sqrt(),
            count,
        }
    }

    /// Standard error of the mean.
    pub fn error(self) -> f64 {
        self.deviation / (self.count as f64).sqrt()
    }
}

/// A model with a measure.
#[derive(Debug, Clone)]
pub struct Row {
    pub model: String,
    pub measure: String,
    /// Finished seeds.
    pub seeds: usize,
    /// In the order of [`METRICS`].
    pub metrics: Vec<Spread>,
    pub dependency: Spread,
    /// This minus `none`, seed by seed, in the order of [`METRICS`]; where both have a seed.
    pub gain: Option<Vec<Spread>>,
}

/// The table.
pub struct Summary {
    pub rows: Vec<Row>,
    pub results: Vec<CellResult>,
    /// Cells that failed, with the reason.
    pub failures: Vec<(String, String)>,
    /// Accuracies of the majority class, in the order of [`METRICS`]; NaN where there is none.
    pub majority: Option<Vec<f64>>,
    /// The mean of the training labels as a prediction, likewise.
    pub mean: Option<Vec<f64>>,
}

impl Summary {
    /// Sums up finished cells.
    pub fn new(plan: &Plan, results: &[CellResult], failures: &[(String, String)]) -> Self {
        let mut rows = Vec::new();
        for model in &plan.models {
            let of = |measure: &str| -> Vec<&CellResult> {
                let model = model.name();
                let chosen = results.iter();
                chosen
                    .filter(|r| r.model == model && r.measure == measure)
                    .collect()
            };
            let plain = of("none");
            for measure in &plan.measures {
                let measure = measure.to_string();
                let cells = of(&measure);
                if cells.is_empty() {
                    continue;
                }
                let spread = |value: &dyn Fn(&CellResult) -> f64| {
                    let values: Vec<f64> = cells.iter().map(|cell| value(cell)).collect();
                    Spread::of(&values)
                };
                let places = 0..METRICS.len();
                rows.push(Row {
                    model: model.to_string(),
                    seeds: cells.len(),
                    metrics: places
                        .clone()
                        .map(|place| spread(&|cell| cell.test[place]))
                        .collect(),
                    dependency: spread(&|cell| cell.dependency),
                    gain: (measure != "none")
                        .then(|| places.map(|place| gain(&cells, &plain, place)).collect())
                        .and_then(|gains: Vec<Option<Spread>>| gains.into_iter().collect()),
                    measure,
                });
            }
        }
        let baseline = |name: &str| {
            let baselines = &results.first()?.baselines[name];
            let values = METRICS.iter();
            Some(
                values
                    .map(|metric| baselines[metric.name].as_f64().unwrap_or(f64::NAN))
                    .collect(),
            )
        };
        Self {
            rows,
            results: results.to_vec(),
            failures: failures.to_vec(),
            majority: baseline("majority"),
            mean: baseline("mean"),
        }
    }

    /// Everything for programs.
    pub fn json(&self, machine: &Machine, backend: &str) -> Value {
        json!({
            "machine": machine,
            "backend": backend,
            "metrics": METRICS.map(|metric| metric.name),
            "cells": self.results,
            "failures": self.failures.iter().map(|(cell, reason)| json!({ "cell": cell, "reason": reason })).collect::<Vec<_>>(),
        })
    }
}

/// Differences of the seeds that both have.
fn gain(cells: &[&CellResult], plain: &[&CellResult], place: usize) -> Option<Spread> {
    let differences: Vec<f64> = cells
        .iter()
        .filter_map(|cell| {
            let other = plain.iter().find(|other| other.seed == cell.seed)?;
            Some(cell.test[place] - other.test[place])
        })
        .collect();
    (!differences.is_empty()).then(|| Spread::of(&differences))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_deviation_and_error() {
        let spread = Spread::of(&[1.0, 2.0, 6.0]);
        assert_eq!(spread.mean, 3.0);
        // Squares 4 + 1 + 9 over 2
        assert!((spread.deviation - 7f64.sqrt()).abs() < 1e-12);
        assert!((spread.error() - (7.0f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!(Spread::of(&[5.0]).deviation.is_nan());
    }
}
