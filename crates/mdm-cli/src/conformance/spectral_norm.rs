//! Kind `spectral_norm`: a weight divided by its largest singular value.

use burn::tensor::Device;
use mdm_core::lipschitz::spectral_norm;
use serde::Deserialize;

use super::case::Case;
use super::compare::Checks;
use super::torch::gradient;

#[derive(Deserialize)]
struct Config {
    iterations: usize,
}

/// Runs a case.
pub fn check(case: &Case, device: &Device, checks: &mut Checks) -> anyhow::Result<()> {
    let device = &device.clone().autodiff();
    let Config { iterations } = case.config()?;
    let shape: [usize; 2] = case.input_shape("proj_output")?;
    let weight = case.weight("weight", shape, device)?.require_grad();
    let u = case.input("u0", [shape[0]], device)?;
    let projection = case.input("proj_output", shape, device)?;

    let (output, sigma, u, v) = spectral_norm(weight.clone(), u, iterations);
    let gradients = (output.clone() * projection).sum().backward();
    checks.tensor("output", output)?;
    checks.tensor("sigma", sigma)?;
    checks.tensor("u", u)?;
    checks.tensor("v", v)?;
    checks.tensor("grad.weight.weight", gradient(&weight, &gradients))
}
