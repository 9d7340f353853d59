//! One layer of XLNet: relative attention, then two feed-forward layers, each with a residual and a layer normalisation.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};
use mdm_core::seed::ChaCha8Rng;
use mdm_core::stochastic::{Mode, dropout};

use super::{Relations, RelativeAttention, XlnetConfig};
use crate::transformer::{Gelu, LayerNorm, hugging_face_linear};
use crate::{TorchNames, TorchVisitor, rows, torch_names};

/// One layer.
#[derive(Module, Debug)]
pub struct XlnetLayer {
    /// What each place takes from the others.
    pub attention: RelativeAttention,
    /// After the attention.
    pub attention_norm: LayerNorm,
    /// `[d_model, d_inner]`
    pub intermediate: Linear,
    /// `[d_inner, d_model]`
    pub output: Linear,
    /// After the feed-forward layers.
    pub output_norm: LayerNorm,
    #[module(skip)]
    gelu: Gelu,
    dropout: f64,
}

impl XlnetLayer {
    pub(super) fn init(config: &XlnetConfig, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let (width, inner) = (config.d_model, config.d_inner);
        Self {
            attention: RelativeAttention::init(config, rng, device),
            attention_norm: LayerNorm::init(width, config.layer_norm_eps, device),
            intermediate: hugging_face_linear(width, inner, rng, device),
            output: hugging_face_linear(inner, width, rng, device),
            output_norm: LayerNorm::init(width, config.layer_norm_eps, device),
            gelu: config.ff_activation,
            dropout: config.dropout,
        }
    }

    /// From `[batch, places, d_model]` to the same.
    pub fn forward(&self, x: Tensor<3>, relations: &Relations, mode: &mut Mode) -> Tensor<3> {
        let attended = self.attention.forward(x.clone(), relations, mode);
        let x = self
            .attention_norm
            .forward(x + dropout(attended, self.dropout, mode));
        let inner = self
            .gelu
            .forward(rows::linear(&self.intermediate, x.clone()));
        let inner = dropout(inner, self.dropout, mode);
        let output = rows::linear(&self.output, inner);
        self.output_norm
            .forward(x + dropout(output, self.dropout, mode))
    }
}

impl TorchNames for XlnetLayer {
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        self.attention
            .visit_torch(&format!("{prefix}rel_attn."), visitor);
        for (name, norm) in [
            ("rel_attn.layer_norm", &mut self.attention_norm),
            ("ff.layer_norm", &mut self.output_norm),
        ] {
            torch_names::layer_norm(&format!("{prefix}{name}"), norm, visitor);
        }
        for (name, layer) in [
            ("ff.layer_1", &mut self.intermediate),
            ("ff.layer_2", &mut self.output),
        ] {
            torch_names::linear(&format!("{prefix}{name}"), layer, visitor);
        }
    }
}
