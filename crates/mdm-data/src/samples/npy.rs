//! One array in NumPy's own format: a header in Python's notation, then the elements.

use std::io::{self, Read};

use super::element;
use super::literal::Literal;
use crate::pickle::{Dtype, shape_text};

/// What keeps an array from being read.
#[derive(Debug)]
pub(super) enum Problem {
    /// It is whole, but no rows of numbers.
    Unfit {
        expected: &'static str,
        found: String,
    },
    /// It is not as NumPy writes it, or ends too early.
    Damaged {
        expected: &'static str,
        found: String,
    },
}

impl Problem {
    fn unfit(expected: &'static str, found: impl Into<String>) -> Self {
        let found = found.into();
        Self::Unfit { expected, found }
    }

    fn damaged(expected: &'static str, found: impl Into<String>) -> Self {
        let found = found.into();
        Self::Damaged { expected, found }
    }

    fn cut(expected: &'static str) -> impl Fn(io::Error) -> Self {
        move |error| Self::damaged(expected, format!("damaged data ({error})"))
    }
}

/// What stands before the elements.
#[derive(Debug, PartialEq)]
pub(super) struct Header {
    dtype: Dtype,
    fortran: bool,
    shape: Vec<usize>,
    /// Length of the first axis.
    pub(super) rows: usize,
    /// Elements in a row: the product of the other axes.
    pub(super) dims: usize,
}

/// Longest header that is read, in bytes. One of NumPy's has about 100.
const LONGEST_HEADER: usize = 1 << 16;

/// Most elements that are read: as `f32`, 8 GiB. A few megabytes of a hostile archive unpack to more.
const MOST_ELEMENTS: usize = 2 << 30;

/// Elements read at a time.
const CHUNK: usize = 1 << 13;

impl Header {
    /// Reads up to the first element.
    pub(super) fn read(reader: &mut impl Read) -> Result<Self, Problem> {
        const ARRAY: &str = "a NumPy array";
        let mut start = [0; 8];
        reader.read_exact(&mut start).map_err(Problem::cut(ARRAY))?;
        let [magic @ .., major, minor] = start;
        if magic != *b"\x93NUMPY" {
            return Err(Problem::damaged(ARRAY, "other data"));
        }
        // Version 3 differs from 2 in the names of fields only, and fields are not for us.
        let length = match major {
            1 => {
                let mut length = [0; 2];
                reader
                    .read_exact(&mut length)
                    .map_err(Problem::cut(ARRAY))?;
                u16::from_le_bytes(length).into()
            }
            2 | 3 => {
                let mut length = [0; 4];
                reader
                    .read_exact(&mut length)
                    .map_err(Problem::cut(ARRAY))?;
                usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX)
            }
            _ => {
                let found = format!("version {major}.{minor}");
                return Err(Problem::damaged("version 1.0, 2.0 or 3.0", found));
            }
        };
        if length > LONGEST_HEADER {
            let found = format!("one of {length} bytes");
            return Err(Problem::damaged("a header of at most 64 KiB", found));
        }
        let mut text = vec![0; length];
        reader.read_exact(&mut text).map_err(Problem::cut(ARRAY))?;
        Self::parse(&String::from_utf8_lossy(&text))
    }

    /// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }`.
    fn parse(text: &str) -> Result<Self, Problem> {
        const DICT: &str = "a header with descr, fortran_order and shape";
        let wrong = || Problem::damaged(DICT, format!("{:?}", text.trim()));
        let mut literal = Literal::new(text);
        let (mut dtype, mut fortran, mut shape) = (None, None, None);
        literal.skip("{").ok_or_else(wrong)?;
        while literal.skip("}").is_none() {
            let key = literal.string().ok_or_else(wrong)?;
            literal.skip(":").ok_or_else(wrong)?;
            match key {
                "descr" => match literal.string() {
                    Some(name) => {
                        dtype = Some(element::parse(name).ok_or_else(|| no_numbers(name))?)
                    }
                    None => return Err(no_numbers("a record")),
                },
                "fortran_order" => fortran = Some(literal.boolean().ok_or_else(wrong)?),
                "shape" => shape = Some(literal.lengths().ok_or_else(wrong)?),
                _ => return Err(wrong()),
            }
            if literal.skip(",").is_none() {
                literal.skip("}").ok_or_else(wrong)?;
                break;
            }
        }
        match (dtype, fortran, shape, literal.is_empty()) {
            (Some(dtype), Some(fortran), Some(shape), true) => Self::new(dtype, fortran, shape),
            _ => Err(wrong()),
        }
    }

    fn new(dtype: Dtype, fortran: bool, shape: Vec<usize>) -> Result<Self, Problem> {
        let Some((&rows, rest)) = shape.split_first() else {
            return Err(Problem::unfit("an array of rows", "a single element"));
        };
        let product = |lengths: &[usize]| {
            let multiply = |product: usize, &length: &usize| product.checked_mul(length);
            lengths.iter().try_fold(1, multiply)
        };
        match (product(rest), product(&shape)) {
            (Some(0), _) => Err(Problem::unfit("at least one number a row", "none")),
            (Some(dims), Some(count)) if count <= MOST_ELEMENTS => Ok(Self {
                dtype,
                fortran,
                rows,
                dims,
                shape,
            }),
            _ => {
                let found = format!("shape {}", shape_text(&shape));
                Err(Problem::damaged("at most 2 Gi numbers", found))
            }
        }
    }

    /// Reads the elements, to the end of the reader.
    ///
    /// # Shapes
    ///
    /// `[rows, dims]`, row by row.
    pub(super) fn values(&self, reader: &mut impl Read) -> Result<Vec<f32>, Problem> {
        const ALL: &str = "as many numbers as the header says";
        let size = self.dtype.size().unwrap_or(1);
        let mut left = self.rows * self.dims;
        // Grows with the data that has come, whatever the header says.
        let mut values = Vec::new();
        let mut chunk = vec![0; CHUNK.min(left) * size];
        while left > 0 {
            let bytes = &mut chunk[..CHUNK.min(left) * size];
            reader.read_exact(bytes).map_err(Problem::cut(ALL))?;
            left -= bytes.len() / size;
            for element in bytes.chunks_exact(size) {
                let exact = element::number(self.dtype, element);
                let value = exact as f32;
                if !value.is_finite() {
                    return Err(Problem::Unfit {
                        expected: super::NUMBER,
                        found: format!("{exact} in row {}", self.row(values.len())),
                    });
                }
                values.push(value);
            }
        }
        // Reading the end makes the archive compare its checksum.
        match reader.read(&mut [0]).map_err(Problem::cut(ALL))? {
            0 => Ok(self.row_by_row(values)),
            _ => Err(Problem::damaged(ALL, "more")),
        }
    }

    /// The row of an element, counted as they are stored.
    fn row(&self, index: usize) -> usize {
        if self.fortran {
            index % self.rows
        } else {
            index / self.dims
        }
    }

    /// Brings the elements into row-major order.
    fn row_by_row(&self, stored: Vec<f32>) -> Vec<f32> {
        if !self.fortran || self.shape.len() < 2 {
            return stored;
        }
        let position = |mut index: usize| {
            let (mut stride, mut position) = (stored.len(), 0);
            for &length in self.shape.iter().rev() {
                stride /= length;
                position += index % length * stride;
                index /= length;
            }
            position
        };
        (0..stored.len())
            .map(|index| stored[position(index)])
            .collect()
    }
}

fn no_numbers(found: &str) -> Problem {
    let expected = "numbers of type f2, f4, f8, i1 to i8, u1 to u8 or b1";
    Problem::unfit(expected, found.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(header: &str, data: &[u8]) -> Vec<u8> {
        let length = (header.len() as u16).to_le_bytes();
        [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
    }

    fn read(bytes: &[u8]) -> Result<(usize, usize, Vec<f32>), String> {
        let mut reader = bytes;
        let text = |problem| format!("{problem:?}");
        let header = Header::read(&mut reader).map_err(text)?;
        let values = header.values(&mut reader).map_err(text)?;
        Ok((header.rows, header.dims, values))
    }

    #[test]
    fn headers_of_any_age_are_read() {
        let bytes = [0.5f32, 1.0, -1.0].map(f32::to_le_bytes).concat();
        for header in [
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }      \n",
            "{\"shape\":(3L,),\"fortran_order\":False,\"descr\":\"<f4\"}",
            "{ 'fortran_order' : True , 'descr' : 'f4' , 'shape' : ( 3 , 1 , ) , }",
        ] {
            let expected = Ok((3, 1, vec![0.5, 1.0, -1.0]));
            assert_eq!(read(&array(header, &bytes)), expected, "{header}");
        }
        let header = b"{'descr': '|b1', 'fortran_order': False, 'shape': (1, 2)}";
        let length = (header.len() as u32).to_le_bytes();
        for version in [2, 3] {
            let start = [b"\x93NUMPY", &[version, 0][..], &length].concat();
            let bytes = [&start, &header[..], &[0, 7]].concat();
            assert_eq!(read(&bytes), Ok((1, 2, vec![0.0, 1.0])));
        }
    }

    #[test]
    fn types_other_than_numbers_are_refused() {
        for name in [
            "'<U3'", "'|S4'", "'|O'", "'<c16'", "'<M8[D]'", "'<f16'", "'|V8'", "''", "'é'",
        ] {
            let header = format!("{{'descr': {name}, 'fortran_order': False, 'shape': (1,)}}");
            let message = read(&array(&header, &[0; 16])).unwrap_err();
            assert!(message.starts_with("Unfit"), "{message}");
            assert!(message.contains(name.trim_matches('\'')), "{message}");
        }
        let records = "{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,)}";
        let message = read(&array(records, &[0; 16])).unwrap_err();
        assert!(message.contains("found: \"a record\""), "{message}");
    }

    #[test]
    fn broken_headers_are_refused() {
        for header in [
            "",
            "{",
            "{}",
            "{'descr': '<f4', 'fortran_order': False}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
            "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1",
            "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
            "{'descr': '<f4' 'fortran_order': False, 'shape': (1,)}",
            "{'descr': '<f4', é",
            "{'",
        ] {
            let message = read(&array(header, &[0; 4])).unwrap_err();
            assert!(message.starts_with("Damaged"), "{header}: {message}");
        }
        let long = [&b"\x93NUMPY\x02\x00"[..], &u32::MAX.to_le_bytes()].concat();
        assert!(read(&long).unwrap_err().contains("at most 64 KiB"));
        assert!(
            read(b"\x93NUMPY\x04\x00\x00\x00")
                .unwrap_err()
                .contains("version 4.0")
        );
        assert!(
            read(b"PK\x03\x04\x00\x00\x00\x00")
                .unwrap_err()
                .contains("other data")
        );
    }

    #[test]
    fn a_declared_size_is_not_believed() {
        let header = |shape: &str| {
            array(
                &format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}"),
                &[1, 2],
            )
        };
        // Above the limit.
        for shape in [
            "(1099511627776,)",
            "(4294967296, 4294967296)",
            "(2147483649,)",
        ] {
            let message = read(&header(shape)).unwrap_err();
            assert!(message.contains("at most 2 Gi numbers"), "{message}");
        }
        // Within it, but not there.
        let message = read(&header("(2147483648,)")).unwrap_err();
        assert!(
            message.contains("as many numbers as the header says"),
            "{message}"
        );
        assert!(
            read(&header("(1,)"))
                .unwrap_err()
                .contains("found: \"more\"")
        );
        assert_eq!(read(&header("(2,)")), Ok((2, 1, vec![1.0, 2.0])));
    }

    #[test]
    fn fortran_order_of_three_axes() {
        let header = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 2)}";
        let stored: Vec<u8> = (0..12).collect();
        // Element [i, j, k] stands at i + 2 j + 6 k.
        let expected = [0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11].map(|x| x as f32);
        assert_eq!(read(&array(header, &stored)), Ok((2, 6, expected.to_vec())));
    }
}
