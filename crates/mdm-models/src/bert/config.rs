//! The sizes of a BERT.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::transformer::Gelu;

/// Sizes of a [`Bert`](super::Bert), under the names of Hugging Face's `config.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BertConfig {
    /// Pieces of the vocabulary; 0: as many as the tokeniser has.
    pub vocab_size: usize,
    /// Width of the hidden states; a multiple of the number of heads.
    pub hidden_size: usize,
    /// Layers.
    pub num_hidden_layers: usize,
    /// Attention heads of each layer.
    pub num_attention_heads: usize,
    /// Width between the two feed-forward layers.
    pub intermediate_size: usize,
    /// Longest sequence, special pieces included.
    pub max_position_embeddings: usize,
    /// Kinds of segments.
    pub type_vocab_size: usize,
    /// Activation between the two feed-forward layers.
    pub hidden_act: Gelu,
    /// Epsilon of the layer normalisations.
    pub layer_norm_eps: f64,
    /// Dropout of embeddings and layers, in [0, 1).
    pub hidden_dropout_prob: f64,
    /// Dropout of the attention's weights, in [0, 1).
    pub attention_probs_dropout_prob: f64,
}

impl Default for BertConfig {
    /// A small one, for random weights: 2 layers of width 64.
    fn default() -> Self {
        Self {
            vocab_size: 0,
            hidden_size: 64,
            num_hidden_layers: 2,
            num_attention_heads: 4,
            intermediate_size: 128,
            max_position_embeddings: 64,
            type_vocab_size: 2,
            hidden_act: Gelu::Exact,
            layer_norm_eps: 1e-12,
            hidden_dropout_prob: 0.1,
            attention_probs_dropout_prob: 0.1,
        }
    }
}

impl BertConfig {
    /// The sizes in a `config.json` of Hugging Face; what else stands there is passed over.
    ///
    /// # Errors
    ///
    /// A size that is missing or no number of its kind, by name.
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
            ("bert.vocab_size", self.vocab_size),
            ("bert.hidden_size", self.hidden_size),
            ("bert.num_hidden_layers", self.num_hidden_layers),
            ("bert.num_attention_heads", self.num_attention_heads),
            ("bert.intermediate_size", self.intermediate_size),
            ("bert.max_position_embeddings", self.max_position_embeddings),
            ("bert.type_vocab_size", self.type_vocab_size),
        ];
        for (field, width) in widths {
            Error::check_widths(field, &[width])?;
        }
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            return Err(Error::InvalidConfig {
                field: "bert.hidden_size",
                expected: "a multiple of num_attention_heads",
                found: format!(
                    "{} for {} heads",
                    self.hidden_size, self.num_attention_heads
                ),
            });
        }
        Error::check_dropout("bert.hidden_dropout_prob", &[self.hidden_dropout_prob])?;
        Error::check_dropout(
            "bert.attention_probs_dropout_prob",
            &[self.attention_probs_dropout_prob],
        )
    }
}
