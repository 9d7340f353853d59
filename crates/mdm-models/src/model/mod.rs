//! The models by name: what a config chooses from.

mod config;
mod encoder;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

#[cfg(doc)]
use crate::{EfLstm, LateLstm, Lfn, MagBert, MagXlnet, Mfn, Tfn};
use crate::{Error, Language};

pub use config::ModelConfig;
pub use encoder::Encoder;

/// The fusion models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Model {
    /// [`EfLstm`]: the official reading of EF-LSTM.
    #[default]
    EfLstm,
    /// [`LateLstm`]: the paper's reading of EF-LSTM.
    LateLstm,
    /// [`Tfn`]: tensor fusion network.
    Tfn,
    /// [`Lfn`]: low-rank fusion network, also known as LMF.
    Lfn,
    /// [`Mfn`]: memory fusion network.
    Mfn,
    /// [`MagBert`]: BERT with the multimodal adaptation gate.
    MagBert,
    /// [`MagXlnet`]: XLNet with the multimodal adaptation gate.
    MagXlnet,
}

impl Model {
    /// Every model.
    pub const ALL: [Self; 7] = [
        Self::EfLstm,
        Self::LateLstm,
        Self::Tfn,
        Self::Lfn,
        Self::Mfn,
        Self::MagBert,
        Self::MagXlnet,
    ];

    /// The name in configs and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EfLstm => "ef-lstm",
            Self::LateLstm => "late-lstm",
            Self::Tfn => "tfn",
            Self::Lfn => "lfn",
            Self::Mfn => "mfn",
            Self::MagBert => "mag-bert",
            Self::MagXlnet => "mag-xlnet",
        }
    }

    /// Whether the language of its corpus is word pieces, not word vectors.
    pub const fn reads_pieces(self) -> bool {
        matches!(self, Self::MagBert | Self::MagXlnet)
    }

    /// Whether it can read a corpus with such a language. TFN and LFN have a sub-network for the language alone; the other
    /// models of word vectors treat all modalities alike.
    pub const fn accepts(self, language: Language) -> bool {
        match language {
            Language::Pieces(_) => self.reads_pieces(),
            Language::Vectors => !self.reads_pieces(),
            Language::Absent => !self.reads_pieces() && !matches!(self, Self::Tfn | Self::Lfn),
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Model {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|model| model.name() == name)
            .ok_or_else(|| Error::UnknownModel {
                name: name.to_owned(),
                known: Self::ALL.map(Self::name).join(", "),
            })
    }
}

impl TryFrom<String> for Model {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        name.parse()
    }
}

impl From<Model> for String {
    fn from(model: Model) -> Self {
        model.to_string()
    }
}
