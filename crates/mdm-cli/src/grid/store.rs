use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use mdm_data::atomic::is_temporary;
use mdm_train::write_atomically;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::lock;
use crate::failure::usage;

/// The settings that the cells of a folder belong to.
const SETTINGS: &str = "settings.json";

/// The finished cells, a JSON object a line.
const CELLS: &str = "cells.jsonl";

/// Finished cells in the folder of a long computation.
///
/// A cell is on disk before the next one starts. A line that was cut short by a sudden end is dropped, and its cell
/// computed again.
pub struct Store<C> {
    path: PathBuf,
    file: File,
    cells: Vec<C>,
}

impl<C: Serialize + DeserializeOwned> Store<C> {
    /// Opens the folder of a computation with these settings, or makes it.
    ///
    /// # Errors
    ///
    /// A usage error when the folder belongs to something else; another when it cannot be read or written, is damaged,
    /// or in use.
    pub fn open(folder: &Path, settings: &impl Serialize) -> anyhow::Result<Self> {
        claim(folder, settings)?;
        let path = folder.join(CELLS);
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        lock(&file, folder)?;
        // Again: whoever held the lock until now may have brought settings of its own.
        claim(folder, settings)?;
        let cells = read(&mut file, &path)?;
        Ok(Self { path, file, cells })
    }

    /// The finished cells, in the order in which they finished.
    pub fn cells(&self) -> &[C] {
        &self.cells
    }

    /// Adds a cell and waits until it is on disk.
    pub fn push(&mut self, cell: C) -> anyhow::Result<()> {
        let mut line = serde_json::to_string(&cell)?;
        line.push('\n');
        self.file
            .write_all(line.as_bytes())
            .and_then(|()| self.file.sync_data())
            .with_context(|| format!("cannot write {}", self.path.display()))?;
        self.cells.push(cell);
        Ok(())
    }
}

/// Writes the settings into a new folder, or compares them with those of an old one.
fn claim(folder: &Path, settings: &impl Serialize) -> anyhow::Result<()> {
    let path = folder.join(SETTINGS);
    let mut text = serde_json::to_string_pretty(settings)?;
    text.push('\n');
    match fs::read_to_string(&path) {
        Ok(found) => {
            let found = serde_json::from_str(&found)
                .with_context(|| format!("{} is damaged", path.display()))?;
            // Through the text, as the other one, so that numbers are rounded alike.
            let wanted = serde_json::from_str(&text)?;
            match difference("", &found, &wanted) {
                None => Ok(()),
                Some(difference) => Err(usage(anyhow!(
                    "{} holds results of other settings: {difference}; choose another folder with --out, or delete \
                     this one to start again",
                    folder.display()
                ))),
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
            if !is_empty(folder)? {
                return Err(usage(anyhow!(
                    "{} is not empty and holds no results of this command; choose another folder with --out",
                    folder.display()
                )));
            }
            Ok(write_atomically(&path, text.as_bytes())?)
        }
        Err(error) => {
            Err(anyhow::Error::new(error).context(format!("cannot read {}", path.display())))
        }
    }
}

/// Whether nothing is in the folder, or only what a sudden end left of a file's beginning.
///
/// # Errors
///
/// A folder that cannot be read.
pub fn is_empty(folder: &Path) -> anyhow::Result<bool> {
    let cannot_read = || format!("cannot read {}", folder.display());
    for entry in fs::read_dir(folder).with_context(cannot_read)? {
        if !is_temporary(&entry.with_context(cannot_read)?.path()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Where two values differ first.
fn difference(place: &str, found: &Value, wanted: &Value) -> Option<String> {
    if found == wanted {
        return None;
    }
    if let (Value::Object(found), Value::Object(wanted)) = (found, wanted) {
        let keys = found.keys().chain(wanted.keys());
        return keys.into_iter().find_map(|key| {
            let place = match place {
                "" => key.clone(),
                place => format!("{place}.{key}"),
            };
            let value = |object: &serde_json::Map<String, Value>| {
                object.get(key).cloned().unwrap_or(Value::Null)
            };
            difference(&place, &value(found), &value(wanted))
        });
    }
    Some(format!("{place} is {found} there and {wanted} here"))
}

/// Reads the cells and cuts off a line without an end.
fn read<C: DeserializeOwned>(file: &mut File, path: &Path) -> anyhow::Result<Vec<C>> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let whole = bytes.iter().rposition(|&byte| byte == b'\n');
    let whole = whole.map_or(0, |place| place + 1);
    if whole < bytes.len() {
        file.set_len(whole as u64)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    let lines = bytes[..whole].split_inclusive(|&byte| byte == b'\n');
    lines
        .enumerate()
        .map(|(number, line)| {
            serde_json::from_slice(line).with_context(|| {
                let (path, line) = (path.display(), number + 1);
                format!(
                    "{path}, line {line} is damaged; delete the line and its cell is computed again"
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn refused(folder: &Path, settings: &Value) -> String {
        match Store::<u32>::open(folder, settings) {
            Ok(_) => panic!("opened"),
            Err(error) => format!("{error:#}"),
        }
    }

    #[test]
    fn cells_survive_and_a_line_cut_short_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("out");
        let settings = json!({ "samples": 300, "config": { "rate": 0.1 } });
        {
            let mut store = Store::open(&folder, &settings).unwrap();
            store.push(7).unwrap();
            store.push(8).unwrap();
            assert!(refused(&folder, &settings).contains("another mdm"));
        }
        let path = folder.join(CELLS);
        fs::write(&path, "7\n8\n12").unwrap();
        {
            let mut store = Store::open(&folder, &settings).unwrap();
            assert_eq!(store.cells(), [7, 8]);
            store.push(9).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "7\n8\n9\n");

        fs::write(&path, "7\nx\n9\n").unwrap();
        assert!(refused(&folder, &settings).contains("line 2 is damaged"));
    }

    #[test]
    fn a_folder_of_other_settings_or_of_something_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("out");
        let settings = |rate: f64| json!({ "samples": 300, "config": { "rate": rate } });
        drop(Store::<u32>::open(&folder, &settings(0.1)).unwrap());
        let message = refused(&folder, &settings(0.2));
        assert!(
            message.contains("config.rate is 0.1 there and 0.2 here"),
            "{message}"
        );
        fs::remove_file(folder.join(SETTINGS)).unwrap();
        let message = refused(&folder, &settings(0.1));
        assert!(message.contains("not empty"), "{message}");
    }
}
