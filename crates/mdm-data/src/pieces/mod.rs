//! Word pieces: what a pretrained text encoder reads instead of word vectors.
//!
//! A [`Tokenizer`] cuts a word into pieces of a fixed vocabulary: by BERT's WordPiece or by XLNet's SentencePiece.
//! [`tokenize`](tokenize()) makes the pieces the language modality of a corpus and gives each piece the audio and vision
//! rows of its word. Words are cut one by one, as the code of MAG-BERT and MAG-XLNet does; a whole sentence would give the
//! same pieces in nearly all cases, but no word for each.
//!
//! Special pieces (`[CLS]`, `<sep>`, padding) are not stored: the model adds them and finds their ids in the
//! [`Vocabulary`]. A transcript that spells one out is text like any other.
//!
//! # Example
//!
//! ```
//! use mdm_data::corpus::{Corpus, Features, Modality, ModalityInfo, Utterance};
//! use mdm_data::pieces::{self, Tokenizer};
//!
//! let mut corpus = Corpus::new("tiny", vec![ModalityInfo { modality: Modality::Audio, dim: 1 }]);
//! corpus.train.push(Utterance {
//!     words: vec!["good".to_owned(), "film".to_owned()],
//!     features: vec![Features::new(1, vec![0.5, 0.7])],
//!     ..Utterance::default()
//! });
//!
//! // A vocabulary of whole words: five special pieces, then the words in order.
//! let tokenizer = Tokenizer::from_words(["good", "film", "good"]);
//! assert_eq!(tokenizer.pieces_of("film"), [5]);
//! assert_eq!(tokenizer.pieces_of("movie"), [1]); // unknown
//!
//! let report = pieces::tokenize(&mut corpus, &tokenizer, 48)?;
//! assert_eq!((report.words, report.pieces), (2, 2));
//! assert_eq!(corpus.train[0].features[0].data(), [6.0, 5.0]);
//! assert_eq!(corpus.train[0].features[1].data(), [0.5, 0.7]);
//! # Ok::<(), mdm_data::Error>(())
//! ```

mod bert;
mod files;
mod report;
mod tokenize;
mod tokenizer;
mod vocabulary;
mod xlnet;

pub use report::PiecesReport;
pub use tokenize::tokenize;
pub use tokenizer::Tokenizer;
pub use vocabulary::Vocabulary;
