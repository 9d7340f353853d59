//! The layouts that are HDF5 files.
//!
//! | file | idea |
//! |---|---|
//! | `file` | the border to HDF5: opening, listing, typed and limited reads |
//! | `label` | sentiment, with or without emotions |
//! | `tensors`, `cmu`, `mmmo` | padded tensors |
//! | `csd` | computational sequences, aligned to the words |

mod cmu;
mod csd;
mod file;
mod label;
mod mmmo;
mod tensors;

pub use cmu::CmuH5;
pub use csd::{Csd, Standardise};
pub use mmmo::MmmoH5;
