//! The sizes of an XLNet.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::transformer::Gelu;

/// Sizes of an [`Xlnet`](super::Xlnet), under the names of Hugging Face's `config.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct XlnetConfig {
    /// Pieces of the vocabulary; 0: as many as the tokeniser has.
    pub vocab_size: usize,
    /// Width of the hidden states; even, and a multiple of the number of heads.
    pub d_model: usize,
    /// Layers.
    pub n_layer: usize,
    /// Attention heads of each layer.
    pub n_head: usize,
    /// Width between the two feed-forward layers.
    pub d_inner: usize,
    /// Activation between the two feed-forward layers.
    pub ff_activation: Gelu,
    /// Epsilon of the layer normalisations.
    pub layer_norm_eps: f64,
    /// Dropout of embeddings, positions, attention's weights, layers and the last hidden states, in [0, 1).
    pub dropout: f64,
}

impl Default for XlnetConfig {
    /// A small one, for random weights: 2 layers of width 64.
    fn default() -> Self {
        Self {
            vocab_size: 0,
            d_model: 64,
            n_layer: 2,
            n_head: 4,
            d_inner: 128,
            ff_activation: Gelu::Exact,
            layer_norm_eps: 1e-12,
            dropout: 0.1,
        }
    }
}

impl XlnetConfig {
    /// The sizes in a `config.json` of Hugging Face; what else stands there is passed over.
    ///
    /// # Errors
    ///
    /// A value that is not of its kind.
    pub fn from_hugging_face(config: &serde_json::Value) -> Result<Self, serde_json::Error> {
        crate::pretrained::known_keys(config, &Self::default())
    }

    /// Checks the ranges.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] naming the field.
    pub fn check(&self) -> Result<(), Error> {
        let widths = [
            ("xlnet.vocab_size", self.vocab_size),
            ("xlnet.d_model", self.d_model),
            ("xlnet.n_layer", self.n_layer),
            ("xlnet.n_head", self.n_head),
            ("xlnet.d_inner", self.d_inner),
        ];
        for (field, width) in widths {
            Error::check_widths(field, &[width])?;
        }
        // Even: half of a position's encoding are sines, half cosines.
        if !self.d_model.is_multiple_of(self.n_head) || !self.d_model.is_multiple_of(2) {
            return Err(Error::InvalidConfig {
                field: "xlnet.d_model",
                expected: "an even number that is a multiple of n_head",
                found: format!("{} for {} heads", self.d_model, self.n_head),
            });
        }
        Error::check_dropout("xlnet.dropout", &[self.dropout])
    }
}
