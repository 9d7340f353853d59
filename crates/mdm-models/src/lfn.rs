//! Low-rank fusion network: the paper's LFN, LMF (Liu et al., 2018) in the authors' own words.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use mdm_core::seed::ChaCha8Rng;
use mdm_core::{Mode, init};
use serde::{Deserialize, Serialize};

use crate::subnet::{SubnetSettings, Subnets};
use crate::{
    Error, Form, FusionEncoder, Inputs, Model, Sequences, TorchNames, TorchVisitor, Views,
    torch_names,
};

/// The authors' names of the factors.
const FACTORS: [&str; 3] = ["text_factor", "audio_factor", "video_factor"];

/// Settings of [`Lfn`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LfnConfig {
    /// The fusion gives Z for the paper's linear head, or, as in the authors' code, the outputs themselves.
    pub form: Form,
    /// Width of each modality's sub-network, in the order language, audio, vision; each at least 1.
    pub hidden: Vec<usize>,
    /// Width of what the language's sub-network gives; at least 1. The authors: half of its hidden width.
    pub language_out: usize,
    /// Rank of the fusion; at least 1.
    pub rank: usize,
    /// Width of Z in the form `representation`; at least 1.
    pub d_z: usize,
    /// Dropout of each modality's sub-network, in [0, 1).
    pub dropout: Vec<f64>,
}

impl Default for LfnConfig {
    fn default() -> Self {
        Self {
            form: Form::Representation,
            hidden: vec![48, 16, 16],
            language_out: 24,
            rank: 4,
            d_z: 64,
            dropout: vec![0.0; 3],
        }
    }
}

impl LfnConfig {
    /// A fresh encoder for a task of `outputs` numbers.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a width or rank of 0, a dropout outside [0, 1) and a single modality;
    /// [`Error::Modalities`] when `hidden` or `dropout` is not one value a modality; [`Error::Language`] when the
    /// first modality is no language.
    pub fn init(
        &self,
        inputs: &Inputs,
        outputs: usize,
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Result<Lfn, Error> {
        let settings = SubnetSettings {
            model: Model::Lfn,
            hidden: ("model.lfn.hidden", &self.hidden),
            language_out: ("model.lfn.language_out", self.language_out),
            dropout: ("model.lfn.dropout", &self.dropout),
        };
        Error::check_widths("model.lfn.rank", &[self.rank])?;
        Error::check_widths("model.lfn.d_z", &[self.d_z])?;
        let width = match self.form {
            Form::Representation => self.d_z,
            Form::Official => outputs,
        };
        let subnets = Subnets::init(&settings, inputs, rng, device)?;
        let encodings = settings.encoding_widths();
        Ok(Lfn {
            subnets,
            factors: encodings
                .into_iter()
                .map(|encoding| xavier_normal([self.rank, encoding, width], rng, device))
                .collect(),
            weights: xavier_normal([1, self.rank], rng, device),
            bias: Param::from_tensor(Tensor::zeros([1, width], device)),
        })
    }
}

/// A parameter as `torch.nn.init.xavier_normal_` starts it: what follows the first two dimensions counts on both sides.
fn xavier_normal<const D: usize>(
    shape: [usize; D],
    rng: &mut ChaCha8Rng,
    device: &Device,
) -> Param<Tensor<D>> {
    let rest: usize = shape[2..].iter().product();
    let fans = (shape[0] + shape[1]) * rest;
    init::normal(shape, (2.0 / fans as f64).sqrt(), rng, device)
}

/// LFN: one encoding a modality, each with a 1 before it; Z is their outer product under a linear map of low rank,
///
/// ```text
/// Z = Σ_r weight_r · Π_k (encoding_k · factor_k,r) + bias
/// ```
///
/// so that the product itself is never made.
#[derive(Module, Debug)]
pub struct Lfn {
    /// From each modality to its encoding.
    pub subnets: Subnets,
    /// One `[rank, 1 + encoding, d_z]` a modality.
    pub factors: Vec<Param<Tensor<3>>>,
    /// `[1, rank]`
    pub weights: Param<Tensor<2>>,
    /// `[1, d_z]`
    pub bias: Param<Tensor<2>>,
}

impl FusionEncoder for Lfn {
    fn views(&self, input: &Sequences, mode: &mut Mode) -> Views {
        self.subnets.views(input, mode)
    }

    fn fuse(&self, views: &Views, _mode: &mut Mode) -> Tensor<2> {
        let pairs = Subnets::encodings(views).into_iter().zip(&self.factors);
        let ranks = pairs.map(|(encoding, factor)| {
            let [batch, _] = encoding.dims();
            let [rank, rows, width] = factor.dims();
            // All ranks in one product.
            let factor = factor.val().swap_dims(0, 1).reshape([rows, rank * width]);
            encoding.matmul(factor).reshape([batch, rank, width])
        });
        let product = ranks
            .reduce(|product, next| product * next)
            .expect("at least two modalities");
        let weights = self.weights.val().unsqueeze_dim::<3>(2);
        (product * weights).sum_dim(1).squeeze_dim(1) + self.bias.val()
    }

    fn d_z(&self) -> usize {
        self.bias.dims()[1]
    }
}

impl TorchNames for Lfn {
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        self.subnets.visit_torch(prefix, visitor);
        for (name, factor) in FACTORS.iter().zip(&mut self.factors) {
            torch_names::same(&format!("{prefix}{name}"), factor, visitor);
        }
        let name = |part: &str| format!("{prefix}fusion_{part}");
        torch_names::same(&name("weights"), &mut self.weights, visitor);
        torch_names::same(&name("bias"), &mut self.bias, visitor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mdm_core::seed;

    #[test]
    fn factors_start_with_the_spread_of_pytorch() {
        let device = Device::flex();
        let mut rng = seed::stream(0, "lfn", 0);
        // torch: fan in 30 · 40, fan out 10 · 40.
        let factor = xavier_normal([10, 30, 40], &mut rng, &device).val();
        let deviation: f32 = (factor.clone() * factor).mean().sqrt().into_scalar();
        let expected = (2.0_f32 / 1600.0).sqrt();
        assert!((deviation / expected - 1.0).abs() < 0.03, "{deviation}");
    }

    #[test]
    fn the_official_form_is_as_wide_as_the_task() {
        let device = Device::flex();
        let mut rng = seed::stream(0, "lfn", 0);
        let mut config = LfnConfig::default();
        let mut d_z = |config: &LfnConfig| {
            let inputs = Inputs::vectors(&[4, 3, 2]);
            config.init(&inputs, 7, &mut rng, &device).unwrap().d_z()
        };
        assert_eq!(d_z(&config), 64);
        config.form = Form::Official;
        assert_eq!(d_z(&config), 7);
    }
}
