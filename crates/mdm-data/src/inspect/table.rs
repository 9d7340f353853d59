//! A table of text, to print as it is or to set in another form.

use std::fmt;

/// A table with a title. [`fmt::Display`] prints it without the title, for a terminal: names to the left, numbers to
/// the right.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// One name a column.
    pub header: Vec<String>,
    /// As many cells a row as the header has.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(title: &str, header: &[&str]) -> Self {
        Self {
            title: title.to_owned(),
            header: header.iter().map(|name| name.to_string()).collect(),
            rows: Vec::new(),
        }
    }

    /// Whether a column holds names; the others hold numbers.
    pub fn is_name(&self, column: usize) -> bool {
        matches!(self.header[column].as_str(), "split" | "modality")
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = || std::iter::once(&self.header).chain(&self.rows);
        let width = |column: usize| {
            rows()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.header.len()).map(width).collect();
        for row in rows() {
            let mut line = String::new();
            for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
                if self.is_name(column) {
                    line.push_str(&format!("  {cell:<width$}"));
                } else {
                    line.push_str(&format!("  {cell:>width$}"));
                }
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_to_the_left_and_numbers_to_the_right() {
        let mut table = Table::new("sizes", &["split", "utterances"]);
        table.rows.push(vec!["valid".into(), "7".into()]);
        assert_eq!(
            table.to_string(),
            "  split  utterances\n  valid           7\n"
        );
    }
}
