//! The fusion encoders on sequences of features: one kind a model, with its linear head.

use burn::tensor::Device;
use mdm_core::{Mode, seed};
use mdm_models::mfn::TwoLayersConfig;
use mdm_models::{
    EfLstmConfig, Encoder, Form, Inputs, LateLstmConfig, LfnConfig, MfnConfig, Model, ModelConfig,
    TfnConfig,
};
use mdm_train::FusionModel;
use serde::Deserialize;
use serde_json::Value;

use super::case::{Case, ReadError};
use super::compare::Checks;
use super::fusion;
use super::named::{self, Named};
use super::torch::Read;

/// The models, by the names of their kinds.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One LSTM over the joined modalities.
    EfLstm,
    /// One LSTM a modality.
    LateLstm,
    /// Tensor fusion.
    Tfn,
    /// Low-rank fusion.
    Lmf,
    /// Memory fusion.
    Mfn,
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
struct TfnCase {
    hidden: Vec<usize>,
    text_out: usize,
    post: usize,
    mode: Form,
}

#[derive(Deserialize)]
struct LmfCase {
    hidden: Vec<usize>,
    text_out: usize,
    rank: usize,
    z_dim: usize,
    mode: Form,
}

#[derive(Deserialize)]
struct MfnCase {
    hidden: Vec<usize>,
    mem: usize,
    att1: usize,
    att2: usize,
    gamma1: usize,
    gamma2: usize,
    out_hidden: usize,
}

#[derive(Deserialize)]
struct Sizes {
    dims: [usize; 3],
    #[serde(default = "one")]
    out: usize,
    /// Batch normalisation uses the statistics of the batch.
    #[serde(default)]
    train: bool,
}

fn one() -> usize {
    1
}

/// The model of a case with its weights, whose names start with `prefix`, and the widths of the modalities.
pub fn load(
    kind: Kind,
    config: &Value,
    case: &Case,
    prefix: &str,
    device: &Device,
) -> anyhow::Result<(Named<Encoder>, [usize; 3])> {
    case.check_sizes(config)?;
    let Sizes { dims, out, .. } = case.settings(config)?;
    let rng = &mut seed::stream(0, "conformance", 0);
    let (model, head) = model(kind, config, case)?;
    let (encoder, linear) = model.init(&Inputs::vectors(&dims), out, rng, device)?;
    let mut named = Named {
        model: FusionModel {
            encoder,
            head: linear,
        },
        head,
    };
    named::load(&mut named, case, prefix, device)?;
    Ok((named, dims))
}

/// The settings of a case's model and the PyTorch name of its head.
fn model(
    kind: Kind,
    config: &Value,
    case: &Case,
) -> Result<(ModelConfig, &'static str), ReadError> {
    let mut model = ModelConfig::default();
    let head = match kind {
        Kind::EfLstm => {
            let EfLstmCase { hidden } = case.settings(config)?;
            model.name = Model::EfLstm;
            model.ef_lstm = EfLstmConfig { hidden };
            "fc2"
        }
        Kind::LateLstm => {
            let LateLstmCase { hidden, z_dim } = case.settings(config)?;
            model.name = Model::LateLstm;
            model.late_lstm = LateLstmConfig { hidden, d_z: z_dim };
            "fc2"
        }
        Kind::Tfn => {
            let tfn: TfnCase = case.settings(config)?;
            model.name = Model::Tfn;
            model.tfn = TfnConfig {
                form: tfn.mode,
                hidden: tfn.hidden,
                language_out: tfn.text_out,
                d_z: tfn.post,
                ..TfnConfig::default()
            };
            "post_fusion_layer_3"
        }
        Kind::Lmf => {
            let lmf: LmfCase = case.settings(config)?;
            model.name = Model::Lfn;
            model.lfn = LfnConfig {
                form: lmf.mode,
                hidden: lmf.hidden,
                language_out: lmf.text_out,
                rank: lmf.rank,
                d_z: lmf.z_dim,
                ..LfnConfig::default()
            };
            "head"
        }
        Kind::Mfn => {
            let mfn: MfnCase = case.settings(config)?;
            let network = |width| TwoLayersConfig {
                width,
                dropout: 0.0,
            };
            model.name = Model::Mfn;
            model.mfn = MfnConfig {
                hidden: mfn.hidden,
                memory: mfn.mem,
                d_z: mfn.out_hidden,
                attention: network(mfn.att1),
                candidate: network(mfn.att2),
                retain: network(mfn.gamma1),
                update: network(mfn.gamma2),
            };
            "out_fc2"
        }
    };
    Ok((model, head))
}

/// Runs a case.
pub fn check(kind: Kind, case: &Case, device: &Device, checks: &mut Checks) -> anyhow::Result<()> {
    let device = &device.clone().autodiff();
    let (named, dims) = load(kind, &case.spec.config, case, "", device)?;
    let Sizes { train, .. } = case.config()?;
    let rng = &mut seed::stream(0, "conformance", 1);
    let mode = &mut match train {
        true => Mode::Train(rng),
        false => Mode::Eval,
    };
    let gradients = fusion::check(case, &named.model, dims, mode, device, checks)?;
    named::check(checks, "grad.weight.", &named, &Read::Gradient(&gradients))?;
    named::check(checks, "buffer.", &named, &Read::Value)
}
