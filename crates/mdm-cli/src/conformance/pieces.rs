//! What the cases of all text encoders share: framed pieces, and what the models with a gate have beside them.

use burn::tensor::{Device, Int, Tensor, TensorData};
use mdm_core::Mode;
use mdm_models::{FusionEncoder, GateConfig, Inputs, Language, TorchNames, Vocabulary};
use serde::Deserialize;

use super::case::{Case, ReadError};
use super::compare::Checks;
use super::fusion;
use super::named::{self, Named};
use super::torch::{Read, gradient};

/// The pieces of a case, special ones and padding among them.
pub struct Pieces {
    /// `[batch, places]`
    pub ids: Tensor<2, Int>,
    /// `[batch, places]`, where the case has them.
    pub segments: Option<Tensor<2, Int>>,
    /// Which places hold something.
    pub real: Vec<Vec<bool>>,
}

/// Reads them; ids below `vocabulary`, segments below `segments`.
pub fn read(
    case: &Case,
    vocabulary: usize,
    segments: usize,
    device: &Device,
) -> Result<Pieces, ReadError> {
    let shape @ [batch, places] = case.input_shape("input_ids")?;
    let indices = |name: &str, limit| -> Result<Tensor<2, Int>, ReadError> {
        let values = case.input_indices(name, &shape, limit)?;
        let values: Vec<i64> = values.into_iter().map(|index| index as i64).collect();
        Ok(Tensor::from_data(TensorData::new(values, shape), device))
    };
    Ok(Pieces {
        ids: indices("input_ids", vocabulary)?,
        segments: match case.has_input("token_type_ids") {
            true => Some(indices("token_type_ids", segments)?),
            false => None,
        },
        real: fusion::mask_rows(case, batch, places)?,
    })
}

/// What the config of a model with a gate has beside that of its text encoder.
#[derive(Deserialize)]
pub struct MagConfig<Z> {
    visual_dim: usize,
    acoustic_dim: usize,
    beta: f64,
    /// What is Z.
    pub z: Z,
    /// Width of the output.
    pub out: usize,
    #[serde(default)]
    injection: usize,
}

impl<Z> MagConfig<Z> {
    /// The gate of the case.
    pub fn gate(&self) -> GateConfig {
        GateConfig {
            injection: self.injection,
            beta: self.beta,
            dropout: 0.0,
        }
    }

    /// What the case offers a model. The special pieces are in its ids, so their numbers here mean nothing.
    pub fn inputs(&self, vocab_size: usize) -> Inputs {
        Inputs {
            dims: vec![1, self.acoustic_dim, self.visual_dim],
            language: Language::Pieces(Vocabulary {
                size: vocab_size,
                cls: 0,
                sep: 0,
                pad: 0,
            }),
        }
    }

    /// Audio and vision of the case.
    pub fn others(&self, case: &Case, device: &Device) -> Result<[Tensor<3>; 2], ReadError> {
        let [batch, places] = case.input_shape("input_ids")?;
        let leaf = |name: &str, dim: usize| -> Result<Tensor<3>, ReadError> {
            let input = case.input(name, [batch, places, dim], device)?;
            Ok(input.require_grad())
        };
        Ok([
            leaf("audio", self.acoustic_dim)?,
            leaf("vision", self.visual_dim)?,
        ])
    }
}

/// Compares Z, the output and the gradients of their projections by audio, vision and weights.
pub fn check<E: FusionEncoder + TorchNames>(
    named: &Named<E>,
    case: &Case,
    z: Tensor<2>,
    [audio, vision]: &[Tensor<3>; 2],
    device: &Device,
    checks: &mut Checks,
) -> anyhow::Result<()> {
    let output = named.model.head.forward(z.clone(), &mut Mode::Eval);
    let gradients = fusion::projected(case, z, output, device, checks)?;
    checks.tensor("grad.input.audio", gradient(audio, &gradients))?;
    checks.tensor("grad.input.vision", gradient(vision, &gradients))?;
    named::check(checks, "grad.weight.", named, &Read::Gradient(&gradients))
}
