//! One layer of BERT: self-attention, then two feed-forward layers, each with a residual and a layer normalisation.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};
use mdm_core::seed::ChaCha8Rng;
use mdm_core::stochastic::{Mode, dropout};

use super::BertConfig;
use crate::transformer::{AttentionMask, Gelu, LayerNorm, attend, hugging_face_linear};
use crate::{TorchNames, TorchVisitor, rows, torch_names};

/// Scaled dot-product attention of every place over every place, in several heads.
#[derive(Module, Debug)]
pub struct SelfAttention {
    /// `[d_model, d_model]`, and so the others.
    pub query: Linear,
    #[allow(missing_docs)]
    pub key: Linear,
    #[allow(missing_docs)]
    pub value: Linear,
    /// Of the heads' joined results.
    pub output: Linear,
    n_heads: usize,
    dropout: f64,
}

impl SelfAttention {
    /// From `[batch, places, d_model]` to the same.
    fn forward(&self, x: Tensor<3>, mask: &AttentionMask, mode: &mut Mode) -> Tensor<3> {
        let inputs = [&self.query, &self.key, &self.value].map(|l| rows::linear(l, x.clone()));
        let joined = attend(inputs, self.n_heads, mask, self.dropout, mode);
        rows::linear(&self.output, joined)
    }
}

/// One layer.
#[derive(Module, Debug)]
pub struct BertLayer {
    /// What each place takes from the others.
    pub attention: SelfAttention,
    /// After the attention.
    pub attention_norm: LayerNorm,
    /// `[d_model, intermediate]`
    pub intermediate: Linear,
    /// `[intermediate, d_model]`
    pub output: Linear,
    /// After the feed-forward layers.
    pub output_norm: LayerNorm,
    #[module(skip)]
    gelu: Gelu,
    dropout: f64,
}

impl BertLayer {
    pub(super) fn init(config: &BertConfig, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let (width, inner) = (config.hidden_size, config.intermediate_size);
        let mut linear = |from, to| hugging_face_linear(from, to, rng, device);
        Self {
            attention: SelfAttention {
                query: linear(width, width),
                key: linear(width, width),
                value: linear(width, width),
                output: linear(width, width),
                n_heads: config.num_attention_heads,
                dropout: config.attention_probs_dropout_prob,
            },
            attention_norm: LayerNorm::init(width, config.layer_norm_eps, device),
            intermediate: linear(width, inner),
            output: linear(inner, width),
            output_norm: LayerNorm::init(width, config.layer_norm_eps, device),
            gelu: config.hidden_act,
            dropout: config.hidden_dropout_prob,
        }
    }

    /// From `[batch, places, d_model]` to the same.
    pub fn forward(&self, x: Tensor<3>, mask: &AttentionMask, mode: &mut Mode) -> Tensor<3> {
        let attended = self.attention.forward(x.clone(), mask, mode);
        let x = self
            .attention_norm
            .forward(x + dropout(attended, self.dropout, mode));
        let inner = self
            .gelu
            .forward(rows::linear(&self.intermediate, x.clone()));
        let output = dropout(rows::linear(&self.output, inner), self.dropout, mode);
        self.output_norm.forward(x + output)
    }
}

impl TorchNames for BertLayer {
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        let attention = &mut self.attention;
        for (name, layer) in [
            ("attention.self.query", &mut attention.query),
            ("attention.self.key", &mut attention.key),
            ("attention.self.value", &mut attention.value),
            ("attention.output.dense", &mut attention.output),
            ("intermediate.dense", &mut self.intermediate),
            ("output.dense", &mut self.output),
        ] {
            torch_names::linear(&format!("{prefix}{name}"), layer, visitor);
        }
        for (name, norm) in [
            ("attention.output.LayerNorm", &mut self.attention_norm),
            ("output.LayerNorm", &mut self.output_norm),
        ] {
            torch_names::layer_norm(&format!("{prefix}{name}"), norm, visitor);
        }
    }
}
