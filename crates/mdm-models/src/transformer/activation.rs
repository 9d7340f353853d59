//! The two forms of GELU.

use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};

/// The activation of a feed-forward layer, by Hugging Face's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gelu {
    /// `gelu`: the exact form, with the error function.
    #[default]
    #[serde(rename = "gelu")]
    Exact,
    /// `gelu_new`: the tanh form of the original BERT and XLNet code. Old versions of Transformers take it for XLNet's
    /// `gelu`, new ones do not.
    #[serde(rename = "gelu_new")]
    Tanh,
}

impl Gelu {
    /// Applies it to each element.
    pub fn forward<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Exact => activation::gelu(x),
            Self::Tanh => activation::gelu_approximate(x),
        }
    }
}
