//! The page headers of a Parquet file, held against its footer.
//!
//! Polars takes the number of values in a page from the page's header and reserves memory for it unseen. One changed
//! bit is enough to make it ask for 2⁶¹ bytes, which ends the program without an error.

use polars::prelude::FileMetadata;

/// Most values that a column of one row group may hold.
const MOST_VALUES: i64 = 2 << 30;

/// Checks the pages of these columns. `Err` tells what is wrong.
pub(super) fn check<'c>(
    bytes: &[u8],
    metadata: &FileMetadata,
    columns: impl IntoIterator<Item = &'c str>,
) -> Result<(), String> {
    for column in columns {
        for (index, group) in metadata.row_groups.iter().enumerate() {
            for chunk in group.columns_under_root_iter(column).into_iter().flatten() {
                let range = chunk.byte_range();
                let range = range.start.try_into().ok().zip(range.end.try_into().ok());
                let pages = range.and_then(|(start, end): (usize, usize)| bytes.get(start..end));
                pages
                    .and_then(|pages| check_chunk(pages, chunk.num_values()))
                    .ok_or_else(|| format!("column {column}, row group {index}: damaged pages"))?;
            }
        }
    }
    Ok(())
}

/// `None` unless the pages hold as many values as the footer says.
fn check_chunk(mut pages: &[u8], values: i64) -> Option<()> {
    let mut left = (0..=MOST_VALUES).contains(&values).then_some(values)?;
    while left > 0 {
        let mut reader = Thrift { bytes: pages };
        let page = reader.page()?;
        if page.holds_data() {
            left = left.checked_sub(page.values).filter(|&left| left >= 0)?;
        }
        pages = reader.bytes.get(usize::try_from(page.packed).ok()?..)?;
    }
    Some(())
}

/// What a page header says.
#[derive(Debug, Default, PartialEq)]
struct Page {
    kind: i64,
    /// Bytes that follow the header.
    packed: i64,
    values: i64,
}

impl Page {
    /// Unlike a dictionary or an index.
    fn holds_data(&self) -> bool {
        matches!(self.kind, 0 | 3)
    }
}

/// Structures within structures in a header: the page's, its kind's, and the statistics in that.
const DEPTH: usize = 3;

/// What is left of a header in Thrift's compact protocol.
struct Thrift<'a> {
    bytes: &'a [u8],
}

impl Thrift<'_> {
    fn page(&mut self) -> Option<Page> {
        let mut page = Page::default();
        self.structure(&mut Vec::new(), &mut page)?;
        Some(page)
    }

    /// Reads one structure. `path` holds the numbers of the fields that it stands in.
    fn structure(&mut self, path: &mut Vec<i64>, page: &mut Page) -> Option<()> {
        if path.len() == DEPTH {
            return None;
        }
        let mut field = 0;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            field = match head >> 4 {
                0 => self.integer()?,
                step => field + i64::from(step),
            };
            match head & 0x0f {
                // Truth values, which are in the head.
                1 | 2 => {}
                3 => {
                    self.byte()?;
                }
                4..=6 => {
                    let value = self.integer()?;
                    match (path.as_slice(), field) {
                        // The checksum is the only number that may have a sign.
                        ([], 4) | ([_, _, ..], _) => {}
                        _ if value < 0 => return None,
                        ([], 1) => page.kind = value,
                        ([], 3) => page.packed = value,
                        // Data, dictionary and data of version 2.
                        ([5 | 7 | 8], 1) => page.values = value,
                        _ => {}
                    }
                }
                7 => self.skip(8)?,
                8 => {
                    let length = self.unsigned()?;
                    self.skip(length)?;
                }
                12 => {
                    path.push(field);
                    self.structure(path, page)?;
                    path.pop();
                }
                // Lists, sets and maps do not occur here.
                _ => return None,
            }
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(first)
    }

    fn skip(&mut self, length: u64) -> Option<()> {
        self.bytes = self.bytes.get(usize::try_from(length).ok()?..)?;
        Some(())
    }

    /// Seven bits a byte, the lowest first.
    fn unsigned(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// The sign is in the lowest bit.
    fn integer(&mut self) -> Option<i64> {
        let value = self.unsigned()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A data page of 3 values: kind 0, 9 and 5 bytes, `{3 values, encoding 0, statistics {null_count -1}}`.
    const HEADER: &[u8] = &[
        0x15, 0, 0x15, 18, 0x15, 10, 0x2c, 0x15, 6, 0x15, 0, 0x3c, 0x36, 1, 0, 0, 0,
    ];

    fn pages(count: u8) -> Vec<u8> {
        let mut header = HEADER.to_vec();
        header[8] = count;
        [&header[..], &[9; 5]].concat()
    }

    #[test]
    fn a_header_is_read() {
        let page = Page {
            kind: 0,
            packed: 5,
            values: 3,
        };
        assert_eq!(Thrift { bytes: HEADER }.page(), Some(page));
        for length in 0..HEADER.len() {
            let mut cut = Thrift {
                bytes: &HEADER[..length],
            };
            assert_eq!(cut.page(), None);
        }
    }

    #[test]
    fn values_must_be_those_of_the_footer() {
        let two = [pages(6), pages(8)].concat();
        assert_eq!(check_chunk(&two, 7), Some(()));
        assert_eq!(check_chunk(&two, 3), Some(()));
        assert_eq!(check_chunk(&two, 6), None);
        assert_eq!(check_chunk(&two, 8), None);
        assert_eq!(check_chunk(&two, -1), None);
        assert_eq!(check_chunk(&two, i64::MAX), None);
        assert_eq!(check_chunk(&[], 0), Some(()));
        // Odd numbers are negative.
        assert_eq!(check_chunk(&pages(7), 3), None);
    }

    #[test]
    fn hostile_headers_end() {
        // Structures without end, a length beyond the data, a number without end, a list.
        for bytes in [[0x1c; 20], [0x18; 20], [0x85; 20], [0x19; 20], [0xff; 20]] {
            assert_eq!(Thrift { bytes: &bytes }.page(), None);
        }
    }
}
