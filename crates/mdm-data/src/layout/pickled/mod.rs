//! The layouts that are pickles of NumPy arrays.

mod arrays;
mod conversations;
mod label;
mod mag;
mod misa;
mod mmsa;
mod mult;
mod multibench;
mod records;
mod source;
mod structure;

pub use conversations::Conversations;
pub use mag::Mag;
pub use misa::Misa;
pub use mmsa::Mmsa;
pub use mult::Mult;
pub use multibench::MultiBench;
pub(super) use structure::detect;
