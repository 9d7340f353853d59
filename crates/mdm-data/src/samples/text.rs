//! Variables of a text table.

use std::path::Path;

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::{NUMBER, SampledVariable, VariableInfo, columns};
use crate::error::Error;

pub(super) fn read(
    bytes: &[u8],
    delimiter: u8,
    path: &Path,
    names: &[String],
) -> Result<Vec<SampledVariable>, Error> {
    let (header, mut rows) = open(bytes, delimiter, path)?;
    let selection = columns::select(&header, names, path)?;
    let empty = |(name, columns): (&String, &Vec<usize>)| SampledVariable {
        name: name.clone(),
        dims: columns.len(),
        values: Vec::new(),
    };
    let mut variables: Vec<_> = names.iter().zip(&selection).map(empty).collect();
    while let Some((line, cells)) = rows.next()? {
        for (variable, columns) in variables.iter_mut().zip(&selection) {
            for &column in columns {
                let value = number(&cells[column]).ok_or_else(|| {
                    let place = format!("line {line}, column {}", header[column]);
                    Error::samples(path, place, NUMBER, quote(&cells[column]))
                })?;
                variable.values.push(value);
            }
        }
    }
    Ok(variables)
}

pub(super) fn list(bytes: &[u8], delimiter: u8, path: &Path) -> Result<Vec<VariableInfo>, Error> {
    let (header, mut rows) = open(bytes, delimiter, path)?;
    let mut count = 0;
    while rows.next()?.is_some() {
        count += 1;
    }
    let offered = columns::offer(&header, path).into_iter();
    let info = |(name, columns): (&str, Vec<usize>)| VariableInfo {
        name: name.to_owned(),
        dims: columns.len(),
        rows: count,
    };
    Ok(offered.map(info).collect())
}

/// Reads the header, and stands before the first row.
fn open<'a>(
    bytes: &'a [u8],
    delimiter: u8,
    path: &'a Path,
) -> Result<(Vec<String>, Rows<'a>), Error> {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        // Rows of another length are found here, to say more about them.
        .flexible(true)
        .from_reader(bytes);
    let wrong = |found: String| {
        let expected = "a name for each column";
        Error::samples(path, "header", expected, found)
    };
    let mut header = Vec::new();
    for name in reader.byte_headers().map_err(unread(path))? {
        let name =
            std::str::from_utf8(name).map_err(|_| wrong("bytes that are no UTF-8".into()))?;
        header.push(name.trim().to_owned());
    }
    if header.is_empty() {
        return Err(wrong("the end of the file".into()));
    }
    // Otherwise the first row of a file without a header would be lost without a word.
    if header.iter().all(|name| name.parse::<f64>().is_ok()) {
        return Err(wrong(format!("numbers only ({}, …)", header[0])));
    }
    let rows = Rows {
        reader,
        record: ByteRecord::new(),
        width: header.len(),
        path,
        bytes,
        seen: 0,
        line: 1,
    };
    Ok((header, rows))
}

/// The rows of a table, each with its line.
struct Rows<'a> {
    reader: Reader<&'a [u8]>,
    record: ByteRecord,
    width: usize,
    path: &'a Path,
    bytes: &'a [u8],
    /// Where the last row began, and in which line, from 1.
    seen: usize,
    line: u64,
}

impl Rows<'_> {
    fn next(&mut self) -> Result<Option<(u64, &ByteRecord)>, Error> {
        let more = self.reader.read_byte_record(&mut self.record);
        if !more.map_err(unread(self.path))? {
            return Ok(None);
        }
        let offset = self.record.position().map_or(0, |place| place.byte());
        let start = usize::try_from(offset).map_or(self.bytes.len(), |s| s.min(self.bytes.len()));
        self.go_to(start);
        // The reader skips empty lines. In a table of one column, such a line is a missing value.
        let found = match self.bytes.get(self.seen) {
            Some(b'\n' | b'\r') => "an empty line".to_owned(),
            _ if self.record.len() != self.width => self.record.len().to_string(),
            _ => return Ok(Some((self.line, &self.record))),
        };
        let expected = format!("{} cells", self.width);
        let place = format!("line {}", self.line);
        Err(Error::samples(self.path, place, expected, found))
    }

    /// Counts the lines to here. The reader's own count is one short after each `\r\n`.
    fn go_to(&mut self, mut start: usize) {
        // Its rows begin between the two.
        if start > 0 && self.bytes[start - 1..].starts_with(b"\r\n") {
            start += 1;
        }
        for index in self.seen..start {
            let ends_line = match self.bytes[index] {
                b'\n' => true,
                b'\r' => self.bytes.get(index + 1) != Some(&b'\n'),
                _ => false,
            };
            self.line += u64::from(ends_line);
        }
        self.seen = start;
    }
}

fn unread(path: &Path) -> impl FnOnce(csv::Error) -> Error {
    move |error| Error::io("read", path)(error.into())
}

/// The number in a cell.
fn number(cell: &[u8]) -> Option<f32> {
    let text = std::str::from_utf8(cell).ok()?;
    let value: f32 = text.trim().parse().ok()?;
    value.is_finite().then_some(value)
}

/// Most characters of a cell that a message shows. An open quotation mark makes a cell of the rest of the file.
const CELL_SHOWN: usize = 40;

/// A cell, for a message.
fn quote(cell: &[u8]) -> String {
    let text = String::from_utf8_lossy(cell);
    let text = text.trim();
    if text.is_empty() {
        return "an empty cell".to_owned();
    }
    let shown: String = text.chars().take(CELL_SHOWN).collect();
    let rest = if shown.len() < text.len() { "…" } else { "" };
    format!("{shown:?}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "t.csv";

    fn read(content: &str, names: &[&str]) -> Result<Vec<SampledVariable>, String> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        super::read(content.as_bytes(), b',', Path::new(PATH), &names).map_err(|e| e.to_string())
    }

    fn values(content: &str, name: &str) -> Vec<f32> {
        read(content, &[name]).unwrap().remove(0).values
    }

    #[test]
    fn cells_are_trimmed_and_quotes_removed() {
        let content = "\u{feff} x_1 ,\"x_0\",name\n 1 ,\" 2\t\",a\n-1e-3,+.5,\"b,\nc\"\n";
        assert_eq!(values(content, "x"), [2.0, 1.0, 0.5, -0.001]);
    }

    #[test]
    fn ends_of_lines_and_of_the_file() {
        for content in [
            "x\n1\n2",
            "x\n1\n2\n\n\n",
            "x\r\n1\r\n2\r\n\r\n",
            "x\r1\r2\r",
            "\n\nx\n1\n2",
        ] {
            assert_eq!(values(content, "x"), [1.0, 2.0], "{content:?}");
        }
        assert!(values("x,y\n", "x").is_empty());
    }

    #[test]
    fn tabs() {
        let names = ["x y".to_owned()];
        let variables = super::read(b"x y\tz\n1\t2\n", b'\t', Path::new("t.tsv"), &names);
        assert_eq!(variables.unwrap()[0].values, [1.0]);
    }

    #[test]
    fn wrong_cells_are_named_with_line_and_column() {
        let number = "expected a finite number in the range of f32";
        for (content, place, found) in [
            ("x,y\n1,2\n3,\n", "line 3, column y", "an empty cell"),
            ("x,y\n1, \t\n", "line 2, column y", "an empty cell"),
            ("y,x\r\n1,2\r\n-,4\r\n", "line 3, column y", "\"-\""),
            (
                "y,x\n\"1\",\"a\nb\"\nnan,1\n",
                "line 4, column y",
                "\"nan\"",
            ),
            ("y\n-inf\n", "line 2, column y", "\"-inf\""),
            ("y\n1e39\n", "line 2, column y", "\"1e39\""),
            ("y\n\"1,5\"\n", "line 2, column y", "\"1,5\""),
            ("y_0,y_1\n1,true\n", "line 2, column y_1", "\"true\""),
            ("y\n1\n\"2\n3\n4", "line 3, column y", "\"2\\n3\\n4\""),
        ] {
            let message = read(content, &["y"]).unwrap_err();
            assert_eq!(message, format!("{PATH}, {place}: {number}, found {found}"));
        }
    }

    #[test]
    fn a_long_cell_is_cut_in_the_message() {
        let message = read(&format!("y\n{}", "é".repeat(1000)), &["y"]).unwrap_err();
        assert!(
            message.ends_with("éé\"…") && message.len() < 200,
            "{message}"
        );
    }

    #[test]
    fn a_wrong_cell_of_another_column_does_no_harm() {
        assert_eq!(values("x,name\n1,\n2,nan\n", "x"), [1.0, 2.0]);
        let bytes = b"x,name\n1,\xff\n";
        let variables = super::read(bytes, b',', Path::new(PATH), &["x".to_owned()]);
        assert_eq!(variables.unwrap()[0].values, [1.0]);
    }

    #[test]
    fn rows_have_the_width_of_the_header() {
        for (content, expected) in [
            ("x,y\n1,2\n3\n", "line 3: expected 2 cells, found 1"),
            ("x,y\n1,2,3\n", "line 2: expected 2 cells, found 3"),
            (
                "x\n1\n\n2\n",
                "line 3: expected 1 cells, found an empty line",
            ),
            (
                "x\r\n1\r\n\r\n2\r\n",
                "line 3: expected 1 cells, found an empty line",
            ),
            (
                "x,y\n\n1,2\n",
                "line 2: expected 2 cells, found an empty line",
            ),
        ] {
            let message = read(content, &["x"]).unwrap_err();
            assert_eq!(message, format!("{PATH}, {expected}"));
        }
    }

    #[test]
    fn a_header_is_required() {
        for (content, found) in [
            ("", "the end of the file"),
            ("\n\n", "the end of the file"),
            ("1,2.5\n3,4\n", "numbers only (1, …)"),
        ] {
            let message = read(content, &["x"]).unwrap_err();
            assert_eq!(
                message,
                format!("{PATH}, header: expected a name for each column, found {found}")
            );
        }
        let names = ["x".to_owned()];
        let error = super::read(b"x,\xff\n1,2\n", b',', Path::new(PATH), &names).unwrap_err();
        assert!(error.to_string().contains("no UTF-8"), "{error}");
    }

    #[test]
    fn the_columns_are_listed_with_their_rows() {
        let content = b",x_0,x_1,name\n0,1,2,a\n1,3,4,b\n";
        let infos = list(content, b',', Path::new(PATH)).unwrap();
        let found: Vec<_> = infos
            .iter()
            .map(|i| (i.name.as_str(), i.dims, i.rows))
            .collect();
        assert_eq!(found, [("x", 2, 2), ("name", 1, 2)]);
    }
}
