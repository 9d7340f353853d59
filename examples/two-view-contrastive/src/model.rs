//! The networks: an encoder for each view, and a critic that says how well two representations fit.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, activation};
use mdm_core::seed::ChaCha8Rng;
use mdm_core::{Error, SeparableCritic, SeparableCriticConfig, init};

use crate::views::D_VIEW;

/// Width of a representation.
pub const D_Z: usize = 8;

const D_HIDDEN: usize = 64;

/// From a view to its representation.
#[derive(Module, Debug)]
pub struct Encoder {
    layers: Vec<Linear>,
}

impl Encoder {
    fn init(rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let widths = [D_VIEW, D_HIDDEN, D_HIDDEN, D_Z];
        let layers = widths.windows(2);
        Self {
            layers: layers
                .map(|pair| init::linear(pair[0], pair[1], rng, device))
                .collect(),
        }
    }

    /// `[n, D_VIEW]` to `[n, D_Z]`.
    pub fn forward(&self, view: Tensor<2>) -> Tensor<2> {
        let mut layers = self.layers.iter();
        let first = layers.next().expect("an encoder has layers").forward(view);
        layers.fold(first, |z, layer| layer.forward(activation::relu(z)))
    }
}

/// An encoder for each view and the critic between them.
#[derive(Module, Debug)]
pub struct TwoViews {
    pub x: Encoder,
    pub y: Encoder,
    critic: SeparableCritic,
}

impl TwoViews {
    pub fn init(rng: &mut ChaCha8Rng, device: &Device) -> Result<Self, Error> {
        // Without hidden layers the critic is xᵀ Gᵀ H y: whatever is not linear is for the encoders to learn.
        let critic = SeparableCriticConfig::new(D_Z, D_Z)
            .with_hidden(vec![])
            .with_d_embedding(16);
        Ok(Self {
            x: Encoder::init(rng, device),
            y: Encoder::init(rng, device),
            critic: critic.init(rng, device)?,
        })
    }

    /// The score of each first view with each second one, `[n, n]`; the pairs stand on the diagonal.
    pub fn scores(&self, x: Tensor<2>, y: Tensor<2>) -> Tensor<2> {
        self.critic
            .score_matrix(self.x.forward(x), self.y.forward(y))
    }
}
