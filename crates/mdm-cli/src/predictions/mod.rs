//! The table of `mdm predict`: which columns it has, and the forms in which it is written.

mod columns;
mod writer;

pub use columns::{Cell, Columns};
pub use writer::{JsonRow, Writer};
