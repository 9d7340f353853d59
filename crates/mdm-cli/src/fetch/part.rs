//! What is there of a download: `FILE.part`, and beside it `FILE.part.origin`, which tells whether it can be continued.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::expected::Expected;

/// The beginning of a file.
pub struct Part {
    pub path: PathBuf,
    origin: PathBuf,
    lock: PathBuf,
    target: PathBuf,
}

/// Where the bytes came from.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    pub url: String,
    /// The entity tag or the date of change that the server gave with them.
    pub validator: Option<String>,
}

/// How to ask for the rest.
#[derive(Debug, PartialEq)]
pub struct Resume {
    /// The first byte that is missing.
    pub from: u64,
    /// For `If-Range`: without it being so still, the server should send everything.
    pub validator: Option<String>,
}

impl Part {
    pub fn of(target: &Path) -> Self {
        Self {
            path: target.with_added_extension("part"),
            origin: target.with_added_extension("part.origin"),
            lock: target.with_added_extension("part.lock"),
            target: target.to_owned(),
        }
    }

    /// Bytes that are there.
    pub fn len(&self) -> u64 {
        self.path.metadata().map_or(0, |metadata| metadata.len())
    }

    /// How to go on from `url`. Either the server can tell that the file is still the same, or its hash will.
    pub fn resume(&self, url: &str, expected: &Expected<'_>) -> Option<Resume> {
        let from = self.len();
        let origin = fs::read(&self.origin).ok();
        let origin = origin.and_then(|json| serde_json::from_slice::<Origin>(&json).ok());
        let validator = origin
            .filter(|origin| origin.url == url)
            .and_then(|origin| origin.validator);
        let can_tell = validator.is_some() || expected.sha256.is_some();
        (from > 0 && can_tell).then_some(Resume { from, validator })
    }

    /// Opens it empty, to be filled from `origin`.
    pub fn restart(&self, origin: &Origin) -> anyhow::Result<File> {
        let file = self.open()?;
        file.set_len(0)
            .with_context(|| format!("cannot write {}", self.path.display()))?;
        fs::write(&self.origin, serde_json::to_vec(origin)?)
            .with_context(|| format!("cannot write {}", self.origin.display()))?;
        Ok(file)
    }

    /// Keeps other programs away until it is dropped: two that fill, check or rename the same file would spoil it. The
    /// lock is a file of its own, because the part itself comes and goes.
    pub fn lock(&self) -> anyhow::Result<Lock> {
        let file = append(&self.lock)?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            bail!("{} is being written by another fetch", self.path.display());
        }
        let path = self.lock.clone();
        Ok(Lock { path, _file: file })
    }

    /// Opens it to append to it.
    pub fn open(&self) -> anyhow::Result<File> {
        append(&self.path)
    }

    /// Makes it the file it is a part of.
    pub fn finish(&self) -> anyhow::Result<()> {
        self.rename(&self.target)
    }

    /// Keeps a wrong file beside the place where the right one belongs, for a person to look at.
    pub fn keep_aside(&self) -> anyhow::Result<PathBuf> {
        let aside = self.target.with_added_extension("wrong");
        self.rename(&aside)?;
        Ok(aside)
    }

    /// Removes it.
    pub fn discard(&self) -> anyhow::Result<()> {
        if self.path.exists() {
            fs::remove_file(&self.path)
                .with_context(|| format!("cannot remove {}", self.path.display()))?;
        }
        self.forget_origin();
        Ok(())
    }

    fn rename(&self, to: &Path) -> anyhow::Result<()> {
        fs::rename(&self.path, to)
            .with_context(|| format!("cannot rename {}", self.path.display()))?;
        self.forget_origin();
        Ok(())
    }

    fn forget_origin(&self) {
        // Without its part it is of no use, and does no harm.
        let _ = fs::remove_file(&self.origin);
    }
}

/// See [`Part::lock`].
pub struct Lock {
    path: PathBuf,
    _file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // An empty file left behind locks nothing.
        let _ = fs::remove_file(&self.path);
    }
}

fn append(path: &Path) -> anyhow::Result<File> {
    let mut options = File::options();
    let file = options.append(true).create(true).open(path);
    file.with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const UNKNOWN: Expected<'_> = Expected {
        bytes: None,
        sha256: None,
    };
    const KNOWN: Expected<'_> = Expected {
        bytes: None,
        sha256: Some("00"),
    };

    #[test]
    fn a_part_is_continued_only_where_a_mixture_would_be_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let part = Part::of(&folder.path().join("a.pkl"));
        assert_eq!(part.resume("u", &KNOWN), None, "there is nothing yet");

        let validator = Some("\"tag\"".to_owned());
        let origin = Origin {
            url: "u".into(),
            validator: validator.clone(),
        };
        part.restart(&origin).unwrap().write_all(b"abc").unwrap();
        let resume = |validator| Some(Resume { from: 3, validator });
        assert_eq!(part.resume("u", &UNKNOWN), resume(validator.clone()));
        assert_eq!(part.resume("u", &KNOWN), resume(validator));
        assert_eq!(part.resume("other", &UNKNOWN), None);
        assert_eq!(part.resume("other", &KNOWN), resume(None));

        part.open().unwrap().write_all(b"de").unwrap();
        assert_eq!(part.len(), 5);
        part.discard().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_part_is_written_by_one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let part = Part::of(&folder.path().join("a.pkl"));
        let held = part.lock().unwrap();
        let message = part.lock().err().unwrap().to_string();
        assert!(message.contains("another fetch"), "{message}");
        drop(held);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        part.lock().unwrap();
    }
}
