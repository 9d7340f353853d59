//! Variables of a NumPy archive.

use std::io::Read;
use std::path::Path;

use super::{NUMBER, SampledVariable, VariableInfo, unknown};
use crate::error::Error;
use crate::npz::{Archive, Header, Problem};

pub(super) fn read(
    bytes: &[u8],
    path: &Path,
    names: &[String],
) -> Result<Vec<SampledVariable>, Error> {
    let archive = Archive::open(bytes, path)?;
    names
        .iter()
        .map(|name| variable(&archive, path, name))
        .collect()
}

pub(super) fn list(bytes: &[u8], path: &Path) -> Result<Vec<VariableInfo>, Error> {
    list_arrays(&Archive::open(bytes, path)?)
}

fn list_arrays(archive: &Archive<'_>) -> Result<Vec<VariableInfo>, Error> {
    let mut infos = Vec::new();
    for entry in archive.arrays() {
        let rows = archive.read(entry, |content| match Rows::read(content) {
            Ok(rows) => Ok(Some(rows)),
            // An array of texts is nothing wrong, only nothing to offer.
            Err(Problem::Unfit { .. }) => Ok(None),
            Err(problem) => Err(problem),
        })?;
        infos.extend(rows.map(|rows| VariableInfo {
            name: entry.name.clone(),
            dims: rows.dims,
            rows: rows.count,
        }));
    }
    Ok(infos)
}

fn variable(archive: &Archive<'_>, path: &Path, name: &str) -> Result<SampledVariable, Error> {
    let Some(entry) = archive.find(name)? else {
        let known = list_arrays(archive)?.into_iter().map(|info| info.name);
        return Err(unknown(path, name, known.collect()));
    };
    archive.read(entry, |content| {
        let rows = Rows::read(content)?;
        let values = rows.header.numbers(content, |row, exact| {
            let value = exact as f32;
            let found = || format!("{exact} in row {row}");
            let finite = value.is_finite().then_some(value);
            finite.ok_or_else(|| Problem::unfit(NUMBER, found()))
        })?;
        Ok(SampledVariable {
            name: name.to_owned(),
            dims: rows.dims,
            values,
        })
    })
}

/// The header of an array that is rows of numbers.
struct Rows {
    header: Header,
    /// Length of the first axis.
    count: usize,
    /// Numbers in a row: the product of the other axes.
    dims: usize,
}

impl Rows {
    fn read(reader: &mut dyn Read) -> Result<Self, Problem> {
        let header = Header::read(reader)?;
        header.check_numbers()?;
        let Some((&count, rest)) = header.shape().split_first() else {
            return Err(Problem::unfit("an array of rows", "a single element"));
        };
        // Without rows, the product of the other axes may be anything.
        let dims = rest
            .iter()
            .fold(1, |dims: usize, &d| dims.saturating_mul(d));
        if dims == 0 {
            return Err(Problem::unfit("at least one number a row", "none"));
        }
        Ok(Self {
            count,
            dims,
            header,
        })
    }
}

#[cfg(test)]
mod tests {
    use rawzip::CompressionMethod;

    use super::*;

    const PLAIN: &[u8] = include_bytes!("../../tests/samples/numpy.npz");
    const COMPRESSED: &[u8] = include_bytes!("../../tests/samples/numpy_compressed.npz");

    fn variable(bytes: &[u8], name: &str) -> Result<SampledVariable, String> {
        let variables = read(bytes, Path::new("f.npz"), &[name.to_owned()]);
        variables
            .map(|mut v| v.remove(0))
            .map_err(|e| e.to_string())
    }

    /// As in `tests/samples/make.py`.
    fn expected() -> Vec<(&'static str, usize, Vec<f32>)> {
        let six = |change: fn(f32) -> f32| (0..6).map(|i| change(i as f32)).collect();
        let cube: Vec<f32> = (0..12).map(|i| i as f32).collect();
        vec![
            ("f4", 2, six(|i| i + 0.5)),
            ("f8", 2, six(|i| i + 0.25)),
            ("f2", 2, six(|i| i - 0.5)),
            ("big", 2, six(|i| i + 0.5)),
            ("big_i2", 2, six(|i| i - 300.0)),
            ("i1", 2, six(|i| i - 3.0)),
            ("i8", 2, six(|i| i - 1_099_511_627_776.0)),
            ("u1", 2, six(|i| i + 250.0)),
            ("u8", 2, six(|i| i + 9_223_372_036_854_775_808.0)),
            ("bool", 2, six(|i| i % 2.0)),
            ("line", 1, vec![1.5, 2.5, 3.5]),
            ("fortran", 2, six(|i| i)),
            ("cube", 4, cube.clone()),
            ("fortran_cube", 4, cube),
        ]
    }

    #[test]
    fn arrays_of_numpy_are_read() {
        for bytes in [PLAIN, COMPRESSED] {
            for (name, dims, values) in expected() {
                let name = name.to_owned();
                let read = variable(bytes, &name);
                assert_eq!(read, Ok(SampledVariable { name, dims, values }));
            }
        }
    }

    #[test]
    fn arrays_of_numbers_are_listed() {
        let infos = list(COMPRESSED, Path::new("f.npz")).unwrap();
        let listed = infos.into_iter().map(|i| (i.name, i.dims, i.rows));
        let all = expected()
            .into_iter()
            .map(|(name, dims, _)| (name.to_owned(), dims, 3));
        assert!(listed.eq(all));
        let names: Vec<_> = list(PLAIN, Path::new("f.npz")).unwrap();
        let names: Vec<_> = names
            .iter()
            .map(|info| info.name.as_str())
            .skip(14)
            .collect();
        assert_eq!(names, ["no_rows", "longer", "nan", "inf", "beyond_f32"]);
    }

    #[test]
    fn what_is_no_rows_of_finite_numbers_is_refused() {
        for (name, expected, found) in [
            ("text", "numbers of type", "<U1"),
            ("objects", "numbers of type", "|O"),
            ("complex", "numbers of type", "<c16"),
            ("records", "numbers of type", "a record"),
            ("dates", "numbers of type", "<M8[D]"),
            ("scalar", "an array of rows", "a single element"),
            ("no_columns", "at least one number a row", "none"),
            ("nan", "a finite number", "NaN in row 2"),
            ("inf", "a finite number", "-inf in row 2"),
            ("beyond_f32", "a finite number", "in row 0"),
        ] {
            let message = variable(PLAIN, name).unwrap_err();
            let start = format!("f.npz, array {name}: expected {expected}");
            assert!(
                message.starts_with(&start) && message.ends_with(found),
                "{message}"
            );
        }
    }

    #[test]
    fn an_unknown_name_gets_the_list() {
        let message = variable(COMPRESSED, "f16").unwrap_err();
        let start = "f.npz has no variable \"f16\"; it has f4, f8, f2, ";
        assert!(message.starts_with(start), "{message}");
    }

    #[test]
    fn a_changed_byte_is_found_by_the_checksum() {
        let place = PLAIN
            .windows(4)
            .position(|w| w == 1.5f32.to_le_bytes())
            .unwrap();
        let mut bytes = PLAIN.to_vec();
        bytes[place] ^= 1;
        let message = variable(&bytes, "f4").unwrap_err();
        assert!(
            message.contains("array f4") && message.contains("checksum"),
            "{message}"
        );
    }

    #[test]
    fn other_files_are_refused() {
        for bytes in [&b""[..], b"PK", b"x,y\n1,2\n", &[0; 100]] {
            let message = variable(bytes, "x").unwrap_err();
            assert!(message.contains("directory of a zip archive"), "{message}");
        }
    }

    /// An archive with one array, stored, under each of these names.
    fn archive(names: &[&str], method: CompressionMethod) -> Vec<u8> {
        let header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (2,)}";
        let start = [b"\x93NUMPY\x01\x00", &[header.len() as u8, 0][..]].concat();
        let array = [&start, &header[..], &[1, 2]].concat();
        let mut bytes = Vec::new();
        let mut writer = rawzip::ZipArchiveWriter::new(&mut bytes);
        for name in names {
            let file = writer.new_file(name).compression_method(method);
            let (mut entry, config) = file.start().unwrap();
            let mut content = config.wrap(&mut entry);
            std::io::Write::write_all(&mut content, &array).unwrap();
            let (_, descriptor) = content.finish().unwrap();
            entry.finish(descriptor).unwrap();
        }
        writer.finish().unwrap();
        bytes
    }

    #[test]
    fn odd_archives() {
        let bytes = archive(
            &["x.npy", "readme.txt", "a/b.npy"],
            CompressionMethod::STORE,
        );
        assert_eq!(variable(&bytes, "x").unwrap().values, [1.0, 2.0]);
        assert_eq!(variable(&bytes, "a/b").unwrap().values, [1.0, 2.0]);
        let message = variable(&bytes, "readme.txt").unwrap_err();
        assert!(message.ends_with("it has x, a/b"), "{message}");

        let twice = archive(&["x.npy", "x.npy"], CompressionMethod::STORE);
        let message = variable(&twice, "x").unwrap_err();
        assert!(
            message.ends_with("expected one array of this name, found several"),
            "{message}"
        );

        let packed = archive(&["x.npy"], CompressionMethod::LZMA);
        let message = variable(&packed, "x").unwrap_err();
        assert!(
            message.ends_with("stored or deflated, found zip method 14"),
            "{message}"
        );

        let empty = variable(&archive(&[], CompressionMethod::STORE), "x").unwrap_err();
        assert!(empty.ends_with("it has no variables of numbers"), "{empty}");
    }
}
