//! The MMMO tensors: a file a modality.

use std::path::Path;

use super::file::{Dataset, File};
use super::label;
use super::tensors::{lengths, only_dataset, push_block, split_files};
use crate::corpus::Split;
use crate::error::Error;
use crate::layout::checked::Checked;
use crate::layout::padded::Padded;
use crate::layout::{Header, LayoutReader, Sink, TRIMODAL};
use crate::pickle::Limits;

/// Reader of a folder of the ICT-MMMO tensors as they came with MFN (`pliang279/MFN`): `text_train_emb.h5`,
/// `audio_train.h5`, `video_train.h5`, `y_train.h5` and so on.
///
/// Each file holds one dataset, `d1` in the files in circulation. Validation files may be named `valid`, `dev` or `val`. A split without files is empty; one with some of its
/// files is an error. The files name no utterances, so the ids are `valid_0`, `valid_1` and so on. The labels are taken
/// as they stand, from 1 to 5 in the public files.
///
/// # Shapes
///
/// `text` `[n, steps, d_language]`, `audio` `[n, steps, d_audio]`, `video` `[n, steps, d_vision]`, with as many steps in
/// all three; `y` `[n]`.
///
/// # Padding
///
/// The files are filled up with zeros, some utterances on the left and more on the right. Steps before the first and
/// after the last word vector that is not all zero are cut; vision has zero frames within utterances as well.
pub struct MmmoH5;

impl LayoutReader for MmmoH5 {
    fn read_into(&self, path: &Path, limits: Limits, sink: &mut dyn Sink) -> Result<Header, Error> {
        let mut checked = Checked::new(path, &TRIMODAL, sink);
        for split in Split::ALL {
            let names = |split: &str| {
                [
                    format!("text_{split}_emb.h5"),
                    format!("audio_{split}.h5"),
                    format!("video_{split}.h5"),
                    format!("y_{split}.h5"),
                ]
            };
            if let Some(paths) = split_files(path, split, names)? {
                let [text, audio, video, y] = paths.map(|path| File::open(path, limits));
                read_split(split, [&text?, &audio?, &video?], &y?, &mut checked)?;
            }
        }
        checked.finish()
    }
}

fn read_split(
    split: Split,
    [text, audio, video]: [&File; 3],
    y: &File,
    checked: &mut Checked<'_, '_>,
) -> Result<(), Error> {
    let text = only_dataset(text)?;
    let (audio, video, y) = (only_dataset(audio)?, only_dataset(video)?, only_dataset(y)?);
    let [rows, steps, _] = lengths(&text)?;
    for other in [&audio, &video] {
        let place = other.place().split(split);
        let [other_rows, other_steps, _] = lengths(other)?;
        place.same("utterances, as in text", rows, other_rows)?;
        place.same("steps, as in text", steps, other_steps)?;
    }
    let labels = label::read(&y)?;
    (y.place().split(split)).same("utterances, as in text", rows, labels.len())?;
    for block in text.blocks() {
        let read = |tensor: &Dataset<'_>| {
            let [_, steps, dim] = lengths(tensor)?;
            let data = tensor.rows(block.clone())?;
            Ok::<_, Error>(Padded {
                rows: block.len(),
                steps,
                dim,
                data,
            })
        };
        let arrays = [read(&text)?, read(&audio)?, read(&video)?];
        push_block(split, block.start, arrays, &labels[block], checked)?;
    }
    Ok(())
}
