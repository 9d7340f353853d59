//! What the cases of all text encoders share: framed pieces, and the scalar of the models with a gate.

use burn::tensor::{Device, Gradients, Int, Tensor, TensorData};

use super::case::{Case, ReadError};
use super::compare::Checks;
use super::fusion;

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

/// Compares Z and the output of a model with its head; gives back the gradients of their projections.
pub fn backward(
    case: &Case,
    z: Tensor<2>,
    output: Tensor<2>,
    device: &Device,
    checks: &mut Checks,
) -> anyhow::Result<Gradients> {
    let proj_z = case.input("proj_z", z.dims(), device)?;
    let proj_output = case.input("proj_output", output.dims(), device)?;
    let scalar = (z.clone() * proj_z).sum() + (output.clone() * proj_output).sum();
    let gradients = scalar.backward();
    checks.tensor("z", z)?;
    checks.tensor("output", output)?;
    Ok(gradients)
}
