//! What a corpus offers to a model.

use crate::{Error, Model};

/// The modalities of a corpus as a model sees them: how wide the frames of each are, and what the first one consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inputs {
    /// Values per frame of each modality; language first where there is one.
    pub dims: Vec<usize>,
    /// What stands for the language.
    pub language: Language,
}

/// What stands for the language in the first modality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// The corpus has no language.
    Absent,
    /// One word vector a step.
    Vectors,
    /// The id of one word piece a step, in frames of width 1: whole numbers below 2²⁴ are exact in `f32`.
    Pieces(Vocabulary),
}

/// The vocabulary of a tokeniser: its size and the pieces that belong to no word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vocabulary {
    /// Number of pieces.
    pub size: usize,
    /// `[CLS]`, `<cls>`
    pub cls: usize,
    /// `[SEP]`, `<sep>`
    pub sep: usize,
    /// `[PAD]`, `<pad>`
    pub pad: usize,
}

impl Inputs {
    /// Modalities of these widths, the first one language as word vectors.
    pub fn vectors(dims: &[usize]) -> Self {
        Self {
            dims: dims.to_vec(),
            language: Language::Vectors,
        }
    }
}

impl Inputs {
    /// Refuses a corpus whose language a model cannot read.
    ///
    /// # Errors
    ///
    /// [`Error::Language`], with the models that can.
    pub(crate) fn check_language(&self, model: Model) -> Result<(), Error> {
        if model.accepts(self.language) {
            return Ok(());
        }
        let others = Model::ALL.into_iter();
        let others = others.filter(|other| other.accepts(self.language));
        Err(Error::Language {
            model,
            found: match self.language {
                Language::Pieces(_) => "word pieces",
                Language::Vectors => "word vectors",
                Language::Absent => "no language",
            },
            others: others.map(Model::name).collect::<Vec<_>>().join(", "),
        })
    }

    /// The vocabulary of a corpus of word pieces.
    ///
    /// # Errors
    ///
    /// [`Error::Language`] for any other, which `model` cannot read.
    pub(crate) fn pieces(&self, model: Model) -> Result<Vocabulary, Error> {
        self.check_language(model)?;
        match self.language {
            Language::Pieces(vocabulary) => Ok(vocabulary),
            _ => unreachable!("{model} reads pieces alone"),
        }
    }
}

impl Vocabulary {
    /// The ids of CLS, SEP and PAD.
    pub(crate) fn special(&self) -> [usize; 3] {
        [self.cls, self.sep, self.pad]
    }

    /// Refuses a tokeniser with more pieces than a model has embeddings.
    pub(crate) fn check_fits(&self, rows: usize) -> Result<(), Error> {
        if self.size <= rows {
            return Ok(());
        }
        Err(Error::InvalidConfig {
            field: "text.tokenizer",
            expected: "no more pieces than the model has embeddings",
            found: format!("{} pieces for {rows} embeddings", self.size),
        })
    }
}
