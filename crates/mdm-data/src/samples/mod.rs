//! Samples of random variables from a file of the user's own: a NumPy archive, a Parquet file or a text table.
//!
//! A variable is a name and n rows of numbers; row i of every variable belongs to the same sample. The extension of the
//! file tells the format:
//!
//! | extension | a variable is |
//! |---|---|
//! | `.npz` | an array. `[n]` is one number a row, `[n, d]` is d, and `[n, …]` is read as `[n, rest]` |
//! | `.parquet` | a column of numbers, a column of lists of equal length, or several such columns |
//! | `.csv` | a column, or several; the first line names the columns |
//! | `.tsv` | as `.csv`, with tabs |
//!
//! In the last three, `x` is the column of exactly this name, or else all columns whose name is `x` and a number:
//! `x_0`, `x.0`, `x[0]` or `x0`. They are taken in the order of their numbers, which must run without a gap from 0 or 1.
//!
//! Every number must be finite and within the range of `f32`, to which it is rounded. Nothing is filled in or left out:
//! a missing or odd value is an error with its place. Lines are counted from 1; rows of arrays and of Parquet from 0, as
//! NumPy and Polars count them. A file is read into memory whole, but what it says about its own size is not believed
//! before the data has come.
//!
//! ```
//! use mdm_data::samples;
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("pairs.csv");
//! std::fs::write(&path, "x_0, x_1, y\n1, 2, 3\n4, 5, 6\n")?;
//!
//! let variables = samples::read(&path, &["y".to_owned(), "x".to_owned()])?;
//! assert_eq!((variables[0].rows(), variables[0].dims), (2, 1));
//! assert_eq!(variables[1].values, [1.0, 2.0, 4.0, 5.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod columns;
mod matrix;
mod npz;
mod pages;
mod parquet;
mod text;

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use crate::error::Error;

/// One variable of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct SampledVariable {
    /// Its name, as it was asked for.
    pub name: String,
    /// Numbers in a row.
    pub dims: usize,
    /// `[rows, dims]`, row by row.
    pub values: Vec<f32>,
}

impl SampledVariable {
    /// Number of samples.
    pub fn rows(&self) -> usize {
        self.values.len().checked_div(self.dims).unwrap_or(0)
    }
}

/// What a file says about one of its variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableInfo {
    /// The name to ask for.
    pub name: String,
    /// Numbers in a row.
    pub dims: usize,
    /// Number of samples.
    pub rows: usize,
}

/// What every number must be.
const NUMBER: &str = "a finite number in the range of f32";

/// How a file is read.
#[derive(Clone, Copy, Debug)]
enum Format {
    Npz,
    Parquet,
    Text { delimiter: u8 },
}

impl Format {
    fn of(path: &Path) -> Result<Self, Error> {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        match extension.to_ascii_lowercase().as_str() {
            "npz" => Ok(Self::Npz),
            "parquet" => Ok(Self::Parquet),
            "csv" => Ok(Self::Text { delimiter: b',' }),
            "tsv" => Ok(Self::Text { delimiter: b'\t' }),
            _ => {
                let known = [".npz", ".parquet", ".csv", ".tsv"];
                let name = path.display().to_string();
                Err(Error::unknown_name("kind of file", &name, known))
            }
        }
    }
}

/// Reads the variables of these names, in this order, all with the same number of rows, at least one.
///
/// # Errors
///
/// [`Error::UnknownName`] for a file of another format; [`Error::Io`]; [`Error::UnknownVariable`];
/// [`Error::InvalidConfig`] where two variables would take the same column; [`Error::UnequalRows`]; [`Error::Table`] for
/// a Parquet file that cannot be read; [`Error::Samples`] for all else, with its place in the file.
pub fn read(path: &Path, names: &[String]) -> Result<Vec<SampledVariable>, Error> {
    let format = Format::of(path)?;
    let bytes = fs::read(path).map_err(Error::io("read", path))?;
    read_bytes(format, bytes, path, names)
}

/// Lists the variables that a file offers: the arrays or columns of numbers. Each column is in one variable only.
/// Columns such as `x_0`, `x_1` are listed as `x`; columns such as `x0`, `x1` one by one, because so do people call
/// variables that stand alone (`x` gives them together nevertheless). Of a text table all columns are listed, as nothing
/// tells which hold numbers.
///
/// # Errors
///
/// As [`read`], as far as they can be told without reading the numbers.
pub fn list(path: &Path) -> Result<Vec<VariableInfo>, Error> {
    let format = Format::of(path)?;
    let bytes = fs::read(path).map_err(Error::io("read", path))?;
    list_bytes(format, bytes, path)
}

fn read_bytes(
    format: Format,
    bytes: Vec<u8>,
    path: &Path,
    names: &[String],
) -> Result<Vec<SampledVariable>, Error> {
    check_names(names)?;
    let variables = match format {
        Format::Npz => npz::read(&bytes, path, names)?,
        Format::Parquet => parquet::read(bytes, path, names)?,
        Format::Text { delimiter } => text::read(&bytes, delimiter, path, names)?,
    };
    check_rows(path, &variables)?;
    Ok(variables)
}

fn list_bytes(format: Format, bytes: Vec<u8>, path: &Path) -> Result<Vec<VariableInfo>, Error> {
    match format {
        Format::Npz => npz::list(&bytes, path),
        Format::Parquet => parquet::list(bytes, path),
        Format::Text { delimiter } => text::list(&bytes, delimiter, path),
    }
}

/// A variable tells nothing new about itself.
fn check_names(names: &[String]) -> Result<(), Error> {
    let mut seen = HashSet::new();
    match names.iter().find(|name| !seen.insert(name.as_str())) {
        Some(name) => Err(Error::InvalidConfig {
            field: "variables",
            expected: "different names",
            found: format!("{name} twice"),
        }),
        None => Ok(()),
    }
}

fn check_rows(path: &Path, variables: &[SampledVariable]) -> Result<(), Error> {
    for variable in variables {
        let (first, rows) = (&variables[0], variable.rows());
        if rows == 0 {
            let place = format!("variable {}", variable.name);
            return Err(Error::samples(path, place, "at least one row", "none"));
        }
        if rows != first.rows() {
            return Err(Error::UnequalRows {
                path: path.to_owned(),
                first: first.name.clone(),
                first_rows: first.rows(),
                second: variable.name.clone(),
                second_rows: rows,
            });
        }
    }
    Ok(())
}

/// The error for a name that is not in the file.
fn unknown(path: &Path, variable: &str, known: Vec<String>) -> Error {
    Error::UnknownVariable {
        path: path.to_owned(),
        variable: variable.to_owned(),
        known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NPZ: &[u8] = include_bytes!("../../tests/samples/numpy.npz");
    const COMPRESSED: &[u8] = include_bytes!("../../tests/samples/numpy_compressed.npz");
    const PARQUET: &[u8] = include_bytes!("../../tests/samples/pandas.parquet");
    const CSV: &[u8] = include_bytes!("../../tests/samples/pandas.csv");
    const TEXT: Format = Format::Text { delimiter: b',' };

    fn read_as(
        format: Format,
        bytes: &[u8],
        names: &[&str],
    ) -> Result<Vec<SampledVariable>, Error> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        read_bytes(format, bytes.to_vec(), Path::new("f"), &names)
    }

    /// Every beginning of a file is an error, or what the whole file is as far as it goes.
    fn check_beginnings(format: Format, bytes: &[u8], names: &[&str]) {
        let whole = read_as(format, bytes, names).unwrap();
        for length in 0..bytes.len() {
            let part = &bytes[..length];
            let listed = list_bytes(format, part.to_vec(), Path::new("f"));
            match (format, read_as(format, part, names)) {
                (_, Err(error)) => assert!(error.to_string().contains('f'), "{error}"),
                // A text may end anywhere, even within a number.
                (Format::Text { .. }, Ok(read)) => {
                    assert!(listed.is_ok());
                    for (part, whole) in read.iter().zip(&whole) {
                        assert!(part.rows() <= whole.rows());
                        let whole_rows = (part.rows() - 1) * part.dims;
                        assert_eq!(part.values[..whole_rows], whole.values[..whole_rows]);
                    }
                }
                (_, Ok(read)) => assert_eq!(read, whole),
            }
        }
    }

    #[test]
    fn cut_files() {
        check_beginnings(Format::Npz, NPZ, &["f4", "fortran_cube"]);
        check_beginnings(Format::Npz, COMPRESSED, &["f4", "fortran_cube"]);
        check_beginnings(Format::Parquet, PARQUET, &["x", "y"]);
        check_beginnings(TEXT, CSV, &["y", "x"]);
    }

    #[test]
    fn the_extension_tells_the_format() {
        for name in ["a.npz", "b.PARQUET", "c.d.csv", "e.Tsv"] {
            assert!(Format::of(Path::new(name)).is_ok(), "{name}");
        }
        for name in ["a.npy", "csv", "a", "", "a.csv.gz"] {
            let message = read(Path::new(name), &[]).unwrap_err().to_string();
            let expected = format!(
                "unknown kind of file {name:?}; expected one of .npz, .parquet, .csv, .tsv"
            );
            assert_eq!(message, expected);
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let message = list(Path::new("no/such.npz")).unwrap_err().to_string();
        assert!(message.starts_with("cannot read no/such.npz"), "{message}");
    }

    #[test]
    fn rows_must_be_equal() {
        let message = read_as(Format::Npz, NPZ, &["f4", "line", "longer"]).unwrap_err();
        let expected =
            "f: the variables need the same number of rows, but f4 has 3 and longer has 4";
        assert_eq!(message.to_string(), expected);
    }

    #[test]
    fn no_rows_are_an_error() {
        for (format, bytes, name) in [
            (Format::Npz, NPZ, "no_rows"),
            (TEXT, b"no_rows\n", "no_rows"),
        ] {
            let message = read_as(format, bytes, &[name]).unwrap_err().to_string();
            assert_eq!(
                message,
                "f, variable no_rows: expected at least one row, found none"
            );
        }
    }

    #[test]
    fn a_name_is_given_once() {
        for (format, bytes) in [(Format::Npz, NPZ), (Format::Parquet, PARQUET), (TEXT, CSV)] {
            let message = read_as(format, bytes, &["y", "x", "y"])
                .unwrap_err()
                .to_string();
            assert_eq!(
                message,
                "variables: expected different names, found y twice"
            );
        }
    }

    #[test]
    fn no_names_are_no_variables() {
        for (format, bytes) in [(Format::Npz, NPZ), (Format::Parquet, PARQUET), (TEXT, CSV)] {
            assert_eq!(read_as(format, bytes, &[]).unwrap(), []);
        }
    }

    #[test]
    fn the_three_formats_agree() {
        let parquet = read_as(Format::Parquet, PARQUET, &["y", "x"]).unwrap();
        assert_eq!(read_as(TEXT, CSV, &["y", "x"]).unwrap(), parquet);
        assert_eq!(parquet[1].values, [1.5, 3.0, 2.5, 4.0]);
    }

    /// A changed byte may pass for another number. It must not end the program, nor escape as a panic.
    #[test]
    fn changed_files() {
        for (format, bytes, names) in [
            (Format::Npz, NPZ, &["f4", "fortran_cube"]),
            (Format::Npz, COMPRESSED, &["f4", "fortran_cube"]),
            (Format::Parquet, PARQUET, &["x", "y"]),
            (TEXT, CSV, &["x", "y"]),
        ] {
            for (place, change) in (0..bytes.len()).flat_map(|i| [(i, 1), (i, 0x80), (i, 0xff)]) {
                let mut changed = bytes.to_vec();
                changed[place] ^= change;
                let _ = list_bytes(format, changed.clone(), Path::new("f"));
                let values = read_as(format, &changed, names).unwrap_or_default();
                assert!(
                    values
                        .iter()
                        .all(|v| v.values.iter().all(|x| x.is_finite()))
                );
            }
        }
    }
}
