//! The prepared store: a folder with a corpus as it is used, in formats that any language can open.
//!
//! ```text
//! mosi/
//!   manifest.json          what is here, where it came from, and the SHA-256 of the two other files
//!   utterances.parquet     one row per utterance
//!   features.safetensors   one tensor per split and modality
//! ```
//!
//! # `utterances.parquet`
//!
//! Rows are in the order train, valid, test, and within a split in the order of the source.
//!
//! | column | type | content |
//! |---|---|---|
//! | `id` | string | name of the utterance in the source |
//! | `split` | string | `train`, `valid` or `test` |
//! | `words` | list of string | the transcript; empty where the source has none |
//! | `label` | float32 | the sentiment |
//! | `<modality>_offset` | int64 | first row of the utterance in the tensor `<split>.<modality>` |
//! | `<modality>_steps` | int64 | number of rows, at least 1 |
//!
//! The last two columns stand there for each modality of the manifest. Offsets follow each other without gaps.
//!
//! # `features.safetensors`
//!
//! Tensors `<split>.<modality>`, for instance `train.audio`, of type F32 and shape `[total_steps, dim]`: the frames of all
//! utterances of the split, one after the other, without padding. NaN and infinite values of the source stand as 0
//! here; how many there were is in the manifest.
//!
//! # `manifest.json`
//!
//! See [`Manifest`]. It holds no time, no host and no path, so the same input gives the same bytes in all three files.
//!
//! # Guarantees
//!
//! [`write()`] builds the store in a folder beside the target and renames it when everything is on disk, so a store is
//! there in full or not at all. [`read`] checks that the three files belong together and that every offset lies within
//! its tensor; [`verify`] also checks the hash of every part. Damage gives a typed error.

mod manifest;
mod prepare;
mod read;
mod table;
mod tensors;
mod write;

pub(crate) use manifest::FORMAT;
pub use manifest::{Manifest, Part, SourceInfo, SplitCounts, VectorsInfo};
pub use prepare::{PrepareOptions, PrepareReport, prepare};
pub use read::{read, verify};
pub use write::write;

/// Name of the manifest in the folder of a store.
pub const MANIFEST: &str = "manifest.json";
/// Name of the table of utterances.
pub const UTTERANCES: &str = "utterances.parquet";
/// Name of the file with the features.
pub const FEATURES: &str = "features.safetensors";
