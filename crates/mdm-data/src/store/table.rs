//! The table of utterances, written and read through Polars.

use std::fs::File;
use std::io::Cursor;
use std::path::Path;

use polars::prelude::*;

use crate::corpus::{Corpus, ModalityInfo, Split};
use crate::error::Error;

/// One row of the table.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) split: Split,
    pub(super) words: Vec<String>,
    pub(super) label: f32,
    /// Offset and steps, for each modality in order.
    pub(super) places: Vec<(usize, usize)>,
}

fn offset_name(info: &ModalityInfo) -> String {
    format!("{}_offset", info.modality)
}

fn steps_name(info: &ModalityInfo) -> String {
    format!("{}_steps", info.modality)
}

/// Writes the table. Uncompressed, because it is small, and so that its bytes depend on nothing but the corpus.
pub(super) fn write(corpus: &Corpus, path: &Path) -> Result<(), Error> {
    let wrong = |source| Error::Table {
        action: "write",
        path: path.to_owned(),
        source: Box::new(source),
    };
    let mut frame = frame(corpus).map_err(wrong)?;
    let file = File::create(path).map_err(Error::io("create", path))?;
    ParquetWriter::new(file)
        .with_compression(ParquetCompression::Uncompressed)
        .set_parallel(false)
        .finish(&mut frame)
        .map_err(wrong)?;
    Ok(())
}

fn frame(corpus: &Corpus) -> PolarsResult<DataFrame> {
    let ids: Vec<&str> = corpus.utterances().map(|(_, u)| u.id.as_str()).collect();
    let splits: Vec<&str> = corpus.utterances().map(|(split, _)| split.name()).collect();
    let labels: Vec<f32> = corpus.utterances().map(|(_, u)| u.label).collect();
    let words: usize = corpus.utterances().map(|(_, u)| u.words.len()).sum();
    let mut lists = ListStringChunkedBuilder::new("words".into(), corpus.len(), words);
    for (_, utterance) in corpus.utterances() {
        lists.append_values_iter(utterance.words.iter().map(String::as_str));
    }
    let mut columns = vec![
        Column::new("id".into(), ids),
        Column::new("split".into(), splits),
        lists.finish().into_column(),
        Column::new("label".into(), labels),
    ];
    for (index, info) in corpus.modalities.iter().enumerate() {
        let (mut offsets, mut steps) = (Vec::new(), Vec::new());
        for split in Split::ALL {
            let mut offset = 0;
            for utterance in corpus.split(split) {
                let length = utterance.features[index].steps() as i64;
                offsets.push(offset);
                steps.push(length);
                offset += length;
            }
        }
        columns.push(Column::new(offset_name(info).into(), offsets));
        columns.push(Column::new(steps_name(info).into(), steps));
    }
    DataFrame::new_infer_height(columns)
}

/// Reads the table from the bytes of its file.
pub(super) fn read(
    bytes: Vec<u8>,
    modalities: &[ModalityInfo],
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
    let column = |name: &str| frame.column(name).map_err(wrong);
    let ids = column("id")?.str().map_err(wrong)?;
    let splits = column("split")?.str().map_err(wrong)?;
    let words = column("words")?.list().map_err(wrong)?;
    let labels = column("label")?.f32().map_err(wrong)?;
    let mut places = Vec::new();
    for info in modalities {
        let offsets = column(&offset_name(info))?.i64().map_err(wrong)?;
        places.push((offset_name(info), offsets));
        let steps = column(&steps_name(info))?.i64().map_err(wrong)?;
        places.push((steps_name(info), steps));
    }

    let mut rows = Vec::with_capacity(frame.height());
    for index in 0..frame.height() {
        let missing =
            |name: &str| Error::store(path, format!("row {index}, {name}"), "a value", "none");
        let place = |(name, values): &(String, &Int64Chunked)| -> Result<usize, Error> {
            let value = values.get(index).ok_or_else(|| missing(name))?;
            usize::try_from(value).map_err(|_| {
                Error::store(
                    path,
                    format!("row {index}, {name}"),
                    "a number of rows",
                    value,
                )
            })
        };
        let (pairs, _) = places.as_chunks::<2>();
        let read_pair = |[offset, steps]: &[_; 2]| Ok((place(offset)?, place(steps)?));
        let list = words.get_as_series(index).ok_or_else(|| missing("words"))?;
        let list = list.str().map_err(wrong)?;
        rows.push(Row {
            id: ids.get(index).ok_or_else(|| missing("id"))?.to_owned(),
            split: splits.get(index).ok_or_else(|| missing("split"))?.parse()?,
            words: list
                .iter()
                .map(|word| word.unwrap_or_default().to_owned())
                .collect(),
            label: labels.get(index).ok_or_else(|| missing("label"))?,
            places: pairs.iter().map(read_pair).collect::<Result<_, Error>>()?,
        });
    }
    Ok(rows)
}
