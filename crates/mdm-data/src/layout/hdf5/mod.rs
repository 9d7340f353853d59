//! The layouts that are HDF5 files.

mod cmu;
mod csd;
mod mmmo;

pub use cmu::CmuH5;
pub use csd::Csd;
pub use mmmo::MmmoH5;
