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
/// The corpus has words and no modality, see [`crate::glove::embed`].
pub struct Tsv;

/// The columns that are read.
const COLUMNS: [&str; 3] = ["id", "text", "label"];

impl LayoutReader for Tsv {
    fn read_into(&self, path: &Path, limits: Limits, sink: &mut dyn Sink) -> Result<Header, Error> {
        let mut checked = Checked::new(path, &[], sink);
        let budget = Budget::new(limits);
        for split in Split::ALL {
            let file = find(path, split)?;
            let bytes = budget.read(&file)?;
            read_table(&bytes, &file, split, &budget, &mut checked)?;
        }
        checked.finish()
    }
}

/// The one file of a split.
fn find(folder: &Path, split: Split) -> Result<PathBuf, Error> {
    let file = |name: &str| format!("{name}.tsv");
    let found = splits::find(split, Place::new(folder), |name| {
        let path = folder.join(file(name));
        Ok(path.is_file().then_some(path))
    })?;
    found.ok_or_else(|| {
        let names: Vec<String> = splits::names(split).iter().copied().map(file).collect();
        let expected = format!("a folder with one file {}", names.join(" or "));
        let found = match folder.is_dir() {
            true => "none",
            false => "no folder",
        };
        Place::new(folder).split(split).error(expected, found)
    })
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
    let columns = Columns::find(header.trim_start_matches('\u{feff}'))
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
        let [id, text, label] = columns.places.map(|place| cells[place]);
        let place = |column| format!("{place}, column {column}");
        if id.trim().is_empty() {
            return Err(wrong(place("id"), "an id", "an empty cell".to_owned()));
        }
        let number = label.trim().parse().ok().filter(|x: &f32| x.is_finite());
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

/// Where the columns of [`COLUMNS`] stand.
struct Columns {
    width: usize,
    places: [usize; 3],
}

impl Columns {
    /// Finds the columns in the first line; what was expected and what was found where one is missing or there twice.
    fn find(header: &str) -> Result<Self, (String, String)> {
        let names: Vec<&str> = header.split('\t').map(str::trim).collect();
        let mut places = [0; 3];
        for (place, column) in places.iter_mut().zip(COLUMNS) {
            let mut found = (0..names.len()).filter(|&index| names[index] == column);
            match (found.next(), found.next()) {
                (Some(index), None) => *place = index,
                _ => {
                    let expected = format!("one column {column} among the tab-separated names");
                    return Err((expected, shown(header)));
                }
            }
        }
        let width = names.len();
        Ok(Self { width, places })
    }
}

/// The beginning of a text, for messages.
fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(100).collect::<String>())
}

/// Whether a line names the columns of this layout.
pub(super) fn is_header(line: &str) -> bool {
    Columns::find(line).is_ok()
}
