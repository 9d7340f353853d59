//! Means and spreads over the seeds.

use serde_json::{Value, json};

use super::Plan;
use super::record::{METRICS, Metric, Record};
use crate::grid::{Machine, mean_and_deviation};

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
        let (mean, deviation) = mean_and_deviation(values);
        Self {
            mean: mean.unwrap_or(f64::NAN),
            deviation: deviation.unwrap_or(f64::NAN),
            count: values.len(),
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
    /// Seeds that failed.
    pub failed: usize,
    /// In the order of [`METRICS`].
    pub metrics: Vec<Spread>,
    pub dependency: Spread,
    /// This minus `none`, seed by seed, in the order of [`METRICS`]; where both have a seed.
    pub gain: Option<Vec<Spread>>,
}

/// The table.
pub struct Summary {
    pub rows: Vec<Row>,
    /// Finished and failed cells.
    pub records: Vec<Record>,
    /// Accuracies of the majority class, in the order of [`METRICS`]; NaN where there is none.
    pub majority: Option<Vec<f64>>,
    /// The mean of the training labels as a prediction, likewise.
    pub mean: Option<Vec<f64>>,
}

impl Summary {
    /// Sums up the cells that are finished or failed.
    pub fn new(plan: &Plan, records: &[&Record]) -> Self {
        let done = records.iter().copied();
        let done: Vec<&Record> = done.filter(|record| record.failure.is_none()).collect();
        let mut rows = Vec::new();
        for model in &plan.models {
            let plain = of(&done, model.name(), "none");
            for measure in &plan.measures {
                let measure = measure.to_string();
                let all = of(records, model.name(), &measure).len();
                if all > 0 {
                    let cells = of(&done, model.name(), &measure);
                    rows.push(row(
                        model.name(),
                        measure,
                        all - cells.len(),
                        &cells,
                        &plain,
                    ));
                }
            }
        }
        let baseline = |name: &str| {
            let baselines = &done.first()?.baselines[name];
            let value = |metric: Metric| baselines[metric.name].as_f64().unwrap_or(f64::NAN);
            Some(METRICS.map(value).to_vec())
        };
        Self {
            rows,
            records: records.iter().copied().cloned().collect(),
            majority: baseline("majority"),
            mean: baseline("mean"),
        }
    }

    /// Cells that failed, with the reason.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &str)> {
        let records = self.records.iter();
        records.filter_map(|record| Some((&*record.folder, record.failure.as_deref()?)))
    }

    /// Everything for programs.
    pub fn json(&self, machine: &Machine, backend: &str) -> Value {
        json!({
            "machine": machine,
            "backend": backend,
            "cells": self.records,
        })
    }
}

/// The cells of a model and a measure.
fn of<'a>(records: &[&'a Record], model: &str, measure: &str) -> Vec<&'a Record> {
    let all = records.iter().copied();
    all.filter(|record| record.model == model && record.measure == measure)
        .collect()
}

/// Sums up the finished cells of a model and a measure.
fn row(model: &str, measure: String, failed: usize, cells: &[&Record], plain: &[&Record]) -> Row {
    let spread = |value: &dyn Fn(&Record) -> f64| {
        let values: Vec<f64> = cells.iter().map(|cell| value(cell)).collect();
        Spread::of(&values)
    };
    let metrics = METRICS.map(|metric| spread(&|cell| cell.metric(metric)));
    let gains = METRICS.map(|metric| gain(cells, plain, metric));
    Row {
        model: model.to_owned(),
        seeds: cells.len(),
        failed,
        metrics: metrics.to_vec(),
        dependency: spread(&|cell| cell.dependency.unwrap_or(f64::NAN)),
        gain: match measure == "none" {
            true => None,
            false => gains.into_iter().collect(),
        },
        measure,
    }
}

/// Differences of the seeds that both have.
fn gain(cells: &[&Record], plain: &[&Record], metric: Metric) -> Option<Spread> {
    let differences: Vec<f64> = cells
        .iter()
        .filter_map(|cell| {
            let other = plain.iter().find(|other| other.seed == cell.seed)?;
            Some(cell.metric(metric) - other.metric(metric))
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
        let none = Spread::of(&[]);
        assert!(none.mean.is_nan() && none.deviation.is_nan());
        assert!((spread.error() - (7.0f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!(Spread::of(&[5.0]).deviation.is_nan());
    }
}
