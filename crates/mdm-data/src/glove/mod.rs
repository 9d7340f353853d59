//! Word vectors from GloVe text files, and language features made of them.

mod embed;
mod vectors;

pub use embed::{EmbedReport, Embedder, embed};
pub use vectors::WordVectors;
