//! BERT: Devlin et al. (2019), with the layout and the parameter names of Hugging Face's `BertModel`.

mod config;
mod layer;

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Int, Tensor, activation};
use mdm_core::seed::ChaCha8Rng;
use mdm_core::stochastic::{Mode, dropout};

use crate::transformer::{AttentionMask, LayerNorm, embedding_table, hugging_face_linear};
use crate::{Error, TorchNames, TorchVisitor, torch_names};

pub use config::BertConfig;
pub use layer::{BertLayer, SelfAttention};

/// A BERT encoder with its pooler.
///
/// It is split where others join in: [`words`](Self::words) looks pieces up, [`embed`](Self::embed) makes embeddings of
/// them, [`layer`](Self::layers) by layer they become hidden states.
///
/// # Example
///
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use mdm_core::{Mode, seed};
/// use mdm_models::{Bert, BertConfig};
///
/// let device = Device::flex();
/// let config = BertConfig { vocab_size: 30, ..Default::default() };
/// let bert = config.init(&mut seed::stream(0, "bert", 0), &device).unwrap();
/// // [CLS] a b [SEP] and, padded, [CLS] c [SEP]
/// let ids = Tensor::<2, Int>::from_ints([[2, 10, 11, 3], [2, 12, 3, 0]], &device);
/// let real = [vec![true; 4], vec![true, true, true, false]];
/// let hidden = bert.forward(ids, None, &real, &mut Mode::Eval);
/// assert_eq!(hidden.dims(), [2, 4, 64]);
/// assert_eq!(bert.pool(hidden).dims(), [2, 64]);
/// ```
#[derive(Module, Debug)]
pub struct Bert {
    /// `[vocabulary, d_model]`
    pub word_embeddings: Param<Tensor<2>>,
    /// `[longest, d_model]`
    pub position_embeddings: Param<Tensor<2>>,
    /// `[segments, d_model]`
    pub token_type_embeddings: Param<Tensor<2>>,
    /// After the sum of the three.
    pub embeddings_norm: LayerNorm,
    /// The layers.
    pub layers: Vec<BertLayer>,
    /// From the first place's hidden state to the pooled output.
    pub pooler: Linear,
    dropout: f64,
}

impl BertConfig {
    /// A BERT with random weights: `N(0, 0.02²)`, biases 0.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for sizes that are out of range.
    pub fn init(&self, rng: &mut ChaCha8Rng, device: &Device) -> Result<Bert, Error> {
        self.check()?;
        let width = self.hidden_size;
        let mut table = |rows| embedding_table(rows, width, rng, device);
        Ok(Bert {
            word_embeddings: table(self.vocab_size),
            position_embeddings: table(self.max_position_embeddings),
            token_type_embeddings: table(self.type_vocab_size),
            embeddings_norm: LayerNorm::init(width, self.layer_norm_eps, device),
            layers: (0..self.num_hidden_layers)
                .map(|_| BertLayer::init(self, rng, device))
                .collect(),
            pooler: hugging_face_linear(width, width, rng, device),
            dropout: self.hidden_dropout_prob,
        })
    }
}

impl Bert {
    /// The word embeddings of pieces: `[batch, places]` to `[batch, places, d_model]`.
    pub fn words(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        let [batch, places] = ids.dims();
        let rows = self.word_embeddings.val().select(0, ids.flatten(0, 1));
        rows.reshape([batch, places, self.d_model()])
    }

    /// Word embeddings with those of their places and of segment 0 (`segments`: those of each place, `[batch, places]`),
    /// normalised; dropout.
    ///
    /// # Panics
    ///
    /// When there are more places than the config allows.
    pub fn embed(
        &self,
        words: Tensor<3>,
        segments: Option<Tensor<2, Int>>,
        mode: &mut Mode,
    ) -> Tensor<3> {
        let [batch, places, d_model] = words.dims();
        let positions = self.position_embeddings.val().narrow(0, 0, places);
        let types = self.token_type_embeddings.val();
        let sum = match segments {
            None => words + (positions + types.narrow(0, 0, 1)).unsqueeze::<3>(),
            Some(segments) => {
                let types = types.select(0, segments.flatten(0, 1));
                words + types.reshape([batch, places, d_model]) + positions.unsqueeze::<3>()
            }
        };
        dropout(self.embeddings_norm.forward(sum), self.dropout, mode)
    }

    /// The last hidden states of framed pieces; without `segments` all are of segment 0.
    ///
    /// # Shapes
    ///
    /// - `ids`, `segments`: `[batch, places]`
    /// - `real`: which places hold something
    /// - output: `[batch, places, d_model]`
    pub fn forward(
        &self,
        ids: Tensor<2, Int>,
        segments: Option<Tensor<2, Int>>,
        real: &[Vec<bool>],
        mode: &mut Mode,
    ) -> Tensor<3> {
        let mask = AttentionMask::of_keys(real, &ids.device());
        let mut hidden = self.embed(self.words(ids), segments, mode);
        for layer in &self.layers {
            hidden = layer.forward(hidden, &mask, mode);
        }
        hidden
    }

    /// `tanh(pooler(h_0))` of hidden states `[batch, places, d_model]`: `[batch, d_model]`.
    pub fn pool(&self, hidden: Tensor<3>) -> Tensor<2> {
        let first = hidden.narrow(1, 0, 1).squeeze_dim(1);
        activation::tanh(self.pooler.forward(first))
    }

    /// The same, with embeddings that are not trained.
    pub(crate) fn freeze_embeddings(self) -> Self {
        Self {
            word_embeddings: self.word_embeddings.no_grad(),
            position_embeddings: self.position_embeddings.no_grad(),
            token_type_embeddings: self.token_type_embeddings.no_grad(),
            embeddings_norm: self.embeddings_norm.no_grad(),
            ..self
        }
    }

    /// Width of the hidden states.
    pub fn d_model(&self) -> usize {
        self.word_embeddings.dims()[1]
    }

    /// Longest sequence, special pieces included.
    pub fn max_places(&self) -> usize {
        self.position_embeddings.dims()[0]
    }
}

impl TorchNames for Bert {
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        for (name, table) in [
            ("word_embeddings", &mut self.word_embeddings),
            ("position_embeddings", &mut self.position_embeddings),
            ("token_type_embeddings", &mut self.token_type_embeddings),
        ] {
            torch_names::same(&format!("{prefix}embeddings.{name}.weight"), table, visitor);
        }
        let name = format!("{prefix}embeddings.LayerNorm");
        torch_names::layer_norm(&name, &mut self.embeddings_norm, visitor);
        for (number, layer) in self.layers.iter_mut().enumerate() {
            layer.visit_torch(&format!("{prefix}encoder.layer.{number}."), visitor);
        }
        torch_names::linear(&format!("{prefix}pooler.dense"), &mut self.pooler, visitor);
    }
}
