//! `estimators.parquet`: one row a fit.

use std::path::Path;

use polars::prelude::{Column, NamedFrom, Series};

use super::{Cell, Pair, Plan};
use crate::grid::{Store, write_parquet};

/// Writes the fits of a plan that are done.
///
/// # Errors
///
/// What keeps the file from being written.
pub fn write(path: &Path, plan: &Plan, store: &Store<Cell>) -> anyhow::Result<()> {
    let rows: Vec<(&Pair, &Cell)> = plan
        .cells()
        .filter_map(|(pair, seed)| Some((pair, plan.find(store, (pair, seed))?)))
        .collect();
    let text = |name: &str, value: &dyn Fn(&Pair, &Cell) -> Option<String>| {
        let values: Vec<Option<String>> =
            rows.iter().map(|(pair, cell)| value(pair, cell)).collect();
        Column::from(Series::new(name.into(), values))
    };
    let number = |name: &str, value: &dyn Fn(&Pair, &Cell) -> Option<f64>| {
        let values: Vec<Option<f64>> = rows.iter().map(|(pair, cell)| value(pair, cell)).collect();
        Column::from(Series::new(name.into(), values))
    };
    let found = |cell: &Cell| cell.fit.found.clone().ok();
    let seeds: Vec<u64> = rows.iter().map(|(_, cell)| cell.seed).collect();
    let columns = vec![
        text("group", &|pair, _| {
            let group = serde_json::to_value(pair.task.group()).ok()?;
            group.as_str().map(str::to_owned)
        }),
        text("task", &|_, cell| Some(cell.task.clone())),
        text("measure", &|_, cell| Some(cell.measure.clone())),
        Column::from(Series::new("seed".into(), seeds)),
        number("truth_lower", &|pair, _| Some(pair.truth.bounds()[0])),
        number("truth_upper", &|pair, _| Some(pair.truth.bounds()[1])),
        number("estimate", &|_, cell| cell.fit.value()),
        number("ci95_lower", &|_, cell| {
            found(cell).map(|found| found.ci95[0])
        }),
        number("ci95_upper", &|_, cell| {
            found(cell).map(|found| found.ci95[1])
        }),
        number("seconds", &|_, cell| Some(cell.fit.seconds)),
        text("warnings", &|_, cell| {
            found(cell).map(|found| found.warnings.join("; "))
        }),
        text("failure", &|_, cell| cell.fit.found.clone().err()),
    ];
    write_parquet(path, rows.len(), columns)
}
