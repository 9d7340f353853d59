//! What the text encoders share.

mod activation;
mod attention;
mod layer_norm;
mod mean;
mod special;

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};
use mdm_core::init;
use mdm_core::seed::ChaCha8Rng;

pub use activation::Gelu;
pub use attention::AttentionMask;
pub(crate) use attention::attend;
pub use layer_norm::LayerNorm;
pub(crate) use mean::mean;
pub use special::{Layout, Place, SPECIAL};

/// Sequences that a text encoder reads together when nothing is trained: many enough for the matrix products, few enough to
/// be of similar length.
pub(crate) const EVALUATION_BATCH: usize = 32;

/// Standard deviation of the initial weights of BERT and XLNet.
pub(crate) const INITIALIZER_RANGE: f64 = 0.02;

/// A linear layer as Hugging Face's BERT and XLNet start it: `N(0, 0.02²)`, bias 0.
pub(crate) fn hugging_face_linear(
    d_input: usize,
    d_output: usize,
    rng: &mut ChaCha8Rng,
    device: &Device,
) -> Linear {
    Linear {
        weight: init::normal([d_input, d_output], INITIALIZER_RANGE, rng, device),
        bias: Some(Param::from_tensor(Tensor::zeros([d_output], device))),
    }
}

/// A table of embeddings `[rows, d_model]` from `N(0, 0.02²)`.
pub(crate) fn embedding_table(
    rows: usize,
    d_model: usize,
    rng: &mut ChaCha8Rng,
    device: &Device,
) -> Param<Tensor<2>> {
    init::normal([rows, d_model], INITIALIZER_RANGE, rng, device)
}

/// The same layers, the first `count` of them not trained.
pub(crate) fn freeze_first<L: Module>(layers: Vec<L>, count: usize) -> Vec<L> {
    let layers = layers.into_iter().enumerate();
    let frozen = layers.map(|(number, layer)| match number < count {
        true => layer.no_grad(),
        false => layer,
    });
    frozen.collect()
}
