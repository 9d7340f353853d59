//! Kinds `ef_lstm` and `late_lstm`: the two readings of EF-LSTM.

use burn::tensor::Device;
use mdm_core::seed;
use mdm_models::{EfLstm, Encoder, Head, LateLstm};
use mdm_train::FusionModel;
use serde::Deserialize;
use serde_json::Value;

use super::case::{Case, ReadError};
use super::compare::Checks;
use super::fusion;
use super::torch::{Read, Weights, check_linear, check_lstm};

/// Which of the two.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// One LSTM over the joined modalities.
    EfLstm,
    /// One LSTM a modality.
    LateLstm,
}

#[derive(Deserialize)]
struct EfConfig {
    hidden: usize,
}

#[derive(Deserialize)]
struct LateConfig {
    hidden: [usize; 3],
    z_dim: usize,
}

#[derive(Deserialize)]
struct Sizes {
    dims: [usize; 3],
    out: usize,
}

/// The names of the modalities' LSTMs.
const LATE_NAMES: [&str; 3] = ["lstm_l", "lstm_a", "lstm_v"];

/// Encoder and head with the weights of a case, and the widths of the modalities.
pub fn load(
    reading: Reading,
    config: &Value,
    weights: &Weights,
) -> Result<(FusionModel<Encoder>, [usize; 3]), ReadError> {
    let case = weights.case;
    let Sizes { dims, out } = case.settings(config)?;
    let (encoder, d_z) = match reading {
        Reading::EfLstm => {
            let EfConfig { hidden } = case.settings(config)?;
            let encoder = EfLstm {
                lstm: weights.lstm("lstm", dims.iter().sum(), hidden)?,
                fc1: weights.linear("fc1", hidden, hidden)?,
            };
            (Encoder::EfLstm(encoder), hidden)
        }
        Reading::LateLstm => {
            let LateConfig { hidden, z_dim } = case.settings(config)?;
            let lstms = LATE_NAMES.iter().zip(dims.iter().zip(hidden));
            let encoder = LateLstm {
                lstms: lstms
                    .map(|(name, (&dim, hidden))| weights.lstm(name, dim, hidden))
                    .collect::<Result<_, _>>()?,
                fc1: weights.linear("fc1", hidden.iter().sum(), z_dim)?,
            };
            (Encoder::LateLstm(encoder), z_dim)
        }
    };
    let fc2 = weights.linear("fc2", d_z, out)?;
    let mut head = Head::init(
        d_z,
        out,
        0.0,
        &mut seed::stream(0, "conformance", 0),
        weights.device,
    );
    head.linear = fc2;
    Ok((FusionModel { encoder, head }, dims))
}

/// Compares the parameters of a model with the outputs that start with `prefix`.
pub fn check_parameters(
    checks: &mut Checks,
    prefix: &str,
    model: &FusionModel<Encoder>,
    read: &Read,
) -> anyhow::Result<()> {
    let name = |name: &str| format!("{prefix}{name}");
    match &model.encoder {
        Encoder::EfLstm(encoder) => {
            check_lstm(checks, &name("lstm"), &encoder.lstm, read)?;
            check_linear(checks, &name("fc1"), &encoder.fc1, read)?;
        }
        Encoder::LateLstm(encoder) => {
            for (lstm_name, lstm) in LATE_NAMES.iter().zip(&encoder.lstms) {
                check_lstm(checks, &name(lstm_name), lstm, read)?;
            }
            check_linear(checks, &name("fc1"), &encoder.fc1, read)?;
        }
    }
    check_linear(checks, &name("fc2"), &model.head.linear, read)
}

/// Runs a case.
pub fn check(
    reading: Reading,
    case: &Case,
    device: &Device,
    checks: &mut Checks,
) -> anyhow::Result<()> {
    let device = &device.clone().autodiff();
    let weights = Weights {
        case,
        prefix: "",
        device,
    };
    let (model, dims) = load(reading, &case.spec.config, &weights)?;
    let gradients = fusion::check(case, &model, dims, device, checks)?;
    check_parameters(checks, "grad.weight.", &model, &Read::Gradient(&gradients))
}
