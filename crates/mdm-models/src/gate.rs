//! The multimodal adaptation gate of MAG.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, activation};
use mdm_core::seed::ChaCha8Rng;
use mdm_core::stochastic::{Mode, dropout};
use serde::{Deserialize, Serialize};

use crate::transformer::{LayerNorm, hugging_face_linear};
use crate::{Error, TorchNames, TorchVisitor, rows, torch_names};

/// Keeps the division by the length of the shift finite; the official code's.
const EPSILON: f64 = 1e-6;

/// The gate's layer normalisation has PyTorch's default, not the 1e-12 of the transformers around it.
const LAYER_NORM_EPSILON: f64 = 1e-5;

/// Settings of a [`MultimodalAdaptationGate`] and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateConfig {
    /// The gate acts on the input of the layer of this number, counted from 0; at most the number of layers. The official
    /// code: 0 (the embeddings) for BERT, 1 (the output of the first layer) for XLNet.
    pub injection: usize,
    /// Largest length of the shift relative to that of the embedding; above 0. The official code: 1.
    pub beta: f64,
    /// Dropout after the layer normalisation, in [0, 1). The official code: 0.5.
    pub dropout: f64,
}

impl GateConfig {
    pub(crate) fn check(&self, layers: usize) -> Result<(), Error> {
        Error::check_at_most("gate.injection", self.injection, layers)?;
        Error::check_dropout("gate.dropout", &[self.dropout])?;
        if self.beta > 0.0 && self.beta.is_finite() {
            return Ok(());
        }
        Err(Error::InvalidConfig {
            field: "gate.beta",
            expected: "a number above 0",
            found: self.beta.to_string(),
        })
    }
}

/// Shifts the embedding e of a piece by what the other modalities say at that step:
///
/// ```text
/// h     = Σ_m ReLU(gate_m [x_m; e]) · shift_m(x_m)
/// alpha = min(β ‖e‖ / (‖h‖ + 1e-6), 1)            ‖h‖ is replaced by 1 where it is exactly 0
/// out   = Dropout(LayerNorm(e + alpha h))
/// ```
///
/// Rahman et al. (2020), "Integrating Multimodal Information in Large Pretrained Transformers", as in their code: the
/// gradient flows through alpha, which has no lower limit, and where h is 0 the gradient of its length is 0. The
/// original has two modalities beside the language, this one any number from 1.
///
/// # Example
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use mdm_core::{Mode, seed};
/// use mdm_models::{GateConfig, MultimodalAdaptationGate};
///
/// let device = Device::flex();
/// let config = GateConfig { injection: 0, beta: 1.0, dropout: 0.5 };
/// let mut rng = seed::stream(0, "gate", 0);
/// // Embeddings of width 8; audio of width 3, vision of width 2.
/// let gate = MultimodalAdaptationGate::init(&config, 8, &[3, 2], &mut rng, &device);
/// let others = [Tensor::zeros([1, 4, 3], &device), Tensor::ones([1, 4, 2], &device)];
/// let out = gate.forward(Tensor::ones([1, 4, 8], &device), &others, &mut Mode::Eval);
/// assert_eq!(out.dims(), [1, 4, 8]);
/// ```
#[derive(Module, Debug)]
pub struct MultimodalAdaptationGate {
    /// One for each modality beside the language.
    pub shifts: Vec<GatedShift>,
    /// After the shift.
    pub layer_norm: LayerNorm,
    injection: usize,
    beta: f64,
    dropout: f64,
}

/// What one modality contributes to the shift.
#[derive(Module, Debug)]
pub struct GatedShift {
    /// `[d_modality + d_model, d_model]`, the modality first.
    pub gate: Linear,
    /// `[d_modality, d_model]`
    pub shift: Linear,
}

impl GatedShift {
    fn forward(&self, x: &Tensor<3>, embedding: &Tensor<3>) -> Tensor<3> {
        let both = Tensor::cat(vec![x.clone(), embedding.clone()], 2);
        activation::relu(rows::linear(&self.gate, both)) * rows::linear(&self.shift, x.clone())
    }
}

impl MultimodalAdaptationGate {
    /// A fresh gate for embeddings of width `d_model` and modalities of widths `dims`, initialised as the pretrained models
    /// are: `N(0, 0.02²)`, biases 0.
    pub fn init(
        config: &GateConfig,
        d_model: usize,
        dims: &[usize],
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Self {
        let shifts = dims.iter().map(|&dim| GatedShift {
            gate: hugging_face_linear(dim + d_model, d_model, rng, device),
            shift: hugging_face_linear(dim, d_model, rng, device),
        });
        Self {
            shifts: shifts.collect(),
            layer_norm: LayerNorm::init(d_model, LAYER_NORM_EPSILON, device),
            injection: config.injection,
            beta: config.beta,
            dropout: config.dropout,
        }
    }

    /// Epsilon of the layer normalisation.
    pub fn layer_norm_epsilon(&self) -> f64 {
        LAYER_NORM_EPSILON
    }

    /// The shifted embeddings.
    ///
    /// # Shapes
    ///
    /// - `embedding`: `[batch, steps, d_model]`
    /// - `others`: `[batch, steps, d_modality]` each
    /// - output: `[batch, steps, d_model]`
    ///
    /// # Panics
    ///
    /// When there are not as many tensors as modalities, or none.
    pub fn forward(
        &self,
        embedding: Tensor<3>,
        others: &[Tensor<3>],
        mode: &mut Mode,
    ) -> Tensor<3> {
        assert_eq!(others.len(), self.shifts.len());
        let shifts = self.shifts.iter().zip(others);
        let shift = shifts
            .map(|(shift, x)| shift.forward(x, &embedding))
            .reduce(|sum, shift| sum + shift)
            .expect("a gate has at least one modality beside the language");
        let (shift_length, embedding_length) = (length(&shift), length(&embedding));
        let shift_length = shift_length
            .clone()
            .mask_fill(shift_length.equal_elem(0.0), 1.0);
        let alpha = (embedding_length * self.beta / (shift_length + EPSILON)).clamp_max(1.0);
        let shifted = self.layer_norm.forward(embedding + shift * alpha);
        dropout(shifted, self.dropout, mode)
    }
}

/// Hidden states through the layers of a text encoder, with the gate, if there is one, where its config puts it.
pub(crate) fn through<L>(
    layers: &[L],
    gate: Option<&MultimodalAdaptationGate>,
    others: &[Tensor<3>],
    mut hidden: Tensor<3>,
    mode: &mut Mode,
    forward: impl Fn(&L, Tensor<3>, &mut Mode) -> Tensor<3>,
) -> Tensor<3> {
    let gated = |number: usize, hidden: Tensor<3>, mode: &mut Mode| match gate {
        Some(gate) if gate.injection == number => gate.forward(hidden, others, mode),
        _ => hidden,
    };
    for (number, layer) in layers.iter().enumerate() {
        hidden = gated(number, hidden, mode);
        hidden = forward(layer, hidden, mode);
    }
    gated(layers.len(), hidden, mode)
}

/// Euclidean length over the last axis, `[batch, steps, 1]`; where it is 0, so is its gradient.
fn length(x: &Tensor<3>) -> Tensor<3> {
    let squares = x.clone().square().sum_dim(2);
    let is_zero = squares.clone().equal_elem(0.0);
    // The root of 1 has a finite gradient, which the mask then keeps from flowing back.
    let root = squares.mask_fill(is_zero.clone(), 1.0).sqrt();
    root.mask_fill(is_zero, 0.0)
}

impl TorchNames for MultimodalAdaptationGate {
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        for (modality, shift) in torch_names::MODALITIES[1..].iter().zip(&mut self.shifts) {
            torch_names::linear(&format!("{prefix}W_h{modality}"), &mut shift.gate, visitor);
            torch_names::linear(&format!("{prefix}W_{modality}"), &mut shift.shift, visitor);
        }
        let name = format!("{prefix}LayerNorm");
        torch_names::layer_norm(&name, &mut self.layer_norm, visitor);
    }
}
