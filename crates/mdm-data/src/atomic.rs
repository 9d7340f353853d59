//! Files and folders that are there in full or not at all: made beside their target, renamed when they are on disk.
//!
//! What is in the making is named `NAME.tmp-PID-N`, so that neither two processes nor two threads share it.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// Writes a file in full or not at all, in the place of an earlier one. The folder that it lies in must be there.
///
/// # Errors
///
/// [`Error::Io`]; an earlier file at `path` is as it was then.
///
/// # Example
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("table.txt");
/// mdm_data::atomic::write(&path, b"one")?;
/// mdm_data::atomic::write(&path, b"two")?;
/// assert_eq!(std::fs::read(&path)?, b"two");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut file = NewFile::open(path)?;
    file.replaces = true;
    file.write_all(bytes).map_err(Error::io("write", path))?;
    file.finish()
}

/// A folder in the making. Dropped unfinished it leaves nothing, not even the parents that were made for it.
pub(crate) struct NewFolder {
    temporary: PathBuf,
    target: PathBuf,
    /// The parents that were not there, outermost first.
    parents: Vec<PathBuf>,
    /// Whether something was in the target at the beginning, which the caller has checked may be replaced.
    replaces: bool,
    finished: bool,
}

impl NewFolder {
    /// An empty folder in the folder of `target`, hence on the same file system, so that renaming is atomic.
    pub(crate) fn beside(target: &Path) -> Result<Self, Error> {
        let mut folder = Self {
            temporary: PathBuf::new(),
            target: target.to_owned(),
            parents: create_parents(target)?,
            replaces: is_filled(target),
            finished: false,
        };
        for attempt in 0.. {
            let path = sibling(target, "tmp", attempt)?;
            match fs::create_dir(&path) {
                Ok(()) => {
                    folder.temporary = path;
                    break;
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists && attempt < 100 => {}
                Err(error) => return Err(Error::io("create", &path)(error)),
            }
        }
        Ok(folder)
    }

    /// The path of a file in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.temporary.join(name)
    }

    /// Puts the folder, whose files the caller has saved, in the place of its target.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        let (new, target) = (&self.temporary, &self.target);
        sync_folder(new)?;
        let filled = is_filled(target);
        if filled && !self.replaces {
            return Err(filled_meanwhile(target));
        }
        if filled {
            // The old folder steps aside for the moment between two renames, and comes back if the second fails.
            let old = sibling(target, "old", 0)?;
            fs::rename(target, &old).map_err(Error::io("rename", target))?;
            if let Err(error) = fs::rename(new, target) {
                fs::rename(&old, target).map_err(Error::io("restore", target))?;
                return Err(Error::io("create", target)(error));
            }
            self.finished = true;
            fs::remove_dir_all(&old).map_err(Error::io("remove", &old))?;
        } else {
            fs::rename(new, target).map_err(Error::io("create", target))?;
            self.finished = true;
        }
        sync_folder(parent(&self.target))
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        // A failed clean-up must not hide the error before it. Parents that others use by now are not empty and stay.
        if !self.finished {
            let _ = fs::remove_dir_all(&self.temporary);
            for parent in self.parents.iter().rev() {
                let _ = fs::remove_dir(parent);
            }
        }
    }
}

fn is_filled(dir: &Path) -> bool {
    fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some())
}

/// Somebody else has written where nothing was when the work began.
fn filled_meanwhile(path: &Path) -> Error {
    Error::OutputExists {
        path: path.to_owned(),
        reason: "was not there at the beginning, so it is not replaced",
    }
}

/// Whether `dir` may be written: it is not there, or empty, or `ours` and to be replaced.
pub(crate) fn check_folder(
    dir: &Path,
    overwrite: bool,
    ours: impl FnOnce() -> bool,
) -> Result<(), Error> {
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
        return Err(exists("is not empty; it is replaced only with `overwrite`"));
    }
    // Never delete a folder that merely happens to have been named as output.
    if ours() {
        Ok(())
    } else {
        Err(exists(
            "holds something else than such a folder should, so it is not replaced",
        ))
    }
}

/// Whether a file may be written to `path`: nothing is there, or a file that is to be replaced.
pub(crate) fn check_file(path: &Path, overwrite: bool) -> Result<(), Error> {
    let exists = |reason| Error::OutputExists {
        path: path.to_owned(),
        reason,
    };
    if path.is_dir() {
        return Err(exists("is a folder"));
    }
    if path.exists() && !overwrite {
        return Err(exists("is replaced only with `overwrite`"));
    }
    Ok(())
}

/// A file in the making, buffered. Dropped unfinished it leaves nothing.
pub(crate) struct NewFile {
    file: Option<BufWriter<File>>,
    temporary: PathBuf,
    target: PathBuf,
    /// Whether the target was there at the beginning.
    replaces: bool,
    finished: bool,
}

impl NewFile {
    /// A file in the folder of `target`, which is made if it is not there.
    pub(crate) fn beside(target: &Path) -> Result<Self, Error> {
        create_parents(target)?;
        Self::open(target)
    }

    fn open(target: &Path) -> Result<Self, Error> {
        for attempt in 0.. {
            let temporary = sibling(target, "tmp", attempt)?;
            match File::create_new(&temporary) {
                Ok(file) => {
                    return Ok(Self {
                        file: Some(BufWriter::new(file)),
                        temporary,
                        target: target.to_owned(),
                        replaces: target.exists(),
                        finished: false,
                    });
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists && attempt < 100 => {}
                Err(error) => return Err(Error::io("create", &temporary)(error)),
            }
        }
        unreachable!("the last attempt returns")
    }

    /// Waits until everything is on disk and puts the file in the place of its target.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        let file = self.file.take().expect("a file is finished once");
        file.into_inner()
            .map_err(|error| error.into_error())
            .and_then(|file| file.sync_all())
            .map_err(Error::io("save", &self.temporary))?;
        if self.target.exists() && !self.replaces {
            return Err(filled_meanwhile(&self.target));
        }
        fs::rename(&self.temporary, &self.target).map_err(Error::io("create", &self.target))?;
        self.finished = true;
        sync_folder(parent(&self.target))
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.as_mut().expect("not finished").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.as_mut().expect("not finished").flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // After the rename the name may be that of another writer's file.
        if !self.finished {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Waits until the content of a file is on disk.
pub(crate) fn sync(path: &Path) -> Result<(), Error> {
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

/// Makes the folder that `path` lies in, and gives those that were not there, outermost first.
fn create_parents(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let parent = parent(path);
    let missing = parent.ancestors().take_while(|p| !p.exists());
    let mut missing: Vec<PathBuf> = missing
        .filter(|p| !p.as_os_str().is_empty())
        .map(Path::to_owned)
        .collect();
    missing.reverse();
    fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
    Ok(missing)
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Whether a path is that of something in the making, or what a process that was killed left of it.
pub fn is_temporary(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| extension.starts_with("tmp-"))
}

/// `NAME.tmp-PID-N` in the same folder.
fn sibling(path: &Path, kind: &str, attempt: u32) -> Result<PathBuf, Error> {
    let Some(name) = path.file_name() else {
        return Err(Error::OutputExists {
            path: path.to_owned(),
            reason: "cannot be the name of a new file or folder",
        });
    };
    let mut name = name.to_owned();
    name.push(format!(".{kind}-{}-{attempt}", std::process::id()));
    Ok(parent(path).join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writers_of_one_file_do_not_share_what_is_in_the_making() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        // Left by a process of the same id that was killed.
        let left = sibling(&path, "tmp", 0).unwrap();
        assert!(is_temporary(&left) && !is_temporary(&path));
        fs::write(&left, "left").unwrap();
        let contents: Vec<Vec<u8>> = (0..8).map(|byte| vec![byte; 100_000]).collect();
        std::thread::scope(|scope| {
            for content in &contents {
                let path = &path;
                scope.spawn(move || write(path, content).unwrap());
            }
        });
        assert!(contents.contains(&fs::read(&path).unwrap()));
        assert_eq!(fs::read(&left).unwrap(), b"left");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_file_that_cannot_be_written_leaves_the_earlier_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::create_dir_all(path.join("full")).unwrap();
        assert!(write(&path, b"text").is_err());
        assert!(path.join("full").is_dir());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
