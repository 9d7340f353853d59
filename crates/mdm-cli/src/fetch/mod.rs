//! Files of corpora and models: from the web or a folder into the place where loading looks for them.
//!
//! A file gets its name when it is complete, on disk and compared with its manifest, and never before. A file that is
//! there already is compared, and left as it is.

mod archive;
mod download;
mod expected;
pub mod known;
mod manifest;
mod part;
mod response;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};

pub use download::{Client, Patience};
pub use manifest::{CorpusSource, Kind, Manifest};

use crate::output;
use download::{Downloaded, Failure};
use expected::Check;
use manifest::{FileSource, Target};

/// Where files come from.
pub enum Source {
    /// The addresses of the manifest.
    Web(Client),
    /// A folder where a person has put them.
    Folder(PathBuf),
}

/// Puts every file of a manifest below `folder`, and says on standard output what became of each.
///
/// # Errors
///
/// A file that cannot be had, with all addresses that were tried and what to do; or one that is there and is another.
pub fn fetch(manifest: &Manifest, folder: &Path, source: &Source) -> anyhow::Result<()> {
    for file in &manifest.files {
        if are_there(file, folder)? {
            output::line(format!("{}: already there", names(file)))?;
            continue;
        }
        if let Some(note) = file.note.as_ref().filter(|_| !file.verified) {
            eprintln!("{}: {note}", file.path.display());
        }
        let target = folder.join(&file.path);
        let parent = target.parent().unwrap_or(folder);
        fs::create_dir_all(parent)
            .with_context(|| format!("cannot create {}", parent.display()))?;
        match source {
            Source::Folder(from) => bring(file, from, folder)?,
            Source::Web(client) => download(manifest, file, client, folder)?,
        }
    }
    Ok(())
}

/// Whether the file, or all that is unpacked from it, is there and right.
fn are_there(file: &FileSource, folder: &Path) -> anyhow::Result<bool> {
    let mut all = true;
    for Target { path, expected } in file.targets() {
        let path = folder.join(path);
        if !path.exists() {
            all = false;
        } else if let Check::Wrong(reason) = expected.check(&path)? {
            bail!(
                "{} is there, and is not the file of the manifest ({reason}); move it away to fetch that one",
                path.display()
            );
        }
    }
    Ok(all)
}

fn download(
    manifest: &Manifest,
    file: &FileSource,
    client: &Client,
    folder: &Path,
) -> anyhow::Result<()> {
    let target = folder.join(&file.path);
    // An archive stays only when it could not be unpacked, and is checked like any other file then.
    let was_there = target.exists();
    if !was_there {
        let Downloaded { url, sha256 } = client
            .download(&file.urls, file.expected(), &target)
            .map_err(|failure| explain(failure, manifest, file))?;
        let is_known = file.sha256.is_some();
        said(
            &file.path,
            &format!("fetched from {url}"),
            is_known,
            &sha256,
        )?;
    } else if let Check::Wrong(reason) = file.expected().check(&target)? {
        bail!(
            "{}: {reason}; move it away to fetch it again",
            target.display()
        );
    }
    if !file.unpack.is_empty() {
        unpack(file, &target, folder)?;
        if was_there {
            // Whoever put it there may want it.
            eprintln!("{}: unpacked, no longer needed", target.display());
        } else {
            fs::remove_file(&target)
                .with_context(|| format!("cannot remove {}", target.display()))?;
        }
    }
    Ok(())
}

/// Copies the file, or what would be unpacked from it, or unpacks it.
fn bring(file: &FileSource, from: &Path, folder: &Path) -> anyhow::Result<()> {
    let mut targets = file.targets();
    // What is there has been checked and stays as it is.
    targets.retain(|target| !folder.join(&target.path).exists());
    let found: Option<Vec<PathBuf>> = targets.iter().map(|t| find(from, &t.path)).collect();
    if let Some(found) = found {
        for (target, source) in targets.iter().zip(found) {
            place(target, folder, "copied", |copy| {
                // Not `fs::copy`, which would make the copy read-only where the original is.
                let mut copy = File::create(copy)?;
                io::copy(&mut File::open(&source)?, &mut copy)?;
                Ok(copy.sync_all()?)
            })
            .with_context(|| source.display().to_string())?;
        }
        return Ok(());
    }
    let archive = find(from, &file.path).filter(|_| !file.unpack.is_empty());
    let Some(archive) = archive else {
        bail!(
            "{}: expected {}, found no such file",
            from.display(),
            names(file)
        );
    };
    if let Check::Wrong(reason) = file.expected().check(&archive)? {
        bail!("{}: {reason}", archive.display());
    }
    unpack(file, &archive, folder)
}

fn unpack(file: &FileSource, archive: &Path, folder: &Path) -> anyhow::Result<()> {
    for (target, member) in file.targets().iter().zip(&file.unpack) {
        if folder.join(&target.path).exists() {
            continue;
        }
        place(target, folder, "unpacked", |part| {
            archive::unpack(archive, &member.name, part)
        })?;
    }
    Ok(())
}

/// Lets `write` make a temporary file, checks it and gives it its name.
fn place(
    target: &Target<'_>,
    folder: &Path,
    done: &str,
    write: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let path = folder.join(&target.path);
    let temporary = path.with_added_extension("tmp");
    let result = write(&temporary).and_then(|()| match target.expected.check(&temporary)? {
        Check::Right(sha256) => {
            fs::rename(&temporary, &path)?;
            Ok(sha256)
        }
        Check::Wrong(reason) => bail!("{}: {reason}", target.path.display()),
    });
    let sha256 = result.inspect_err(|_| {
        // What is left of it is of no use to anybody.
        let _ = fs::remove_file(&temporary);
    })?;
    said(
        &target.path,
        done,
        target.expected.sha256.is_some(),
        &sha256,
    )
}

fn said(path: &Path, done: &str, is_known: bool, sha256: &str) -> anyhow::Result<()> {
    let checked = if is_known {
        "its SHA-256 is right".to_owned()
    } else {
        format!("nothing to compare its SHA-256 with, {sha256}")
    };
    output::line(format!("{}: {done}; {checked}", path.display()))
}

/// The file in `from` under its whole path, or under its name alone.
fn find(from: &Path, path: &Path) -> Option<PathBuf> {
    let by_name = path.file_name().map(|name| from.join(name));
    let mut places = std::iter::once(from.join(path)).chain(by_name);
    places.find(|place| place.is_file())
}

/// The files that stand there in the end, with commas.
fn names(file: &FileSource) -> String {
    let names = file.targets().into_iter();
    let names: Vec<String> = names.map(|t| t.path.display().to_string()).collect();
    names.join(", ")
}

/// What went wrong, and what a person can do about it.
fn explain(failure: Failure, manifest: &Manifest, file: &FileSource) -> anyhow::Error {
    let path = file.path.display();
    match failure {
        Failure::Local(error) => error,
        Failure::Dead(reason) | Failure::Broken(reason) => {
            let by_hand = manifest.by_hand.as_deref().unwrap_or_default().trim();
            let space = if by_hand.is_empty() { "" } else { " " };
            anyhow!(
                "{path}: {reason}. {by_hand}{space}Put the file into a folder and fetch again with --from FOLDER"
            )
        }
    }
}
