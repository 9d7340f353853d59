//! Computational sequences of the CMU SDK, aligned to the words.
//!
//! | file | idea |
//! |---|---|
//! | `folder` | which sequence is which |
//! | `folds` | which video belongs to which split |
//! | `sequence`, `interval` | rows with their times, by video |
//! | `lag` | a fault of a published sequence |
//! | `labels`, `words`, `frames` | segments, the words in them, features averaged within words |
//! | `standardise` | one scale within each utterance |

mod folder;
mod folds;
mod frames;
mod interval;
mod labels;
mod lag;
mod sequence;
mod standardise;
mod words;

use std::path::Path;

use folder::Folder;
use folds::Folds;
use frames::Frames;
use interval::Interval;
use words::Word;

use crate::corpus::{Features, Modality, Split, Utterance};
use crate::error::Error;
use crate::layout::checked::Checked;
use crate::layout::{Header, LayoutReader, Sink};
use crate::pickle::Limits;

pub use standardise::Standardise;

/// Reader of a folder of the CMU SDK's computational sequences (`CMU-MultiComp-Lab/CMU-MultimodalSDK`), which aligns them to
/// the words.
///
/// The folder holds `.csd` files, which are HDF5: one with the words, one with the labels, and any number with features.
/// What a sequence is follows from its name, or else from the name of its file. Several sequences of one modality are
/// put side by side. Without a sequence of word vectors the corpus has words and no language features.
///
/// The folds are those of `folds.json` in the folder, an object with the lists of videos `train`, `valid` and `test`; a
/// labelled video in none of them is an error, or left out with `"skip_others": true`. Without the file the videos have to
/// be those of CMU-MOSI, whose standard folds are known.
///
/// # Alignment
///
/// A row of labels is an utterance, `video[row]`. A word belongs to the segment that holds most of it, and at least half.
/// Pauses (`sp`) are dropped. A feature of a word is the mean over the frames that overlap with it, and 0 where there are
/// none. NaN and infinite values pass through the mean, so that [`crate::clean`] counts them.
///
/// One video is in memory at a time, with the names of all.
///
/// # Shapes
///
/// `/sequence/data/video/features` and `…/intervals`, or `video[segment]` in place of `video`. Intervals `[n, 2]` in seconds;
/// words `[n, 1]`, texts of a fixed length; labels `[n, 1]`, or `[n, 7]` with the six emotions; frames `[n, d]`.
///
/// # Example
///
/// ```no_run
/// use std::path::Path;
///
/// use mdm_data::layout::{Csd, LayoutReader, Standardise};
/// use mdm_data::pickle::Limits;
///
/// let reader = Csd { standardise: Some(Standardise::Misa) };
/// let corpus = reader.read(Path::new("CMU_MOSI"), Limits::default())?;
/// # Ok::<(), mdm_data::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Csd {
    /// Standardise audio and vision within each utterance. By default they stay as they are.
    pub standardise: Option<Standardise>,
}

impl LayoutReader for Csd {
    fn read_into(&self, path: &Path, limits: Limits, sink: &mut dyn Sink) -> Result<Header, Error> {
        let folder = Folder::open(path, limits)?;
        let folds = Folds::of(path, &folder.labels)?;
        let modalities: Vec<Modality> = folder.features.iter().map(|&(m, _)| m).collect();
        let mut checked = Checked::new(path, &modalities, sink);
        for video in folder.labels.videos() {
            if let Some(split) = folds.split(video) {
                self.read_video(&folder, video, split, &mut checked)?;
            }
        }
        checked.finish()
    }
}

impl Csd {
    fn read_video(
        self,
        folder: &Folder,
        video: &str,
        split: Split,
        checked: &mut Checked<'_, '_>,
    ) -> Result<(), Error> {
        let segments = labels::segments(&folder.labels, video)?;
        let words = words::words(&folder.words, video)?;
        let read = |(modality, sequences): &(Modality, Vec<frames::FrameSequence>)| {
            let frames = sequences.iter().map(|sequence| sequence.read(video));
            Ok((*modality, frames.collect::<Result<Vec<_>, _>>()?))
        };
        let frames: Vec<(Modality, Vec<Frames>)> = folder
            .features
            .iter()
            .map(read)
            .collect::<Result<_, Error>>()?;
        let intervals: Vec<Interval> = segments.iter().map(|segment| segment.interval).collect();
        let within = words::within(&words, &intervals);
        for (segment, words) in segments.into_iter().zip(within) {
            let features = |(modality, frames): &(Modality, Vec<Frames>)| {
                let mut features = align(frames, &words);
                if let (Some(preset), Modality::Audio | Modality::Vision) =
                    (self.standardise, modality)
                {
                    preset.apply(&mut features);
                }
                features
            };
            let utterance = Utterance {
                id: segment.id,
                words: words.iter().map(|word| word.text.clone()).collect(),
                features: frames.iter().map(features).collect(),
                label: segment.label.sentiment,
                emotions: segment.label.emotions,
            };
            checked.push(split, utterance)?;
        }
        Ok(())
    }
}

/// One frame a word, the sequences of a modality side by side. An utterance without words gets a frame of zeros.
fn align(sequences: &[Frames], words: &[&Word]) -> Features {
    let dim = sequences.iter().map(Frames::dim).sum();
    if words.is_empty() {
        return Features::zeros(1, dim);
    }
    let mut data = Vec::with_capacity(words.len() * dim);
    for word in words {
        for frames in sequences {
            frames.push_mean(word.interval, &mut data);
        }
    }
    Features::new(dim, data)
}
