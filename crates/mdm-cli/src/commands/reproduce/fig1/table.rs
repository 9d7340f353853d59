//! `fig1.parquet`: one row a fit.

use std::path::Path;

use polars::prelude::{Column, NamedFrom, Series};

use super::{Cell, truth};
use crate::grid::write_parquet;

/// Writes the cells of the figure.
///
/// # Errors
///
/// What keeps the file from being written.
pub fn write(path: &Path, dim: usize, cells: &[&Cell]) -> anyhow::Result<()> {
    let number = |name: &str, value: &dyn Fn(&Cell) -> Option<f64>| {
        let values: Vec<Option<f64>> = cells.iter().map(|cell| value(cell)).collect();
        Column::from(Series::new(name.into(), values))
    };
    let bound = |place: usize| {
        move |cell: &Cell| {
            truth(dim, cell.rho, cell.measure)
                .ok()
                .map(|truth| truth[place])
        }
    };
    let ci95 = |place: usize| move |cell: &Cell| Some(cell.fit.found.as_ref().ok()?.ci95[place]);
    let measures: Vec<String> = cells.iter().map(|cell| cell.measure.to_string()).collect();
    let seeds: Vec<u64> = cells.iter().map(|cell| cell.seed).collect();
    let columns = vec![
        number("rho", &|cell| Some(cell.rho)),
        Column::from(Series::new("measure".into(), measures)),
        Column::from(Series::new("seed".into(), seeds)),
        number("truth_lower", &bound(0)),
        number("truth_upper", &bound(1)),
        number("estimate", &|cell| cell.fit.value()),
        number("ci95_lower", &ci95(0)),
        number("ci95_upper", &ci95(1)),
        number("seconds", &|cell| Some(cell.fit.seconds)),
    ];
    write_parquet(path, cells.len(), columns)
}
