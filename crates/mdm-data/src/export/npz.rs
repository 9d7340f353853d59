//! A NumPy archive: a zip file, stored without compression, with one array in each entry.

use std::io::{self, Write};
use std::path::Path;

use rawzip::ZipArchiveWriter;

use crate::atomic::NewFile;
use crate::corpus::Split;
use crate::error::Error;
use crate::store::{Reader, Row};

pub(super) fn write(store: &Reader, path: &Path) -> Result<(), Error> {
    let mut file = NewFile::beside(path)?;
    write_to(store, &mut file).map_err(Error::io("write", path))?;
    file.finish()
}

fn write_to(store: &Reader, file: &mut impl Write) -> io::Result<()> {
    let mut archive = Archive(ZipArchiveWriter::new(file));
    for split in Split::ALL {
        let rows = store.rows().iter().filter(|row| row.split == split);
        let rows: Vec<&Row> = rows.collect();
        write_split(store, split, &rows, &mut archive)?;
    }
    archive.0.finish().map(drop).map_err(io::Error::other)
}

fn write_split<W: Write>(
    store: &Reader,
    split: Split,
    rows: &[&Row],
    archive: &mut Archive<W>,
) -> io::Result<()> {
    let n = rows.len();
    for (index, info) in store.manifest().modalities.iter().enumerate() {
        let name = format!("{split}.{}", info.modality);
        let lengths = rows.iter().map(|row| row.places[index].steps);
        // At least one step, also of no utterances.
        let longest = lengths.clone().max().unwrap_or(1);
        let shape = [n, longest, info.dim];
        archive.array(&name, "<f4", &shape, |out| {
            let zeros = vec![0; longest * info.dim * size_of::<f32>()];
            rows.iter().try_for_each(|row| {
                // NumPy's `<f4` is how the store keeps its values, too.
                let frames = store.frames(row, index);
                out.write_all(frames)?;
                out.write_all(&zeros[frames.len()..])
            })
        })?;
        archive.array(&format!("{name}_lengths"), "<i8", &[n], |out| {
            let mut lengths = lengths;
            lengths.try_for_each(|length| out.write_all(&(length as i64).to_le_bytes()))
        })?;
    }
    let (width, labels): (_, &[usize]) = match store.manifest().emotions {
        true => (6, &[n, 7]),
        false => (0, &[n]),
    };
    archive.array(&format!("{split}.labels"), "<f4", labels, |out| {
        rows.iter().try_for_each(|row| {
            let emotions = row.emotions.unwrap_or_default().0;
            let values = [row.label].into_iter().chain(emotions);
            let mut values = values.take(1 + width);
            values.try_for_each(|value| out.write_all(&value.to_le_bytes()))
        })
    })?;
    archive.texts(&format!("{split}.ids"), rows, |row| row.id.clone())?;
    archive.texts(&format!("{split}.words"), rows, |row| row.words.join(" "))
}

/// An archive in the making.
struct Archive<W>(ZipArchiveWriter<W>);

impl<W: Write> Archive<W> {
    /// Writes one array, whose elements `content` writes in C order.
    fn array(
        &mut self,
        name: &str,
        descr: &str,
        shape: &[usize],
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let name = format!("{name}.npy");
        // Without a time, so that the bytes depend on nothing but the store.
        let (mut entry, config) = self.0.new_file(&name).start().map_err(io::Error::other)?;
        let mut writer = config.wrap(&mut entry);
        writer.write_all(&header(descr, shape))?;
        content(&mut writer)?;
        let (_, descriptor) = writer.finish().map_err(io::Error::other)?;
        entry.finish(descriptor).map_err(io::Error::other)?;
        Ok(())
    }

    /// Writes an array of texts: UTF-32 of the length of the longest, filled up with zeros.
    fn texts(
        &mut self,
        name: &str,
        rows: &[&Row],
        text: impl Fn(&Row) -> String,
    ) -> io::Result<()> {
        let lengths = rows.iter().map(|row| text(row).chars().count());
        // NumPy has no texts of length 0.
        let width = lengths.max().unwrap_or(0).max(1);
        self.array(name, &format!("<U{width}"), &[rows.len()], |out| {
            rows.iter().try_for_each(|row| {
                let text = text(row);
                let padded = text.chars().chain(std::iter::repeat('\0'));
                let mut padded = padded.take(width);
                padded.try_for_each(|c| out.write_all(&u32::from(c).to_le_bytes()))
            })
        })
    }
}

/// What stands before the elements of an array in version 1.0 of NumPy's format: a Python dict, filled up with spaces
/// so that the elements begin at a multiple of 64 bytes.
fn header(descr: &str, shape: &[usize]) -> Vec<u8> {
    const START: &[u8] = b"\x93NUMPY\x01\x00";
    const ALIGNMENT: usize = 64;
    let lengths: String = shape.iter().map(|length| format!("{length}, ")).collect();
    // Python writes (3,) and (3, 4).
    let lengths = match shape {
        [_] => lengths.trim_end(),
        _ => lengths.trim_end_matches(", "),
    };
    let mut dict =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({lengths}), }}");
    let before = START.len() + size_of::<u16>();
    let total = (before + dict.len() + 1).next_multiple_of(ALIGNMENT);
    dict.extend(std::iter::repeat_n(' ', total - before - dict.len() - 1));
    dict.push('\n');
    let length = (dict.len() as u16).to_le_bytes();
    [START, &length, dict.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_those_of_numpy() {
        let line = header("<f4", &[3]);
        let dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }";
        assert_eq!(&line[..10], b"\x93NUMPY\x01\x00\x76\x00");
        assert_eq!(std::str::from_utf8(&line[10..]).unwrap().trim_end(), dict);
        assert_eq!((line.len(), line.last()), (128, Some(&b'\n')));
        let cube = header("<U12", &[3, 4, 5]);
        let cube = std::str::from_utf8(&cube[10..]).unwrap();
        assert!(cube.contains("'shape': (3, 4, 5), }"), "{cube}");
    }
}
