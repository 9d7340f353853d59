//! What a cell has reached, from its `metrics.json`.

use std::path::Path;

use anyhow::{Context, ensure};
use mdm_train::Metrics;
use mdm_train::run::RunFolder;
use polars::prelude::Column;
use serde::Serialize;
use serde_json::{Map, Value};

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

/// What became of a cell.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    pub model: String,
    pub measure: String,
    pub seed: u64,
    pub folder: String,
    /// Why the cell failed; what follows is empty then.
    pub failure: Option<String>,
    /// Every metric on test, as in `metrics.json`.
    pub test: Map<String, Value>,
    /// The same on validation.
    pub valid: Map<String, Value>,
    /// The dependency measure on test.
    pub dependency: Option<f64>,
    /// Majority accuracies and the mean predictor on test.
    pub baselines: Value,
    pub best_epoch: Option<u64>,
    pub epochs: Option<u64>,
    pub seconds: Option<f64>,
    pub backend: String,
}

impl Record {
    /// Reads the folder of a finished cell.
    ///
    /// # Errors
    ///
    /// Files that are missing or damaged.
    pub fn read(cell: &Cell, out: &Path) -> anyhow::Result<Self> {
        let folder = cell.folder(out);
        let metrics = json(&folder.join("metrics.json"))?;
        let run = json(&folder.join("run.json"))?;
        let weights = RunFolder::open(&folder).weights();
        ensure!(weights.is_file(), "{} is missing", weights.display());
        let split = |name: &str| {
            let found = metrics[name].as_object().cloned();
            found.with_context(|| format!("{} has no {name}", folder.display()))
        };
        let backend = run["backend"].as_str().unwrap_or_default();
        Ok(Self {
            test: split("test")?,
            valid: split("valid")?,
            dependency: metrics["dependency"]["test"].as_f64(),
            baselines: metrics["baselines"].clone(),
            best_epoch: metrics["best_epoch"].as_u64(),
            epochs: metrics["epochs"].as_u64(),
            seconds: run["seconds"].as_f64(),
            // The device stands behind it.
            backend: backend.split(' ').next().unwrap_or_default().to_owned(),
            ..Self::empty(cell, None)
        })
    }

    /// A cell that failed.
    pub fn failed(cell: &Cell, reason: String) -> Self {
        Self::empty(cell, Some(reason))
    }

    fn empty(cell: &Cell, failure: Option<String>) -> Self {
        Self {
            model: cell.model.to_string(),
            measure: cell.measure.to_string(),
            seed: cell.seed,
            folder: cell.name(),
            failure,
            test: Map::new(),
            valid: Map::new(),
            dependency: None,
            baselines: Value::Null,
            best_epoch: None,
            epochs: None,
            seconds: None,
            backend: String::new(),
        }
    }

    /// A metric on test; NaN where it is undefined.
    pub fn metric(&self, metric: Metric) -> f64 {
        number(&self.test, metric.name).unwrap_or(f64::NAN)
    }

    /// The cell in a line.
    pub fn line(&self) -> String {
        if let Some(reason) = &self.failure {
            return format!("{}: failed: {reason}", self.folder);
        }
        let [acc7, _, acc2, mae, corr] = METRICS.map(|metric| self.metric(metric));
        format!(
            "{}: Acc7 {:.1} Acc2 non0 {:.1} MAE {mae:.3} Corr {corr:.3}, {:.0} s",
            self.folder,
            100.0 * acc7,
            100.0 * acc2,
            self.seconds.unwrap_or(f64::NAN)
        )
    }
}

fn number(metrics: &Map<String, Value>, name: &str) -> Option<f64> {
    metrics.get(name)?.as_f64()
}

fn json(path: &Path) -> anyhow::Result<Value> {
    let damaged = || format!("{} is missing or damaged", path.display());
    let text = std::fs::read_to_string(path).with_context(damaged)?;
    serde_json::from_str(&text).with_context(damaged)
}

/// Writes one row a cell: empty metrics and the reason for those that failed.
///
/// # Errors
///
/// What keeps the file from being written.
pub fn write_parquet(path: &Path, records: &[&Record]) -> anyhow::Result<()> {
    let text = |name: &str, of: fn(&Record) -> Option<&str>| {
        Column::new(
            name.into(),
            records.iter().map(|r| of(r)).collect::<Vec<_>>(),
        )
    };
    let count = |name: &str, of: fn(&Record) -> Option<u64>| {
        Column::new(
            name.into(),
            records.iter().map(|r| of(r)).collect::<Vec<_>>(),
        )
    };
    let decimal = |name: &str, of: &dyn Fn(&Record) -> Option<f64>| {
        Column::new(
            name.into(),
            records.iter().map(|r| of(r)).collect::<Vec<_>>(),
        )
    };
    let mut columns = vec![
        text("model", |r| Some(&r.model)),
        text("measure", |r| Some(&r.measure)),
        count("seed", |r| Some(r.seed)),
    ];
    // The names of all metrics, whether or not a cell has got as far as having them.
    let names = serde_json::to_value(Metrics::new(&[], &[]))?;
    for name in names.as_object().into_iter().flat_map(Map::keys) {
        columns.push(decimal(&format!("test_{name}"), &|r| number(&r.test, name)));
        columns.push(decimal(&format!("valid_{name}"), &|r| {
            number(&r.valid, name)
        }));
    }
    columns.extend([
        decimal("test_dependency", &|r| r.dependency),
        count("best_epoch", |r| r.best_epoch),
        count("epochs", |r| r.epochs),
        decimal("seconds", &|r| r.seconds),
        text("folder", |r| Some(&r.folder)),
        text("failure", |r| r.failure.as_deref()),
    ]);
    write_columns(path, records.len(), columns)
}
