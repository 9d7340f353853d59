//! The table of utterances, written and read through Polars.

use std::fs::File;
use std::io::Cursor;
use std::path::Path;

use polars::prelude::*;

use crate::corpus::{Emotions, ModalityInfo, Split};
use crate::error::Error;

/// One row of the table: an utterance, with the place of its features instead of them.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) split: Split,
    pub(crate) words: Vec<String>,
    pub(crate) label: f32,
    pub(crate) emotions: Option<Emotions>,
    /// For each modality in order.
    pub(crate) places: Vec<Place>,
}

/// Where the frames of an utterance stand in the tensor of their split and modality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The first row.
    pub(crate) offset: usize,
    /// Number of rows.
    pub(crate) steps: usize,
}

fn offset_name(info: &ModalityInfo) -> String {
    format!("{}_offset", info.modality)
}

fn steps_name(info: &ModalityInfo) -> String {
    format!("{}_steps", info.modality)
}

/// The names of the columns, in order.
fn names(modalities: &[ModalityInfo], emotions: bool) -> Vec<String> {
    let mut names = ["id", "split", "words", "label"]
        .map(str::to_owned)
        .to_vec();
    if emotions {
        names.extend(Emotions::NAMES.map(str::to_owned));
    }
    for info in modalities {
        names.extend([offset_name(info), steps_name(info)]);
    }
    names
}

/// Writes the table. Uncompressed, because it is small, and so that its bytes depend on nothing but the corpus.
///
/// # Panics
///
/// If `emotions` is set and a row has none.
pub(super) fn write(
    rows: &[Row],
    modalities: &[ModalityInfo],
    emotions: bool,
    path: &Path,
) -> Result<(), Error> {
    let wrong = |source| Error::Table {
        action: "write",
        path: path.to_owned(),
        source: Box::new(source),
    };
    let frame = frame(rows, modalities, emotions).map_err(wrong)?;
    let file = File::create(path).map_err(Error::io("create", path))?;
    let mut writer = ParquetWriter::new(file)
        .with_compression(ParquetCompression::Uncompressed)
        .set_parallel(false)
        // `finish` alone would cut the table into row groups first, for which Polars sets up 8 MiB of zeros.
        .batched(frame.schema())
        .map_err(wrong)?;
    writer.write_batch(&frame).map_err(wrong)?;
    writer.finish().map_err(wrong)?;
    Ok(())
}

fn frame(rows: &[Row], modalities: &[ModalityInfo], emotions: bool) -> PolarsResult<DataFrame> {
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let splits: Vec<&str> = rows.iter().map(|row| row.split.name()).collect();
    let labels: Vec<f32> = rows.iter().map(|row| row.label).collect();
    let words: usize = rows.iter().map(|row| row.words.len()).sum();
    let mut lists = ListStringChunkedBuilder::new("words".into(), rows.len(), words);
    for row in rows {
        lists.append_values_iter(row.words.iter().map(String::as_str));
    }
    let mut columns = vec![
        Column::new("id".into(), ids),
        Column::new("split".into(), splits),
        lists.finish().into_column(),
        Column::new("label".into(), labels),
    ];
    if emotions {
        for (index, name) in Emotions::NAMES.into_iter().enumerate() {
            let intensity = |row: &Row| row.emotions.expect("every row has emotions").0[index];
            let column: Vec<f32> = rows.iter().map(intensity).collect();
            columns.push(Column::new(name.into(), column));
        }
    }
    for (index, info) in modalities.iter().enumerate() {
        let place = |row: &Row| row.places[index];
        let offsets: Vec<i64> = rows.iter().map(|row| place(row).offset as i64).collect();
        let steps: Vec<i64> = rows.iter().map(|row| place(row).steps as i64).collect();
        columns.push(Column::new(offset_name(info).into(), offsets));
        columns.push(Column::new(steps_name(info).into(), steps));
    }
    DataFrame::new_infer_height(columns)
}

/// Reads the table from the bytes of its file. The caller has compared their hash: Polars makes no promise about
/// damaged files.
pub(super) fn read(
    bytes: Vec<u8>,
    modalities: &[ModalityInfo],
    emotions: bool,
    path: &Path,
) -> Result<Vec<Row>, Error> {
    let wrong = |source| Error::Table {
        action: "read",
        path: path.to_owned(),
        source: Box::new(source),
    };
    let frame = ParquetReader::new(Cursor::new(bytes))
        .finish()
        .map_err(wrong)?;
    let expected = names(modalities, emotions);
    let found = frame.get_column_names();
    if !found.iter().copied().eq(&expected) {
        let (expected, found) = (format!("{expected:?}"), format!("{found:?}"));
        return Err(Error::store(path, "columns", expected, found));
    }
    let column = |name: &str| frame.column(name).map_err(wrong);
    let ids = column("id")?.str().map_err(wrong)?;
    let splits = column("split")?.str().map_err(wrong)?;
    let words = column("words")?.list().map_err(wrong)?;
    let labels = column("label")?.f32().map_err(wrong)?;
    let mut intensities = Vec::new();
    for name in Emotions::NAMES.iter().filter(|_| emotions) {
        intensities.push((*name, column(name)?.f32().map_err(wrong)?));
    }
    let mut places = Vec::new();
    for info in modalities {
        let offsets = column(&offset_name(info))?.i64().map_err(wrong)?;
        let steps = column(&steps_name(info))?.i64().map_err(wrong)?;
        places.push(((offset_name(info), offsets), (steps_name(info), steps)));
    }

    let mut rows = Vec::with_capacity(frame.height());
    for index in 0..frame.height() {
        let wrong_cell = |name: &str, expected: &str, found: &dyn std::fmt::Display| {
            Error::store(path, format!("row {index}, {name}"), expected, found)
        };
        let missing = |name: &str| wrong_cell(name, "a value", &"none");
        let finite = |name: &str, values: &Float32Chunked| -> Result<f32, Error> {
            let value = values.get(index).ok_or_else(|| missing(name))?;
            let finite = Some(value).filter(|value| value.is_finite());
            finite.ok_or_else(|| wrong_cell(name, "a finite number", &value))
        };
        let whole = |(name, values): &(String, &Int64Chunked)| -> Result<usize, Error> {
            let value = values.get(index).ok_or_else(|| missing(name))?;
            usize::try_from(value).map_err(|_| wrong_cell(name, "a number of rows", &value))
        };
        let list = words.get_as_series(index).ok_or_else(|| missing("words"))?;
        let list = list.str().map_err(wrong)?;
        let split = splits.get(index).ok_or_else(|| missing("split"))?;
        rows.push(Row {
            id: ids.get(index).ok_or_else(|| missing("id"))?.to_owned(),
            split: split
                .parse()
                .map_err(|_| wrong_cell("split", "train, valid or test", &split))?,
            words: list
                .iter()
                .map(|word| word.unwrap_or_default().to_owned())
                .collect(),
            label: finite("label", labels)?,
            emotions: emotions
                .then(|| {
                    let mut values = [0.0; 6];
                    for (value, (name, column)) in values.iter_mut().zip(&intensities) {
                        *value = finite(name, column)?;
                    }
                    Ok(Emotions(values))
                })
                .transpose()?,
            places: places
                .iter()
                .map(|(offset, steps)| {
                    Ok(Place {
                        offset: whole(offset)?,
                        steps: whole(steps)?,
                    })
                })
                .collect::<Result<_, Error>>()?,
        });
    }
    Ok(rows)
}
