//! Writing a store: beside the target first, renamed into place when everything is on disk.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::manifest::{self, FORMAT, Manifest, Part, SourceInfo, VERSION};
use super::{FEATURES, MANIFEST, UTTERANCES, table, tensors};
use crate::clean::CleanReport;
use crate::corpus::Corpus;
use crate::error::Error;
use crate::hash;

/// Saves a corpus as a prepared store in the folder `dir`, which is made, with its parents, if it is not there.
///
/// An empty folder is filled. A folder with content is left alone, unless `overwrite` is set and it is a prepared
/// store, which is then replaced. `clean` goes into the manifest.
///
/// # Errors
///
/// [`Error::OutputExists`] where the folder may not be touched; [`Error::Io`], [`Error::Table`] or [`Error::Tensors`]
/// where something cannot be written; [`Error::Store`] where an utterance does not fit the modalities of its corpus.
/// Nothing is left behind then, and a store that was there before is as it was.
pub fn write(
    corpus: &Corpus,
    source: &SourceInfo,
    clean: &CleanReport,
    dir: &Path,
    overwrite: bool,
) -> Result<(), Error> {
    check_target(dir, overwrite)?;
    check_corpus(corpus, dir)?;
    let temporary = Temporary::beside(dir)?;
    let path = |name: &str| temporary.path.join(name);
    table::write(corpus, &path(UTTERANCES))?;
    tensors::write(corpus, &path(FEATURES))?;
    // The safetensors library makes files that only their owner can read.
    let readable = fs::metadata(path(UTTERANCES)).map(|table| table.permissions());
    readable
        .and_then(|permissions| fs::set_permissions(path(FEATURES), permissions))
        .map_err(Error::io("set the permissions of", &path(FEATURES)))?;
    let mut manifest = Manifest {
        format: FORMAT.to_owned(),
        version: VERSION,
        name: corpus.name.clone(),
        modalities: corpus.modalities.clone(),
        splits: manifest::counts(corpus),
        source: source.clone(),
        replaced: clean.clone(),
        parts: Default::default(),
    };
    for name in [UTTERANCES, FEATURES] {
        sync(&path(name))?;
        let (bytes, sha256) = hash::sha256_file(&path(name))?;
        manifest
            .parts
            .insert(name.to_owned(), Part { bytes, sha256 });
    }
    let manifest_path = path(MANIFEST);
    let mut text = serde_json::to_string_pretty(&manifest).map_err(|source| Error::Manifest {
        path: manifest_path.clone(),
        source,
    })?;
    text.push('\n');
    fs::write(&manifest_path, text).map_err(Error::io("write", &manifest_path))?;
    sync(&manifest_path)?;
    sync_folder(&temporary.path)?;
    temporary.move_to(dir)
}

/// Whether a store may be written to `dir`. Separate, so that a long preparation can ask before it begins.
pub(super) fn check_target(dir: &Path, overwrite: bool) -> Result<(), Error> {
    let exists = |reason| Error::OutputExists {
        path: dir.to_owned(),
        reason,
    };
    let mut entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            return Err(exists("is not a folder"));
        }
        Err(error) => return Err(Error::io("read", dir)(error)),
    };
    if entries.next().is_none() {
        return Ok(());
    }
    if !overwrite {
        return Err(exists(
            "is not empty; a prepared store is replaced only with `overwrite`",
        ));
    }
    // Never delete a folder that merely happens to have been named as output.
    match manifest::read(dir) {
        Ok(_) => Ok(()),
        // A store of ours all the same: of another version, or damaged.
        Err(Error::Store { field, .. }) if field != "format" => Ok(()),
        Err(_) => Err(exists("is not a prepared store, so it is not replaced")),
    }
}

fn check_corpus(corpus: &Corpus, dir: &Path) -> Result<(), Error> {
    for (split, utterance) in corpus.utterances() {
        let found: Vec<usize> = utterance.features.iter().map(|f| f.dim()).collect();
        if found != corpus.dims() || utterance.features.iter().any(|f| f.steps() == 0) {
            let field = format!("{split}, {}", utterance.id);
            let expected = format!("at least one step of dims {:?}", corpus.dims());
            let steps: Vec<usize> = utterance.features.iter().map(|f| f.steps()).collect();
            return Err(Error::store(
                dir,
                field,
                expected,
                format!("{steps:?} steps of dims {found:?}"),
            ));
        }
    }
    Ok(())
}

/// A folder that is removed when it is dropped, unless it has been moved.
struct Temporary {
    path: PathBuf,
}

impl Temporary {
    fn beside(dir: &Path) -> Result<Self, Error> {
        let parent = parent(dir);
        fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
        for attempt in 0.. {
            let path = sibling(dir, "tmp", attempt)?;
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists && attempt < 100 => {}
                Err(error) => return Err(Error::io("create", &path)(error)),
            }
        }
        unreachable!("the loop ends by returning")
    }

    fn move_to(self, dir: &Path) -> Result<(), Error> {
        let filled = fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some());
        if filled {
            // The old store steps aside for the moment between two renames, and comes back if the second fails.
            let old = sibling(dir, "old", 0)?;
            fs::rename(dir, &old).map_err(Error::io("rename", dir))?;
            if let Err(error) = fs::rename(&self.path, dir) {
                fs::rename(&old, dir).map_err(Error::io("restore", dir))?;
                return Err(Error::io("create", dir)(error));
            }
            fs::remove_dir_all(&old).map_err(Error::io("remove", &old))?;
        } else {
            fs::rename(&self.path, dir).map_err(Error::io("create", dir))?;
        }
        sync_folder(parent(dir))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a move there is nothing left to remove, and a failed clean-up must not hide the error before it.
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn parent(dir: &Path) -> &Path {
    match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// `DIR.tmp-PID-N`: in the same folder, hence on the same file system, so that renaming is atomic.
fn sibling(dir: &Path, kind: &str, attempt: u32) -> Result<PathBuf, Error> {
    let Some(name) = dir.file_name() else {
        return Err(Error::OutputExists {
            path: dir.to_owned(),
            reason: "cannot be the name of a new folder",
        });
    };
    let mut name = name.to_owned();
    name.push(format!(".{kind}-{}-{attempt}", std::process::id()));
    Ok(parent(dir).join(name))
}

fn sync(path: &Path) -> Result<(), Error> {
    let file = OpenOptions::new().write(true).open(path);
    file.and_then(|file| file.sync_all())
        .map_err(Error::io("save", path))
}

/// Makes the names in a folder durable, where the system has such a thing.
fn sync_folder(path: &Path) -> Result<(), Error> {
    if cfg!(unix) {
        let folder = File::open(path);
        folder
            .and_then(|folder| folder.sync_all())
            .map_err(Error::io("save", path))?;
    }
    Ok(())
}
