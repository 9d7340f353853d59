//! Numbers out of the columns of a Polars table.

use std::path::Path;

use polars::prelude::*;

use super::NUMBER;
use super::parquet::{damaged, wrong};
use crate::error::Error;

/// Numbers, row by row.
pub(super) struct Matrix {
    pub(super) width: usize,
    pub(super) values: Vec<f32>,
}

/// Numbers in each row of a column, as far as its first row tells.
pub(super) fn width(column: &Column, path: &Path) -> Result<usize, Error> {
    match column.dtype() {
        DataType::List(_) => {
            let lists = column.list().map_err(wrong(path))?;
            Ok(lists.get_as_series(0).map_or(0, |list| list.len()))
        }
        _ => Ok(1),
    }
}

impl Matrix {
    /// All numbers of a column of numbers or of lists.
    pub(super) fn read(column: &Column, rows: usize, path: &Path) -> Result<Self, Error> {
        if column.len() != rows {
            let text = format!(
                "column {} has {} rows of {rows}",
                column.name(),
                column.len()
            );
            return Err(damaged(path, text));
        }
        let mut matrix = Self {
            width: width(column, path)?,
            // Not reserved: nothing has shown yet that the other rows are as wide as the first.
            values: Vec::new(),
        };
        match column.dtype() {
            DataType::List(_) => matrix.read_lists(column, path)?,
            _ => {
                let numbers = column.cast(&DataType::Float64).map_err(wrong(path))?;
                let numbers = numbers.f64().map_err(wrong(path))?;
                for (row, number) in numbers.iter().enumerate() {
                    let value =
                        finite(number).map_err(|text| unfit(column, row, path)(NUMBER, text))?;
                    matrix.values.push(value);
                }
            }
        }
        Ok(matrix)
    }

    fn read_lists(&mut self, column: &Column, path: &Path) -> Result<(), Error> {
        let dtype = DataType::List(Box::new(DataType::Float64));
        let lists = column.cast(&dtype).map_err(wrong(path))?;
        let lists = lists.list().map_err(wrong(path))?;
        for row in 0..lists.len() {
            let unfit = unfit(column, row, path);
            let Some(list) = lists.get_as_series(row) else {
                return Err(unfit("a list of numbers", "null".into()));
            };
            if list.is_empty() {
                return Err(unfit("at least one number", "none".into()));
            }
            if list.len() != self.width {
                let expected = format!("{} numbers, as in row 0", self.width);
                return Err(unfit(&expected, list.len().to_string()));
            }
            for number in list.f64().map_err(wrong(path))?.iter() {
                let value = finite(number).map_err(|text| unfit(NUMBER, text))?;
                self.values.push(value);
            }
        }
        Ok(())
    }

    /// Puts matrices of the same number of rows side by side.
    pub(super) fn join(mut parts: Vec<Self>, rows: usize) -> Self {
        if parts.len() == 1 {
            return parts.remove(0);
        }
        let width = parts.iter().map(|part| part.width).sum();
        let mut values = Vec::with_capacity(width * rows);
        for row in 0..rows {
            for part in &parts {
                values.extend_from_slice(&part.values[row * part.width..][..part.width]);
            }
        }
        Self { width, values }
    }
}

/// The number as `f32`, or what it is instead.
fn finite(number: Option<f64>) -> Result<f32, String> {
    let exact = number.ok_or("null")?;
    let value = exact as f32;
    value.is_finite().then_some(value).ok_or(exact.to_string())
}

fn unfit(column: &Column, row: usize, path: &Path) -> impl Fn(&str, String) -> Error {
    move |expected, found| {
        let place = format!("column {}, row {row}", column.name());
        Error::samples(path, place, expected, found)
    }
}
