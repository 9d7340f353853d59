//! The fusion encoders on sequences of features: one kind a model, with its linear head.

use burn::tensor::Device;
use mdm_core::seed;
use mdm_models::{
    EfLstmConfig, Encoder, FusionEncoder, Head, LateLstmConfig, TorchNames, TorchVisitor,
    torch_names,
};
use mdm_train::FusionModel;
use serde::Deserialize;
use serde_json::Value;

use super::case::Case;
use super::compare::Checks;
use super::fusion;
use super::named;
use super::torch::Read;

/// The models, by the names of their kinds.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One LSTM over the joined modalities.
    EfLstm,
    /// One LSTM a modality.
    LateLstm,
}

#[derive(Deserialize)]
struct EfLstmCase {
    hidden: usize,
}

#[derive(Deserialize)]
struct LateLstmCase {
    hidden: Vec<usize>,
    z_dim: usize,
}

#[derive(Deserialize)]
struct Sizes {
    dims: [usize; 3],
    out: usize,
}

/// A model, with the PyTorch name of its head.
#[derive(Clone)]
pub struct Named {
    /// Encoder and head.
    pub model: FusionModel<Encoder>,
    head: &'static str,
}

impl TorchNames for Named {
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        self.model.encoder.visit_torch(prefix, visitor);
        if let Some(linear) = &mut self.model.head.linear {
            torch_names::linear(&format!("{prefix}{}", self.head), linear, visitor);
        }
    }
}

/// The model of a case with its weights, whose names start with `prefix`, and the widths of the modalities.
pub fn load(
    kind: Kind,
    config: &Value,
    case: &Case,
    prefix: &str,
    device: &Device,
) -> anyhow::Result<(Named, [usize; 3])> {
    case.check_sizes(config)?;
    let Sizes { dims, out } = case.settings(config)?;
    let rng = &mut seed::stream(0, "conformance", 0);
    let (encoder, head) = match kind {
        Kind::EfLstm => {
            let EfLstmCase { hidden } = case.settings(config)?;
            let encoder = EfLstmConfig { hidden }.init(&dims, rng, device)?;
            (Encoder::EfLstm(encoder), "fc2")
        }
        Kind::LateLstm => {
            let LateLstmCase { hidden, z_dim } = case.settings(config)?;
            let config = LateLstmConfig { hidden, d_z: z_dim };
            (Encoder::LateLstm(config.init(&dims, rng, device)?), "fc2")
        }
    };
    let d_z = encoder.d_z();
    let mut named = Named {
        model: FusionModel {
            encoder,
            head: Head::init(d_z, out, 0.0, rng, device),
        },
        head,
    };
    named::load(&mut named, case, prefix, device)?;
    Ok((named, dims))
}

/// Runs a case.
pub fn check(kind: Kind, case: &Case, device: &Device, checks: &mut Checks) -> anyhow::Result<()> {
    let device = &device.clone().autodiff();
    let (named, dims) = load(kind, &case.spec.config, case, "", device)?;
    let gradients = fusion::check(case, &named.model, dims, device, checks)?;
    named::check(checks, "grad.weight.", &named, &Read::Gradient(&gradients))
}
