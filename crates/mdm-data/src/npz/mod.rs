//! NumPy archives: zip files with one array in each entry.

mod literal;
mod npy;

use std::io::Read;
use std::path::Path;

use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder, ZipSliceArchive};

pub(crate) use npy::{Header, Problem};

use crate::error::Error;

/// An archive with its directory read.
pub(crate) struct Archive<'a> {
    zip: ZipSliceArchive<&'a [u8]>,
    arrays: Vec<Entry>,
    path: &'a Path,
}

/// An array of an archive.
pub(crate) struct Entry {
    pub(crate) name: String,
    place: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
}

impl<'a> Archive<'a> {
    pub(crate) fn open(bytes: &'a [u8], path: &'a Path) -> Result<Self, Error> {
        let wrong = |error: rawzip::Error| {
            let found = format!("none that can be read ({error})");
            Error::samples(
                path,
                "end of the file",
                "the directory of a zip archive",
                found,
            )
        };
        let zip = ZipArchive::from_slice(bytes).map_err(wrong)?;
        let mut arrays: Vec<Entry> = Vec::new();
        let mut entries = zip.entries();
        while let Some(entry) = entries.next_entry().map_err(wrong)? {
            let name = String::from_utf8_lossy(entry.file_path().as_ref()).into_owned();
            // What NumPy has not put there is not for us.
            if let Some(name) = name.strip_suffix(".npy") {
                arrays.push(Entry {
                    name: name.to_owned(),
                    place: entry.wayfinder(),
                    method: entry.compression_method(),
                });
            }
        }
        Ok(Self { zip, arrays, path })
    }

    /// The arrays, in the order of the archive.
    pub(crate) fn arrays(&self) -> &[Entry] {
        &self.arrays
    }

    /// The array of a name, which must be there once at most.
    pub(crate) fn find(&self, name: &str) -> Result<Option<&Entry>, Error> {
        let mut found = self.arrays.iter().filter(|entry| entry.name == name);
        let entry = found.next();
        if found.next().is_some() {
            let place = format!("array {name}");
            let expected = "one array of this name";
            return Err(Error::samples(self.path, place, expected, "several"));
        }
        Ok(entry)
    }

    /// Reads an array from its unpacked bytes, which are compared with their checksum at their end.
    pub(crate) fn read<T>(
        &self,
        entry: &Entry,
        read: impl FnOnce(&mut dyn Read) -> Result<T, Problem>,
    ) -> Result<T, Error> {
        let wrong = |expected, found| {
            let place = format!("array {}", entry.name);
            Error::samples(self.path, place, expected, found)
        };
        let packed = self
            .zip
            .get_entry(entry.place)
            .map_err(|error| wrong("an entry of the archive", format!("damaged data ({error})")))?;
        let unpacked: Box<dyn Read> = match entry.method {
            CompressionMethod::STORE => Box::new(packed.data()),
            CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(packed.data())),
            other => {
                let found = format!("zip method {}", other.as_u16());
                return Err(wrong("an entry stored or deflated", found));
            }
        };
        read(&mut packed.verifying_reader(unpacked)).map_err(|problem| {
            let (Problem::Unfit { expected, found } | Problem::Damaged { expected, found }) =
                problem;
            wrong(expected, found)
        })
    }
}
