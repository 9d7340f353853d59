//! Which layout a file or folder has.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

use serde::Deserialize;

use super::place::Place;
use super::{Layout, bounded, npz, pickled, splits, tsv};
use crate::corpus::Split;
use crate::error::Error;
use crate::npz::Archive;
use crate::pickle::{Limits, PickleError};
use crate::store;

/// The layout of a file or folder, from its content.
///
/// A folder is told by the files in it and by how they begin; a pickle by its structure, a NumPy archive by the names of
/// its arrays. Extensions of single files do not count. The pickles of MultiBench have the structure of MulT's and are
/// taken for these: [`Layout::MultiBench`], which leaves out utterances without text, has to be asked for by name.
///
/// # Errors
///
/// [`Error::Content`], with what was seen, where no layout fits or more than one; [`Error::Io`]; and
/// [`Error::Pickle`] or [`Error::Samples`] for a file that is recognised and damaged.
///
/// # Example
///
/// ```
/// use mdm_data::layout::{Layout, detect};
/// use mdm_data::pickle::Limits;
///
/// let folder = tempfile::tempdir()?;
/// for split in ["train", "valid", "test"] {
///     std::fs::write(folder.path().join(format!("{split}.tsv")), "id\ttext\tlabel\n")?;
/// }
/// assert_eq!(detect(folder.path(), Limits::default())?, Layout::Tsv);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn detect(path: &Path, limits: Limits) -> Result<Layout, Error> {
    let metadata = fs::metadata(path).map_err(Error::io("read", path))?;
    let found = if metadata.is_dir() {
        of_folder(path)?
    } else {
        of_file(path, limits)?
    };
    found.map_err(|seen| {
        let known = Layout::ALL.map(Layout::name).join(", ");
        let expected = format!("a source in exactly one of the layouts {known}");
        Place::new(path).error(expected, seen)
    })
}

/// How HDF5 files begin.
const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";

/// The layout, or what was seen instead.
fn of_file(path: &Path, limits: Limits) -> Result<Result<Layout, String>, Error> {
    let start = start(path)?;
    match start[..] {
        [0x80, 0..=5, ..] => pickled::detect(path, limits),
        // Protocols 0 and 1 have no mark of their own: they begin with a list or dict, and so may a text. What a reader
        // refuses of a pickle that makes sense is another matter.
        [b'(' | b']' | b'}', ..] => match pickled::detect(path, limits) {
            Err(Error::Pickle { source, .. })
                if !matches!(
                    source,
                    PickleError::ForbiddenGlobal { .. }
                        | PickleError::Limit { .. }
                        | PickleError::Unsupported { .. }
                ) =>
            {
                Ok(Err("text, or a damaged pickle".to_owned()))
            }
            found => found,
        },
        [b'P', b'K', 3 | 5, ..] => of_archive(path, limits),
        _ if start.starts_with(HDF5) => {
            let seen = "one HDF5 file: csd, cmu-h5 and mmmo-h5 are folders of several";
            Ok(Err(seen.to_owned()))
        }
        _ if tsv::is_header(&first_line(path)?) => Ok(Ok(Layout::Tsv)),
        [] => Ok(Err("an empty file".to_owned())),
        _ => Ok(Err(format!(
            "a file that begins with {}",
            start.escape_ascii()
        ))),
    }
}

fn of_archive(path: &Path, limits: Limits) -> Result<Result<Layout, String>, Error> {
    let bytes = bounded::read(path, limits)?;
    let archive = Archive::open(&bytes, path)?;
    let names = archive.arrays().iter().map(|array| array.name.as_str());
    if npz::is_corpus(names.clone()) {
        return Ok(Ok(Layout::Npz));
    }
    Ok(Err(format!("a zip archive with {}", list(names))))
}

fn of_folder(folder: &Path) -> Result<Result<Layout, String>, Error> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io("read", folder))? {
        let entry = entry.map_err(Error::io("read", folder))?;
        if entry.path().is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    let mut found = Vec::new();
    for name in &names {
        let Some(layout) = suspected(name) else {
            continue;
        };
        if !found.contains(&layout) && confirms(layout, &folder.join(name))? {
            found.push(layout);
        }
    }
    Ok(match found[..] {
        [layout] => Ok(layout),
        [] => Err(format!(
            "a folder with {}",
            list(names.iter().map(String::as_str))
        )),
        _ => {
            let found: Vec<&str> = found.iter().map(|layout| layout.name()).collect();
            Err(format!("a folder with files of {}", found.join(" and ")))
        }
    })
}

/// The layout whose files have such names.
fn suspected(name: &str) -> Option<Layout> {
    let is_split = |extension: &str| {
        let stem = name.strip_suffix(extension);
        let mut names = Split::ALL.into_iter().flat_map(splits::names);
        names.any(|name| stem == Some(name))
    };
    let hdf5 = name.strip_suffix(".h5");
    match hdf5.and_then(|stem| stem.split_once('_')) {
        Some(("X", _)) => Some(Layout::CmuH5),
        Some(("text" | "audio" | "video", _)) => Some(Layout::MmmoH5),
        _ if name == store::MANIFEST => Some(Layout::Store),
        _ if name.ends_with(".csd") => Some(Layout::Csd),
        _ if is_split(".tsv") => Some(Layout::Tsv),
        _ if is_split(".pkl") => Some(Layout::Misa),
        _ => None,
    }
}

/// Whether a file of a folder begins as those of the layout do.
fn confirms(layout: Layout, path: &Path) -> Result<bool, Error> {
    #[derive(Deserialize)]
    struct Head {
        format: String,
    }
    Ok(match layout {
        Layout::Store => {
            let text = fs::read(path).map_err(Error::io("read", path))?;
            // A damaged manifest is one too, and its reader says what is wrong with it.
            serde_json::from_slice(&text).map_or(true, |head: Head| head.format == store::FORMAT)
        }
        Layout::Tsv => tsv::is_header(&first_line(path)?),
        Layout::Misa => matches!(start(path)?[..], [0x80, 0..=5, ..]),
        _ => start(path)?.starts_with(HDF5),
    })
}

/// The first bytes of a file.
fn start(path: &Path) -> Result<Vec<u8>, Error> {
    let mut start = Vec::new();
    let file = File::open(path).map_err(Error::io("read", path))?;
    let read = file.take(16).read_to_end(&mut start);
    read.map_err(Error::io("read", path))?;
    Ok(start)
}

/// The first line of a text, as far as it may be one that names columns; empty where it is no text.
fn first_line(path: &Path) -> Result<String, Error> {
    const LONGEST: u64 = 1 << 16;
    let file = File::open(path).map_err(Error::io("read", path))?;
    let mut line = String::new();
    match BufReader::new(file.take(LONGEST)).read_line(&mut line) {
        Err(error) if error.kind() != ErrorKind::InvalidData => Err(Error::io("read", path)(error)),
        _ => Ok(line.trim_start_matches('\u{feff}').trim_end().to_owned()),
    }
}

/// Some names, for a message.
fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 8;
    let names: Vec<&str> = names.collect();
    let more = if names.len() > SHOWN { ", …" } else { "" };
    match names.len() {
        0 => "nothing in it that is known".to_owned(),
        n => format!("{}{more}", names[..n.min(SHOWN)].join(", ")),
    }
}
