//! One array in NumPy's own format: a header in Python's notation, then the elements.

use std::io::{self, Read};

use super::literal::Literal;
use crate::pickle::{Dtype, Kind, shape_text};

/// What keeps an array from being read.
#[derive(Debug)]
pub(crate) enum Problem {
    /// It is whole, but not what is wanted.
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
    pub(crate) fn unfit(expected: &'static str, found: impl Into<String>) -> Self {
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
#[derive(Debug)]
pub(crate) struct Header {
    dtype: Dtype,
    /// The type as the file names it, for messages.
    descr: String,
    fortran: bool,
    shape: Vec<usize>,
}

/// Longest header that is read, in bytes. One of NumPy's has about 100.
const LONGEST_HEADER: usize = 1 << 16;

/// Most elements that are read: as `f32`, 8 GiB. A few megabytes of a hostile archive unpack to more.
const MOST_ELEMENTS: usize = 2 << 30;

/// Most axes that are read: NumPy's own limit.
const MOST_AXES: usize = 64;

/// Bytes read at a time, unless one element is longer.
const CHUNK: usize = 1 << 16;

/// Longest text that is read, in bytes of the file.
const LONGEST_TEXT: usize = 1 << 20;

const NUMBERS: &str = "numbers of type f2, f4, f8, i1 to i8, u1 to u8 or b1";

impl Header {
    /// Reads up to the first element.
    pub(crate) fn read(reader: &mut (impl Read + ?Sized)) -> Result<Self, Problem> {
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
                        let known = Dtype::parse(name);
                        let known = known.ok_or_else(|| Problem::unfit(NUMBERS, name))?;
                        dtype = Some((known, name));
                    }
                    None => return Err(Problem::unfit(NUMBERS, "a record")),
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
            (Some((dtype, descr)), Some(fortran), Some(shape), true) => Ok(Self {
                dtype,
                descr: descr.to_owned(),
                fortran,
                shape: checked(shape)?,
            }),
            _ => Err(wrong()),
        }
    }

    /// Length along each axis; empty for a single element.
    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of elements.
    pub(crate) fn count(&self) -> usize {
        self.shape.iter().product()
    }

    /// Bytes of an element in the file, 0 where elements have no fixed size.
    pub(crate) fn element_size(&self) -> usize {
        self.dtype.size().unwrap_or(0)
    }

    /// Whether the elements are numbers; an error that names their type where not.
    pub(crate) fn check_numbers(&self) -> Result<(), Problem> {
        match self.dtype.kind {
            Kind::Float(_) | Kind::Int(_) | Kind::Uint(_) | Kind::Bool => Ok(()),
            _ => Err(Problem::unfit(NUMBERS, self.descr.as_str())),
        }
    }

    /// Reads numbers, to the end of the reader, in row-major order. `accept` takes each with the row, counted along the
    /// first axis, that it stands in.
    pub(crate) fn numbers(
        &self,
        reader: &mut (impl Read + ?Sized),
        accept: impl Fn(usize, f64) -> Result<f32, Problem>,
    ) -> Result<Vec<f32>, Problem> {
        self.check_numbers()?;
        self.elements(reader, |index, element| {
            let exact = self.dtype.number(element);
            let exact = exact.ok_or_else(|| Problem::unfit(NUMBERS, self.descr.as_str()))?;
            accept(self.row(index), exact)
        })
    }

    /// Reads texts, to the end of the reader, in row-major order.
    pub(crate) fn texts(&self, reader: &mut (impl Read + ?Sized)) -> Result<Vec<String>, Problem> {
        const TEXTS: &str = "texts of type U or S, of at most 1 MiB each";
        let wrong = || Problem::unfit(TEXTS, self.descr.as_str());
        match self.dtype.kind {
            // A size that overflows is none, and no text either.
            Kind::Unicode(_) | Kind::Bytes(_)
                if self.dtype.size().is_some_and(|size| size <= LONGEST_TEXT) => {}
            _ => return Err(wrong()),
        }
        self.elements(reader, |index, element| {
            let found = || format!("no text in row {}", self.row(index));
            let text = self.dtype.text(element);
            text.ok_or_else(|| Problem::unfit("valid text", found()))
        })
    }

    /// Reads the elements, to the end of the reader. `read` takes each with its place, counted as they are stored.
    fn elements<T: Clone>(
        &self,
        reader: &mut (impl Read + ?Sized),
        read: impl Fn(usize, &[u8]) -> Result<T, Problem>,
    ) -> Result<Vec<T>, Problem> {
        const ALL: &str = "as many elements as the header says";
        let (count, size) = (self.count(), self.element_size());
        // Grows with the data that has come, whatever the header says, and never beyond what it says.
        let mut elements = Vec::new();
        let at_once = (CHUNK / size.max(1)).clamp(1, count.max(1));
        let mut chunk = vec![0; at_once * size];
        while elements.len() < count {
            let length = at_once.min(count - elements.len());
            let bytes = &mut chunk[..length * size];
            reader.read_exact(bytes).map_err(Problem::cut(ALL))?;
            if elements.capacity() - elements.len() < length {
                let capacity = (2 * elements.capacity()).max(length).min(count);
                elements.reserve_exact(capacity - elements.len());
            }
            for index in 0..length {
                let element = &bytes[index * size..(index + 1) * size];
                elements.push(read(elements.len(), element)?);
            }
        }
        // Reading the end makes the archive compare its checksum.
        match reader.read(&mut [0]).map_err(Problem::cut(ALL))? {
            0 => Ok(self.row_by_row(elements)),
            _ => Err(Problem::damaged(ALL, "more")),
        }
    }

    /// The row of an element, counted as they are stored.
    fn row(&self, index: usize) -> usize {
        let rows = self.shape.first().map_or(1, |&rows| rows.max(1));
        if self.fortran {
            index % rows
        } else {
            index / (self.count() / rows).max(1)
        }
    }

    /// Brings the elements into row-major order.
    fn row_by_row<T: Clone>(&self, stored: Vec<T>) -> Vec<T> {
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
            .map(|index| stored[position(index)].clone())
            .collect()
    }
}

/// A shape of few enough axes, whose product neither overflows nor passes the limit.
fn checked(shape: Vec<usize>) -> Result<Vec<usize>, Problem> {
    if shape.len() > MOST_AXES {
        let found = shape.len().to_string();
        return Err(Problem::damaged("at most 64 axes", found));
    }
    let multiply = |product: usize, &length: &usize| product.checked_mul(length);
    match shape.iter().try_fold(1, multiply) {
        Some(count) if count <= MOST_ELEMENTS => Ok(shape),
        _ => {
            let found = format!("shape {}", shape_text(&shape));
            Err(Problem::damaged("at most 2 Gi elements", found))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(header: &str, data: &[u8]) -> Vec<u8> {
        let length = (header.len() as u16).to_le_bytes();
        [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
    }

    fn read(bytes: &[u8]) -> Result<(Vec<usize>, Vec<f32>), String> {
        let mut reader = bytes;
        let text = |problem| format!("{problem:?}");
        let header = Header::read(&mut reader).map_err(text)?;
        let values = header
            .numbers(&mut reader, |_, x| Ok(x as f32))
            .map_err(text)?;
        Ok((header.shape, values))
    }

    fn texts(header: &str, data: &[u8]) -> Result<Vec<String>, String> {
        let bytes = array(header, data);
        let mut reader = &bytes[..];
        let text = |problem| format!("{problem:?}");
        let header = Header::read(&mut reader).map_err(text)?;
        header.texts(&mut reader).map_err(text)
    }

    #[test]
    fn headers_of_any_age_are_read() {
        let bytes = [0.5f32, 1.0, -1.0].map(f32::to_le_bytes).concat();
        for header in [
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }      \n",
            "{\"shape\":(3L,),\"fortran_order\":False,\"descr\":\"<f4\"}",
            "{ 'fortran_order' : True , 'descr' : 'f4' , 'shape' : ( 3 , ) , }",
        ] {
            let expected = Ok((vec![3], vec![0.5, 1.0, -1.0]));
            assert_eq!(read(&array(header, &bytes)), expected, "{header}");
        }
        let header = b"{'descr': '|b1', 'fortran_order': False, 'shape': (1, 2)}";
        let length = (header.len() as u32).to_le_bytes();
        for version in [2, 3] {
            let start = [b"\x93NUMPY", &[version, 0][..], &length].concat();
            let bytes = [&start, &header[..], &[0, 7]].concat();
            assert_eq!(read(&bytes), Ok((vec![1, 2], vec![0.0, 1.0])));
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
            assert!(message.contains("at most 2 Gi elements"), "{message}");
        }
        // Within it, but not there.
        let message = read(&header("(2147483648,)")).unwrap_err();
        assert!(
            message.contains("as many elements as the header says"),
            "{message}"
        );
        assert!(
            read(&header("(1,)"))
                .unwrap_err()
                .contains("found: \"more\"")
        );
        assert_eq!(read(&header("(2,)")), Ok((vec![2], vec![1.0, 2.0])));
    }

    #[test]
    fn axes_are_as_few_as_numpy_allows() {
        let of = |axes: usize| {
            let shape = "1, ".repeat(axes);
            let header = format!("{{'descr': '|u1', 'fortran_order': True, 'shape': ({shape})}}");
            read(&array(&header, &[7]))
        };
        assert_eq!(of(64), Ok((vec![1; 64], vec![7.0])));
        let message = of(65).unwrap_err();
        assert!(
            message.contains("at most 64 axes") && message.contains("65"),
            "{message}"
        );
    }

    #[test]
    fn fortran_order_of_three_axes() {
        let header = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 2)}";
        let stored: Vec<u8> = (0..12).collect();
        // Element [i, j, k] stands at i + 2 j + 6 k.
        let expected = [0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11].map(|x| x as f32);
        assert_eq!(
            read(&array(header, &stored)),
            Ok((vec![2, 3, 2], expected.to_vec()))
        );
    }

    #[test]
    fn texts_lose_their_filling() {
        let header = "{'descr': '<U2', 'fortran_order': False, 'shape': (2,)}";
        let data: Vec<u8> = ['é', '\0', 'a', 'b']
            .iter()
            .flat_map(|&c| u32::from(c).to_le_bytes())
            .collect();
        assert_eq!(texts(header, &data).unwrap(), ["é", "ab"]);
        let header = "{'descr': '|S3', 'fortran_order': False, 'shape': (1, 2)}";
        assert_eq!(texts(header, b"a\0\0bcd").unwrap(), ["a", "bcd"]);
        let nothing = "{'descr': '<U0', 'fortran_order': False, 'shape': (2,)}";
        assert_eq!(texts(nothing, b"").unwrap(), ["", ""]);
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let header =
            |descr: &str| format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (1,)}}");
        for descr in ["<f4", "|O", "|S1048577", "<U99999999999999999999"] {
            let message = texts(&header(descr), &[0; 4]).unwrap_err();
            assert!(message.starts_with("Unfit"), "{message}");
        }
        let message = texts(&header("<U1"), &[0xff; 4]).unwrap_err();
        assert!(message.contains("no text in row 0"), "{message}");
    }
}
