use std::path::Path;

use anyhow::Context;
use mdm_train::write_atomically;
use polars::prelude::{Column, DataFrame, ParquetWriter};

/// Writes columns of equal length as a Parquet table, whole or not at all.
///
/// # Errors
///
/// What keeps the file from being written.
pub fn write_parquet(path: &Path, rows: usize, columns: Vec<Column>) -> anyhow::Result<()> {
    let table = || format!("cannot write the table {}", path.display());
    let mut frame = DataFrame::new(rows, columns).with_context(table)?;
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes)
        .finish(&mut frame)
        .with_context(table)?;
    Ok(write_atomically(path, &bytes)?)
}
