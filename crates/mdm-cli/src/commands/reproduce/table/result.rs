//! What a finished cell has reached, from its `metrics.json`.

use std::path::Path;

use anyhow::Context;
use polars::prelude::Column;
use serde::Serialize;
use serde_json::Value;

use super::cell::Cell;
use crate::grid::write_parquet as write_columns;

/// The metrics of the paper's tables, by their names in `metrics.json`, in its order.
pub const METRICS: [Metric; 5] = [
    Metric::share("acc7", "Acc7"),
    Metric::share("acc2_has0", "Acc2 has0"),
    Metric::share("acc2_non0", "Acc2 non0"),
    Metric {
        name: "mae",
        title: "MAE",
        percent: false,
        smaller_is_better: true,
    },
    Metric {
        name: "corr",
        title: "Corr",
        percent: false,
        smaller_is_better: false,
    },
];

/// A column of the table.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    pub name: &'static str,
    pub title: &'static str,
    /// A share, shown in per cent.
    pub percent: bool,
    pub smaller_is_better: bool,
}

impl Metric {
    const fn share(name: &'static str, title: &'static str) -> Self {
        Self {
            name,
            title,
            percent: true,
            smaller_is_better: false,
        }
    }
}

/// A finished cell.
#[derive(Debug, Clone, Serialize)]
pub struct CellResult {
    pub model: String,
    pub measure: String,
    pub seed: u64,
    /// Metrics on test, in the order of [`METRICS`].
    pub test: [f64; METRICS.len()],
    /// The same on validation.
    pub valid: [f64; METRICS.len()],
    /// The dependency measure on test; NaN without one.
    pub dependency: f64,
    /// Majority accuracies and the mean predictor on test.
    pub baselines: Value,
    pub best_epoch: u64,
    pub epochs: u64,
    pub seconds: f64,
    pub folder: String,
}

impl CellResult {
    /// Reads the folder of a finished cell.
    ///
    /// # Errors
    ///
    /// Files that are missing or damaged.
    pub fn read(cell: &Cell, out: &Path) -> anyhow::Result<Self> {
        let folder = cell.folder(out);
        let metrics = json(&folder.join("metrics.json"))?;
        let run = json(&folder.join("run.json"))?;
        let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
        let of = |split: &str| METRICS.map(|metric| number(&metrics[split][metric.name]));
        Ok(Self {
            model: cell.model.to_string(),
            measure: cell.measure.to_string(),
            seed: cell.seed,
            test: of("test"),
            valid: of("valid"),
            dependency: number(&metrics["dependency"]["test"]),
            baselines: metrics["baselines"].clone(),
            best_epoch: metrics["best_epoch"].as_u64().unwrap_or(0),
            epochs: metrics["epochs"].as_u64().unwrap_or(0),
            seconds: number(&run["seconds"]),
            folder: cell.name(),
        })
    }

    /// The cell in a line.
    pub fn line(&self) -> String {
        let [acc7, _, acc2, mae, corr] = self.test;
        format!(
            "{}: Acc7 {:.1} Acc2 non0 {:.1} MAE {mae:.3} Corr {corr:.3}, {:.0} s",
            self.folder,
            100.0 * acc7,
            100.0 * acc2,
            self.seconds
        )
    }
}

fn json(path: &Path) -> anyhow::Result<Value> {
    let damaged = || {
        format!(
            "{} is missing or damaged; remove its folder",
            path.display()
        )
    };
    let text = std::fs::read_to_string(path).with_context(damaged)?;
    serde_json::from_str(&text).with_context(damaged)
}

/// Writes one row a cell.
///
/// # Errors
///
/// What keeps the file from being written.
pub fn write_parquet(path: &Path, results: &[CellResult]) -> anyhow::Result<()> {
    let text = |name: &str, of: fn(&CellResult) -> &str| {
        Column::new(name.into(), results.iter().map(of).collect::<Vec<_>>())
    };
    let count = |name: &str, of: fn(&CellResult) -> u64| {
        Column::new(name.into(), results.iter().map(of).collect::<Vec<_>>())
    };
    let number = |name: String, of: &dyn Fn(&CellResult) -> f64| {
        Column::new(name.into(), results.iter().map(of).collect::<Vec<_>>())
    };
    let mut columns = vec![
        text("model", |r| &r.model),
        text("measure", |r| &r.measure),
        count("seed", |r| r.seed),
    ];
    for (place, metric) in METRICS.iter().enumerate() {
        columns.push(number(format!("test_{}", metric.name), &|r| r.test[place]));
        columns.push(number(format!("valid_{}", metric.name), &|r| {
            r.valid[place]
        }));
    }
    columns.extend([
        number("test_dependency".into(), &|r| r.dependency),
        count("best_epoch", |r| r.best_epoch),
        count("epochs", |r| r.epochs),
        number("seconds".into(), &|r| r.seconds),
        text("folder", |r| &r.folder),
    ]);
    write_columns(path, results.len(), columns)
}
