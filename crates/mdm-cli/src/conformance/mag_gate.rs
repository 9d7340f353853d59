//! Kind `mag_gate`: the multimodal adaptation gate alone.

use burn::tensor::{Device, Tensor};
use mdm_core::{Mode, seed};
use mdm_models::{GateConfig, MultimodalAdaptationGate};
use serde::Deserialize;

use super::case::Case;
use super::compare::Checks;
use super::named;
use super::torch::{Read, gradient};

#[derive(Deserialize)]
struct Config {
    width: usize,
    visual_dim: usize,
    acoustic_dim: usize,
    beta: f64,
    layer_norm_eps: f64,
}

/// Runs a case.
pub fn check(case: &Case, device: &Device, checks: &mut Checks) -> anyhow::Result<()> {
    let device = &device.clone().autodiff();
    case.check_sizes(&case.spec.config)?;
    let config: Config = case.config()?;
    let gate = GateConfig {
        injection: 0,
        beta: config.beta,
        dropout: 0.0,
    };
    let dims = [config.acoustic_dim, config.visual_dim];
    let rng = &mut seed::stream(0, "conformance", 0);
    let mut gate = MultimodalAdaptationGate::init(&gate, config.width, &dims, rng, device);
    named::load(&mut gate, case, "", device)?;
    let epsilon = gate.layer_norm_epsilon();
    if config.layer_norm_eps != epsilon {
        let expected = format!("the gate's epsilon {epsilon:e}");
        return Err(case.wrong(expected, config.layer_norm_eps).into());
    }

    let [batch, steps, _] = case.input_shape("text")?;
    let leaf = |name: &str, width: usize| -> anyhow::Result<Tensor<3>> {
        Ok(case
            .input(name, [batch, steps, width], device)?
            .require_grad())
    };
    let text = leaf("text", config.width)?;
    let others = [leaf("audio", dims[0])?, leaf("vision", dims[1])?];
    let output = gate.forward(text.clone(), &others, &mut Mode::Eval);
    let projection = case.input("proj_output", output.dims(), device)?;
    let gradients = (output.clone() * projection).sum().backward();

    checks.tensor("output", output)?;
    let [audio, vision] = &others;
    for (name, leaf) in [("text", &text), ("audio", audio), ("vision", vision)] {
        checks.tensor(&format!("grad.input.{name}"), gradient(leaf, &gradients))?;
    }
    named::check(checks, "grad.weight.", &gate, &Read::Gradient(&gradients))
}
