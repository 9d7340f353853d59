//! What the cases of all fusion encoders share: inputs, outputs and the scalar that is differentiated.

use anyhow::bail;
use burn::tensor::{Device, Gradients, Tensor};
use mdm_core::Mode;
use mdm_models::{Encoder, FusionEncoder, Sequences, StepMask};
use mdm_train::FusionModel;

use super::case::{Case, ReadError};
use super::compare::Checks;
use super::torch::gradient;

/// The modalities in the order of every list, by their names in a case.
pub const MODALITIES: [&str; 3] = ["text", "audio", "vision"];

/// The three modalities, whose names start with `prefix`: `[batch, steps, dim]` each.
pub fn modalities(
    case: &Case,
    prefix: &str,
    dims: [usize; 3],
    device: &Device,
) -> Result<Vec<Tensor<3>>, ReadError> {
    let [batch, steps, _] = case.input_shape(&format!("{prefix}text"))?;
    let names = MODALITIES.iter().zip(dims);
    names
        .map(|(name, dim)| case.input(&format!("{prefix}{name}"), [batch, steps, dim], device))
        .collect()
}

/// The real steps of each row: those of `input.mask`, or all of them without it.
pub fn mask_rows(case: &Case, batch: usize, steps: usize) -> Result<Vec<Vec<bool>>, ReadError> {
    if !case.has_input("mask") {
        return Ok(vec![vec![true; steps]; batch]);
    }
    let (shape, values) = case.input_values("mask")?;
    let rows = values.chunks_exact(steps.max(1));
    let rows: Vec<Vec<bool>> = rows
        .map(|row| row.iter().map(|&real| real == 1.0).collect())
        .collect();
    let expected = format!("`input.mask` of shape [{batch}, {steps}]");
    if shape != [batch, steps] {
        return Err(case.wrong_tensor(expected, format!("{shape:?}")));
    }
    if let Some(value) = values.iter().find(|&&value| value != 0.0 && value != 1.0) {
        return Err(case.wrong_tensor(format!("{expected} of 0 and 1"), value));
    }
    if let Some(row) = rows.iter().position(|row| !row.contains(&true)) {
        let expected = format!("{expected} with a 1 in every row");
        return Err(case.wrong_tensor(expected, format!("row {row} without")));
    }
    Ok(rows)
}

/// Compares Z, the output and the gradients of the inputs; gives back the gradients for those of the weights.
pub fn check(
    case: &Case,
    model: &FusionModel<Encoder>,
    dims: [usize; 3],
    mode: &mut Mode,
    device: &Device,
    checks: &mut Checks,
) -> anyhow::Result<Gradients> {
    let modalities = modalities(case, "", dims, device)?;
    let leaves: Vec<Tensor<3>> = modalities.into_iter().map(Tensor::require_grad).collect();
    let [batch, steps, _] = leaves[0].dims();
    let input = Sequences {
        modalities: leaves.clone(),
        mask: StepMask::from_rows(mask_rows(case, batch, steps)?),
    };
    let z = model.encoder.encode(&input, mode);
    let output = model.head.forward(z.clone(), mode);

    let gradients = projected(case, z, output, device, checks)?;
    for (name, leaf) in MODALITIES.iter().zip(&leaves) {
        checks.tensor(&format!("grad.input.{name}"), gradient(leaf, &gradients))?;
    }
    Ok(gradients)
}

/// Compares Z and the output of a model with a head; gives back the gradients of their projections.
pub fn projected(
    case: &Case,
    z: Tensor<2>,
    output: Tensor<2>,
    device: &Device,
    checks: &mut Checks,
) -> anyhow::Result<Gradients> {
    let proj_z = case.input("proj_z", z.dims(), device)?;
    let proj_output = case.input("proj_output", output.dims(), device)?;
    let scalar = (z.clone() * proj_z).sum() + (output.clone() * proj_output).sum();
    if !scalar.is_tracked() {
        bail!("the output depends on no input and no weight");
    }
    let gradients = scalar.backward();
    checks.tensor("z", z)?;
    checks.tensor("output", output)?;
    Ok(gradients)
}
