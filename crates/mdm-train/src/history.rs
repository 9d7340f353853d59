//! What a run tells of each epoch.

use std::path::Path;

use polars::prelude::{Column, DataFrame, ParquetWriter};
use serde::Serialize;

use crate::atomic::write_atomically;
use crate::{Error, TaskMetrics};

/// One epoch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EpochRecord {
    /// From 1.
    pub epoch: usize,
    /// Mean task loss over the training batches.
    pub train_task: f64,
    /// Mean dependency measure over the training batches, as the model's update saw it; NaN without a penalty.
    pub train_measure: f64,
    /// Mean measure over the critic's updates, before each update; NaN without a penalty.
    pub critic_measure: f64,
    /// Mean total loss over the training batches.
    pub train_total: f64,
    /// The measure on the validation split, dropout off; NaN without a penalty.
    pub valid_measure: f64,
    /// Metrics on the validation split.
    pub valid: TaskMetrics,
    /// Whether the [criterion](TaskMetrics::criterion) on the validation split is the best so far.
    pub best: bool,
    /// Learning rate of the last update of encoder and head; that of the head where there are several.
    pub learning_rate: f64,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// Writes the epochs as a Parquet table, one row each. The columns `valid_*` are those of [`TaskMetrics::summary`].
///
/// # Errors
///
/// [`Error::Io`] or [`Error::Table`]; an earlier table stays whole.
pub fn write(history: &[EpochRecord], path: &Path) -> Result<(), Error> {
    let column = |name: &str, value: &dyn Fn(&EpochRecord) -> f64| {
        Column::new(name.into(), history.iter().map(value).collect::<Vec<f64>>())
    };
    let mut columns = vec![
        Column::new(
            "epoch".into(),
            history
                .iter()
                .map(|record| record.epoch as u32)
                .collect::<Vec<_>>(),
        ),
        column("train_task", &|r| r.train_task),
        column("train_measure", &|r| r.train_measure),
        column("critic_measure", &|r| r.critic_measure),
        column("train_total", &|r| r.train_total),
        column("valid_measure", &|r| r.valid_measure),
    ];
    let summaries: Vec<_> = history
        .iter()
        .map(|record| record.valid.summary())
        .collect();
    for (place, (name, _)) in summaries.first().into_iter().flatten().enumerate() {
        let values: Vec<f64> = summaries.iter().map(|summary| summary[place].1).collect();
        columns.push(Column::new(format!("valid_{name}").into(), values));
    }
    columns.extend([
        Column::new(
            "best".into(),
            history.iter().map(|record| record.best).collect::<Vec<_>>(),
        ),
        column("learning_rate", &|r| r.learning_rate),
        column("seconds", &|r| r.seconds),
    ]);
    let table_error = |source| Error::Table {
        path: path.to_owned(),
        source,
    };
    let mut table = DataFrame::new(history.len(), columns).map_err(table_error)?;
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes)
        .finish(&mut table)
        .map_err(table_error)?;
    write_atomically(path, &bytes)
}
