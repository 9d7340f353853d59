//! Rows as CSV, as lines of JSON or as Parquet.

use std::path::Path;

use mdm_train::write_atomically;
use polars::prelude::Column;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::Cell;
use crate::args::TableFormat;
use crate::grid;

/// Collects rows in one of the forms.
pub struct Writer {
    names: Vec<String>,
    rows: Rows,
}

enum Rows {
    Csv(Box<csv::Writer<Vec<u8>>>),
    Jsonl(Vec<u8>),
    Parquet(Vec<Vec<Cell>>),
}

impl Writer {
    /// With these columns.
    ///
    /// # Errors
    ///
    /// None that memory does not give.
    pub fn new(format: TableFormat, names: Vec<String>) -> anyhow::Result<Self> {
        let rows = match format {
            TableFormat::Csv => {
                let mut csv = csv::Writer::from_writer(Vec::new());
                csv.write_record(&names)?;
                Rows::Csv(Box::new(csv))
            }
            TableFormat::Jsonl => Rows::Jsonl(Vec::new()),
            TableFormat::Parquet => Rows::Parquet(Vec::new()),
        };
        Ok(Self { names, rows })
    }

    /// Adds a row.
    ///
    /// # Errors
    ///
    /// As for [`Writer::new`].
    pub fn push(&mut self, row: Vec<Cell>) -> anyhow::Result<()> {
        match &mut self.rows {
            Rows::Csv(csv) => csv.write_record(row.iter().map(text))?,
            Rows::Jsonl(lines) => {
                serde_json::to_writer(&mut *lines, &JsonRow(&self.names, &row))?;
                lines.push(b'\n');
            }
            Rows::Parquet(rows) => rows.push(row),
        }
        Ok(())
    }

    /// Takes the text of the rows so far, to be printed; nothing of a Parquet table, which is no text.
    ///
    /// # Errors
    ///
    /// As for [`Writer::new`].
    pub fn take(&mut self) -> anyhow::Result<Vec<u8>> {
        match &mut self.rows {
            Rows::Csv(csv) => {
                let empty = csv::Writer::from_writer(Vec::new());
                Ok(std::mem::replace(&mut **csv, empty).into_inner()?)
            }
            Rows::Jsonl(lines) => Ok(std::mem::take(lines)),
            Rows::Parquet(_) => Ok(Vec::new()),
        }
    }

    /// Writes the rows to a file, whole or not at all.
    ///
    /// # Errors
    ///
    /// What keeps the file from being written.
    pub fn save(mut self, path: &Path) -> anyhow::Result<()> {
        if let Rows::Parquet(rows) = self.rows {
            let columns = self.names.iter().enumerate();
            let columns = columns.map(|(index, name)| column(name, &rows, index));
            return grid::write_parquet(path, rows.len(), columns.collect());
        }
        Ok(write_atomically(path, &self.take()?)?)
    }
}

/// A cell of a CSV: the shortest decimal that is this `f32` and no other, and nothing for what is not known.
fn text(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => number.map_or(String::new(), |number| number.to_string()),
    }
}

fn column(name: &str, rows: &[Vec<Cell>], index: usize) -> Column {
    let is_text = |row: &Vec<Cell>| matches!(row[index], Cell::Text(_));
    if rows.first().is_some_and(is_text) {
        let texts: Vec<String> = rows.iter().map(|row| text(&row[index])).collect();
        return Column::new(name.into(), texts);
    }
    let number = |row: &Vec<Cell>| match row[index] {
        Cell::Number(number) => number,
        Cell::Text(_) => None,
    };
    Column::new(name.into(), rows.iter().map(number).collect::<Vec<_>>())
}

/// A row as a JSON object, with its columns in their order.
pub struct JsonRow<'a>(pub &'a [String], pub &'a [Cell]);

impl Serialize for JsonRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(names, row) = self;
        let mut map = serializer.serialize_map(Some(row.len()))?;
        for (name, cell) in names.iter().zip(*row) {
            map.serialize_entry(name, cell)?;
        }
        map.end()
    }
}
