//! Transcripts.

use std::path::{Path, PathBuf};

use crate::corpus::{Split, Utterance};
use crate::error::Error;
use crate::layout::budget::Budget;
use crate::layout::checked::Checked;
use crate::layout::place::Place;
use crate::layout::{Header, LayoutReader, Sink, splits};
use crate::pickle::Limits;

/// Reader of transcripts with labels: a folder with `train.tsv`, `valid.tsv` (or `dev.tsv`, `val.tsv`) and `test.tsv`.
///
/// Each file is UTF-8 text with tabs between the cells; its first line names the columns. `id`, `text` and `label` are
/// needed, in any order, and others are ignored. The words of an utterance are its text, split at white space; the
/// text may be empty. A quotation mark is a character as any other.
///
/// [For prediction](super::read_unlabelled) the label may be missing, as a column or in a cell, and so may splits; a single
/// table is the test split.
///
/// The corpus has words and no modality, see [`crate::glove::embed`].
pub struct Tsv;

impl LayoutReader for Tsv {
    fn read_into(&self, path: &Path, limits: Limits, sink: &mut dyn Sink) -> Result<Header, Error> {
        let mut checked = Checked::new(path, &[], sink);
        let budget = Budget::new(limits);
        if path.is_file() && checked.takes_unlabelled() {
            let bytes = budget.read(path)?;
            read_table(&bytes, path, Split::Test, &budget, &mut checked)?;
            return checked.finish();
        }
        for split in Split::ALL {
            let Some(file) = find(path, split, checked.takes_unlabelled())? else {
                continue;
            };
            let bytes = budget.read(&file)?;
            read_table(&bytes, &file, split, &budget, &mut checked)?;
        }
        checked.finish()
    }
}

/// The one file of a split, or none where it may be missing.
fn find(folder: &Path, split: Split, may_be_missing: bool) -> Result<Option<PathBuf>, Error> {
    let file = |name: &str| format!("{name}.tsv");
    let found = splits::find(split, Place::new(folder), |name| {
        let path = folder.join(file(name));
        Ok(path.is_file().then_some(path))
    })?;
    if found.is_some() || (may_be_missing && folder.is_dir()) {
        return Ok(found);
    }
    let names: Vec<String> = splits::names(split).iter().copied().map(file).collect();
    let expected = format!("a folder with one file {}", names.join(" or "));
    let found = match (folder.is_dir(), folder.is_file()) {
        (true, _) => "none",
        (_, true) => "one table of transcripts",
        _ => "no folder",
    };
    Err(Place::new(folder).split(split).error(expected, found))
}

fn read_table(
    bytes: &[u8],
    path: &Path,
    split: Split,
    budget: &Budget,
    checked: &mut Checked<'_, '_>,
) -> Result<(), Error> {
    let wrong =
        |place: String, expected: &str, found: String| Error::samples(path, place, expected, found);
    let lines = bytes.split(|&byte| byte == b'\n');
    let mut lines = (1..).zip(lines).map(|(number, line)| {
        let place = format!("line {number}");
        match str::from_utf8(line) {
            Ok(text) => Ok((place, text.strip_suffix('\r').unwrap_or(text))),
            Err(_) => Err(wrong(place, "UTF-8 text", "other bytes".to_owned())),
        }
    });
    let (place, header) = lines.next().unwrap_or(Ok((String::new(), "")))?;
    // The names of the columns, and as many cells of a line at a time.
    budget
        .take(header.split('\t').count(), 6 * size_of::<&str>())
        .map_err(|(expected, found)| wrong(place.clone(), expected, found))?;
    let may_be_unlabelled = checked.takes_unlabelled();
    let columns = Columns::find(header.trim_start_matches('\u{feff}'))
        .and_then(|columns| match columns.label {
            None if !may_be_unlabelled => Err(missing("label", header)),
            _ => Ok(columns),
        })
        .map_err(|(expected, found)| wrong(place, &expected, found))?;
    for line in lines {
        let (place, line) = line?;
        // What follows the last end of line, for one.
        if line.is_empty() {
            continue;
        }
        let width = line.split('\t').count();
        if width != columns.width {
            let expected = format!("{} cells", columns.width);
            return Err(wrong(place, &expected, width.to_string()));
        }
        let cells: Vec<&str> = line.split('\t').collect();
        let (id, text) = (cells[columns.id], cells[columns.text]);
        let label = columns.label.map_or("", |label| cells[label]);
        let place = |column| format!("{place}, column {column}");
        if id.trim().is_empty() {
            return Err(wrong(place("id"), "an id", "an empty cell".to_owned()));
        }
        let number = label.trim().parse().ok().filter(|x: &f32| x.is_finite());
        let number = match label.trim() {
            "" if may_be_unlabelled => Some(f32::NAN),
            _ => number,
        };
        let label = number.ok_or_else(|| {
            wrong(
                place("label"),
                "a finite number in the range of f32",
                shown(label),
            )
        })?;
        budget
            .utterance(id, text, 0)
            .map_err(|(expected, found)| wrong(place("text"), expected, found))?;
        let utterance = Utterance {
            id: id.trim().to_owned(),
            words: text.split_whitespace().map(str::to_owned).collect(),
            label,
            ..Utterance::default()
        };
        checked.push(split, utterance)?;
    }
    Ok(())
}

/// Where the columns stand that are read.
struct Columns {
    width: usize,
    id: usize,
    text: usize,
    /// Not there in tables to predict from.
    label: Option<usize>,
}

impl Columns {
    /// Finds the columns in the first line; what was expected and what was found where one is missing or there twice.
    fn find(header: &str) -> Result<Self, (String, String)> {
        let names: Vec<&str> = header.split('\t').map(str::trim).collect();
        let find = |column: &str| {
            let mut found = (0..names.len()).filter(|&index| names[index] == column);
            match (found.next(), found.next()) {
                (index, None) => Ok(index),
                _ => Err(missing(column, header)),
            }
        };
        let needed = |column| find(column)?.ok_or_else(|| missing(column, header));
        Ok(Self {
            id: needed("id")?,
            text: needed("text")?,
            label: find("label")?,
            width: names.len(),
        })
    }
}

/// What was expected of a first line, and what was found.
fn missing(column: &str, header: &str) -> (String, String) {
    let expected = format!("one column {column} among the tab-separated names");
    (expected, shown(header))
}

/// The beginning of a text, for messages.
fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(100).collect::<String>())
}

/// Whether a line names the columns of this layout.
pub(super) fn is_header(line: &str) -> bool {
    Columns::find(line).is_ok()
}
