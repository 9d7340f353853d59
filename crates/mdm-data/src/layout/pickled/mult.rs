//! The MulT layout.

use std::path::Path;

use super::arrays::{Textless, read_arrays};
use crate::error::Error;
use crate::layout::{Header, LayoutReader, Sink};
use crate::pickle::Limits;

/// Reader of the pickles of the Multimodal Transformer (`yaohungt/Multimodal-Transformer`).
///
/// A dict with the splits `train`, `valid` and `test`, each a dict with the fields below. `id` has one or three texts
/// per utterance: the video, then where the segment begins and ends. The id of the utterance is the video's name,
/// followed by `[begin,end]` unless both are `0`.
///
/// # Shapes
///
/// `text` `[n, steps, d_language]`, `audio` `[n, steps_audio, d_audio]`, `vision` `[n, steps_vision, d_vision]`, `labels`
/// one number per utterance, usually `[n, 1, 1]`, or `[n, 1, 7]` in CMU-MOSEI with the six emotions; `id` `[n]` or `[n, 3]`.
///
/// # Padding
///
/// The files in circulation are filled up with zeros on the left, on the right or on both sides, and nothing says
/// where. Steps before the first and after the last text vector that is not all zero are taken for padding, and cut in
/// all modalities that have as many steps as the text. That is what the peers do: vision has zero frames in the middle
/// of an utterance, and audio can be −∞ anywhere, so neither tells where speech ends. A modality with another
/// number of steps (the files without alignment) is cut by its own zero frames. Where the text is zero throughout,
/// each modality is cut by its own frames as well.
pub struct Mult;

impl LayoutReader for Mult {
    fn read_into(&self, path: &Path, limits: Limits, sink: &mut dyn Sink) -> Result<Header, Error> {
        read_arrays(path, limits, Textless::Keep, sink)
    }
}
