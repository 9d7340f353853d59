//! Variables of a Parquet file, read through Polars.

use std::io::Cursor;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Arc;

use polars::prelude::*;

use super::matrix::{self, Matrix};
use super::{SampledVariable, VariableInfo, columns, pages};
use crate::error::Error;

pub(super) fn read(
    bytes: Vec<u8>,
    path: &Path,
    names: &[String],
) -> Result<Vec<SampledVariable>, Error> {
    guarded(path, || read_columns(bytes, path, names))
}

pub(super) fn list(bytes: Vec<u8>, path: &Path) -> Result<Vec<VariableInfo>, Error> {
    guarded(path, || list_columns(bytes, path))
}

/// Makes an error of a panic: Polars has assertions that a damaged file does not meet. The panic hook has had its say
/// by then, which only the program can change.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        let text = text.unwrap_or("of no further description");
        // Assertions speak over several lines.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Err(damaged(path, format!("a fault in the file ({text})")))
    })
}

fn read_columns(
    bytes: Vec<u8>,
    path: &Path,
    names: &[String],
) -> Result<Vec<SampledVariable>, Error> {
    let file = ParquetFile::open(bytes, path)?;
    let selection = columns::select(&file.names, names, path)?;
    for &column in selection.iter().flatten() {
        file.check_type(column)?;
    }
    let frame = file.columns(selection.concat(), usize::MAX)?;
    let mut variables = Vec::with_capacity(names.len());
    for (name, columns) in names.iter().zip(&selection) {
        let mut parts = Vec::with_capacity(columns.len());
        for &column in columns {
            parts.push(Matrix::read(
                file.column(&frame, column)?,
                frame.height(),
                path,
            )?);
        }
        let joined = Matrix::join(parts, frame.height());
        variables.push(SampledVariable {
            name: name.clone(),
            dims: joined.width,
            values: joined.values,
        });
    }
    Ok(variables)
}

fn list_columns(bytes: Vec<u8>, path: &Path) -> Result<Vec<VariableInfo>, Error> {
    let file = ParquetFile::open(bytes, path)?;
    let readable: Vec<usize> = (0..file.names.len())
        .filter(|&column| is_readable(&file.types[column]))
        .collect();
    let names: Vec<String> = readable.iter().map(|&c| file.names[c].clone()).collect();
    // The first row tells the widths of lists.
    let frame = file.columns(readable.clone(), 1)?;
    let mut infos = Vec::new();
    for (name, columns) in columns::offer(&names, path) {
        let mut dims = 0;
        for column in columns {
            dims += matrix::width(file.column(&frame, readable[column])?, path)?;
        }
        infos.push(VariableInfo {
            name: name.to_owned(),
            dims,
            rows: file.rows,
        });
    }
    Ok(infos)
}

/// Whether a column holds numbers, or lists of numbers. Polars is built without the integers of 8 and 16 bits, and
/// panics on a column of a type that it was built without.
fn is_readable(dtype: &ArrowDataType) -> bool {
    match dtype {
        ArrowDataType::LargeList(inner) => is_number(inner.dtype()),
        other => is_number(other),
    }
}

fn is_number(dtype: &ArrowDataType) -> bool {
    matches!(
        dtype,
        ArrowDataType::Boolean
            | ArrowDataType::Int32
            | ArrowDataType::Int64
            | ArrowDataType::UInt32
            | ArrowDataType::UInt64
            | ArrowDataType::Float32
            | ArrowDataType::Float64
    )
}

/// A type, for a message.
fn type_name(dtype: &ArrowDataType) -> String {
    match dtype {
        ArrowDataType::LargeList(inner) => format!("lists of {}", type_name(inner.dtype())),
        // With the names and types of its fields, it fills the screen.
        ArrowDataType::Struct(_) => "records".to_owned(),
        other => format!("{other:?}"),
    }
}

/// A Parquet file with its footer read.
struct ParquetFile<'a> {
    bytes: Vec<u8>,
    metadata: FileMetadataRef,
    names: Vec<String>,
    types: Vec<ArrowDataType>,
    rows: usize,
    path: &'a Path,
}

impl<'a> ParquetFile<'a> {
    fn open(bytes: Vec<u8>, path: &'a Path) -> Result<Self, Error> {
        let mut reader = ParquetReader::new(Cursor::new(&bytes));
        let mut metadata = FileMetadata::clone(reader.get_metadata().map_err(wrong(path))?);
        // What Arrow adds about types: Polars panics on some of it, and without it arrays of fixed size are lists.
        metadata.key_value_metadata = None;
        let metadata = Arc::new(metadata);
        reader.set_metadata(metadata.clone());
        let schema = reader.schema().map_err(wrong(path))?;
        let names = schema.iter_names().map(ToString::to_string).collect();
        let types = schema.iter_values().map(|f| f.dtype().clone()).collect();
        Ok(Self {
            rows: metadata.num_rows,
            bytes,
            metadata,
            names,
            types,
            path,
        })
    }

    fn check_type(&self, column: usize) -> Result<(), Error> {
        let dtype = &self.types[column];
        if is_readable(dtype) {
            return Ok(());
        }
        let expected = "float, double, bool, integers of 32 or 64 bits, or lists of one of them";
        let found = type_name(dtype);
        let place = format!("column {}", self.names[column]);
        Err(Error::samples(self.path, place, expected, found))
    }

    /// Some columns, and of them the first rows.
    fn columns(&self, columns: Vec<usize>, rows: usize) -> Result<DataFrame, Error> {
        let names = columns.iter().map(|&column| self.names[column].as_str());
        pages::check(&self.bytes, &self.metadata, names)
            .map_err(|text| damaged(self.path, text))?;
        let mut reader = ParquetReader::new(Cursor::new(&self.bytes));
        reader.set_metadata(self.metadata.clone());
        reader
            .with_projection(Some(columns))
            .with_slice(Some((0, rows)))
            .finish()
            .map_err(wrong(self.path))
    }

    fn column<'f>(&self, frame: &'f DataFrame, column: usize) -> Result<&'f Column, Error> {
        frame.column(&self.names[column]).map_err(wrong(self.path))
    }
}

/// The error for what Polars refuses.
pub(super) fn wrong(path: &Path) -> impl Fn(PolarsError) -> Error {
    |source| Error::Table {
        action: "read",
        path: path.to_owned(),
        source: Box::new(source),
    }
}

pub(super) fn damaged(path: &Path, text: String) -> Error {
    wrong(path)(PolarsError::ComputeError(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PYARROW: &[u8] = include_bytes!("../../tests/samples/pyarrow.parquet");
    const PANDAS: &[u8] = include_bytes!("../../tests/samples/pandas.parquet");

    fn variable(bytes: &[u8], name: &str) -> Result<(usize, Vec<f32>), String> {
        let variables = read(bytes.to_vec(), Path::new("f.parquet"), &[name.to_owned()]);
        let variable = variables.map_err(|e| e.to_string())?.remove(0);
        assert_eq!(variable.name, name);
        Ok((variable.dims, variable.values))
    }

    #[test]
    fn columns_of_numbers_are_read() {
        let six = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        for (name, dims, values) in [
            ("x", 2, vec![1.0, 2.5, 3.0, 4.5, 5.0, 6.5]),
            ("x_1", 1, vec![2.5, 4.5, 6.5]),
            ("flag", 1, vec![1.0, 0.0, 1.0]),
            ("i4", 1, vec![-1.0, 0.0, 1.0]),
            ("u4", 1, vec![0.0, 1.0, 4_294_967_295.0]),
            ("u8", 1, vec![0.0, 1.0, 18_446_744_073_709_551_615.0]),
            ("code", 1, vec![1.0, 2.0, 1.0]),
            ("list", 2, six.clone()),
            ("fixed", 2, six),
        ] {
            assert_eq!(variable(PYARROW, name), Ok((dims, values)), "{name}");
        }
        assert_eq!(variable(PANDAS, "x"), Ok((2, vec![1.5, 3.0, 2.5, 4.0])));
    }

    #[test]
    fn other_columns_are_refused() {
        for (name, place, found) in [
            ("half", "", "FixedSizeBinary(2)"),
            ("i1", "", "Int8"),
            ("text", "", "Utf8View"),
            ("labels", "", "Utf8View"),
            ("record", "", "records"),
            ("decimal", "", "Decimal(10, 2)"),
            ("time", "", "Timestamp"),
            ("nested", "", "lists of lists of Float64"),
            ("map", "", "lists of records"),
            ("holes", ", row 1", "null"),
            ("list_holes", ", row 1", "null"),
            ("inner_holes", ", row 2", "null"),
            ("nan", ", row 2", "NaN"),
            ("beyond_f32", ", row 0", "1000"),
            ("ragged", ", row 1", "1"),
            ("empty", ", row 0", "none"),
            ("nothing", ", row 0", "null"),
        ] {
            let message = variable(PYARROW, name).unwrap_err();
            let start = format!("f.parquet, column {name}{place}: expected ");
            assert!(message.starts_with(&start), "{message}");
            let (_, rest) = message.split_once(", found ").unwrap();
            assert!(rest.starts_with(found), "{message}");
        }
    }

    #[test]
    fn columns_of_numbers_are_listed() {
        let infos = list(PYARROW.to_vec(), Path::new("f.parquet")).unwrap();
        assert!(infos.iter().all(|info| info.rows == 3));
        let found: Vec<_> = infos
            .iter()
            .map(|info| (info.name.as_str(), info.dims))
            .collect();
        let expected = [
            ("x", 2),
            ("flag", 1),
            ("i4", 1),
            ("u4", 1),
            ("u8", 1),
            ("list", 2),
            ("fixed", 2),
            ("ragged", 2),
            ("empty", 0),
            ("holes", 1),
            ("list_holes", 1),
            ("inner_holes", 1),
            ("nan", 1),
            ("beyond_f32", 1),
            ("nothing", 1),
            ("code", 1),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn several_variables_come_in_the_order_asked_for() {
        let names = ["list", "i4", "x"].map(str::to_owned);
        let variables = read(PYARROW.to_vec(), Path::new("f.parquet"), &names).unwrap();
        assert!(variables.iter().map(|v| &v.name).eq(&names));
        assert_eq!(variables[1].values, [-1.0, 0.0, 1.0]);
    }

    #[test]
    fn a_table_without_rows() {
        let x: Vec<f64> = Vec::new();
        let columns = vec![Column::new("x".into(), x)];
        let mut frame = DataFrame::new_infer_height(columns).unwrap();
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes).finish(&mut frame).unwrap();
        assert_eq!(variable(&bytes, "x"), Ok((1, Vec::new())));
        let infos = list(bytes, Path::new("f.parquet")).unwrap();
        assert_eq!((infos[0].dims, infos[0].rows), (1, 0));
    }

    #[test]
    fn other_files_are_refused() {
        for bytes in [&b""[..], b"PAR1", b"PAR1PAR1PAR1", b"x,y\n1,2\n", &[0; 100]] {
            let message = variable(bytes, "x").unwrap_err();
            assert!(
                message.starts_with("cannot read the table f.parquet"),
                "{message}"
            );
        }
    }
}
