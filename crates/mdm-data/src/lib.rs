//! Multimodal sentiment corpora for dependency-maximising fusion: from a public file to sequences in memory.
//!
//! The way of the data:
//!
//! 1. [`layout::read`] opens a corpus file in one of the layouts that are in circulation ([`layout::Layout`]) and gives a
//!    [`corpus::Corpus`]: for each split a list of utterances, each with its words, its label and one matrix of frames
//!    per modality. Pickles are read by [`pickle`], which never calls anything that a pickle names.
//! 2. [`clean::clean`] counts NaN and infinite values and replaces them by 0.
//! 3. [`store::write()`] saves the corpus as a prepared store, which [`store::read`] opens without any guesswork.
//!    [`store::prepare`] does the three steps in one call, utterance by utterance, so that the corpus never has to fit
//!    into memory; [`store::Reader`] reads one back in the same way.
//! 4. [`export::export`] turns a store into a NumPy archive or into safetensors with a JSON table.
//! 5. [`glove::embed`] gives a corpus that has only words a language modality; [`pieces`] makes the word pieces of a
//!    pretrained text encoder its language; [`inspect::inspect`] tells what is in it.
//!
//! 6. [`align::align`] gives all modalities the steps of the language, [`normalise`] scales them, and [`batch`] makes tensors.
//!    [`Preparation`] is all of this from step 2 on, fitted on one corpus and applied to others.
//!
//! [`surgery`] takes modalities away, damages frames and permutes modalities, for robustness and for tests of dependence.
//! [`synthetic`] makes a corpus with a known dependence between its modalities. [`samples`] reads random variables of any
//! kind from a NumPy archive, a Parquet file or a text table, to measure their dependence without a corpus.
//!
//! # Example
//!
//! ```
//! use mdm_data::corpus::{Corpus, Features, Modality, ModalityInfo, Split, Utterance};
//! use mdm_data::{clean, inspect};
//!
//! // Two frames of three audio values, one of which is missing.
//! let audio = Features::new(3, vec![1.0, 2.0, f32::NAN, 4.0, 5.0, 6.0]);
//! let mut corpus = Corpus::new("tiny", vec![ModalityInfo { modality: Modality::Audio, dim: 3 }]);
//! corpus.train.push(Utterance {
//!     id: "video[0]".to_owned(),
//!     words: vec!["good".to_owned(), "film".to_owned()],
//!     features: vec![audio],
//!     label: 1.8,
//!     ..Utterance::default()
//! });
//!
//! let report = clean::clean(&mut corpus);
//! assert_eq!(report.total(), 1);
//! assert_eq!(corpus.split(Split::Train)[0].features[0].row(0), &[1.0, 2.0, 0.0]);
//!
//! let summary = inspect::inspect(&corpus, Some(&report));
//! assert_eq!(summary.splits[0].label_histogram, [0, 0, 0, 0, 0, 1, 0]); // 1.8 rounds to 2
//! ```
#![warn(missing_docs)]

pub mod align;
pub mod atomic;
pub mod batch;
pub mod clean;
pub mod corpus;
pub mod error;
pub mod export;
pub mod glove;
pub mod hash;
pub mod inspect;
pub mod layout;
pub mod normalise;
pub mod pickle;
pub mod pieces;
pub mod preparation;
pub mod samples;
pub mod store;
pub mod surgery;
pub mod synthetic;
pub mod warnings;

mod moments;
mod normal;
mod npz;

pub use corpus::{Corpus, Features, Modality, ModalityInfo, Split, Utterance};
pub use error::Error;
pub use preparation::Preparation;
