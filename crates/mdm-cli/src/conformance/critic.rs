//! Kind `critic`: the statistics network and its gradients.

use burn::tensor::Device;
use mdm_core::{Critic, CriticConfig, CriticOutput, Mode, seed};
use serde::Deserialize;

use super::case::Case;
use super::compare::Checks;
use super::torch::{Read, Weights, check_linear, gradient};

/// The settings of a critic.
#[derive(Deserialize)]
pub struct Config {
    /// Width of Z.
    pub d: usize,
    output: CriticOutput,
    slope: f64,
}

impl Config {
    /// The critic's settings, without dropout.
    pub fn critic(&self) -> CriticConfig {
        CriticConfig {
            negative_slope: self.slope,
            ..CriticConfig::new(self.d)
                .with_output(self.output)
                .with_dropout(0.0)
        }
    }

    /// The critic with the weights of a case.
    pub fn load(&self, weights: &Weights) -> anyhow::Result<Critic> {
        // The stored layers first: their shapes bound the width that a damaged config may ask for.
        let config = self.critic();
        let widths = config.widths();
        let pairs = widths.windows(2).enumerate();
        let layers = pairs
            .map(|(index, pair)| weights.linear(&format!("layers.{index}"), pair[0], pair[1]))
            .collect::<Result<Vec<_>, _>>()?;
        let mut rng = seed::stream(0, "conformance", 0);
        let mut critic = config.init(&mut rng, weights.device)?;
        critic.mlp.layers = layers;
        Ok(critic)
    }
}

/// Compares the layers of a critic with the outputs that start with `prefix`.
pub fn check_layers(
    checks: &mut Checks,
    prefix: &str,
    critic: &Critic,
    read: &Read,
) -> anyhow::Result<()> {
    for (index, layer) in critic.mlp.layers.iter().enumerate() {
        check_linear(checks, &format!("{prefix}layers.{index}"), layer, read)?;
    }
    Ok(())
}

/// Runs a case.
pub fn check(case: &Case, device: &Device, checks: &mut Checks) -> anyhow::Result<()> {
    let device = &device.clone().autodiff();
    let config: Config = case.config()?;
    let weights = Weights {
        case,
        prefix: "",
        device,
    };
    let critic = config.load(&weights)?;
    let [batch, _] = case.input_shape("z")?;
    let z = case.input("z", [batch, config.d], device)?.require_grad();
    let projection = case.input("proj_output", [batch], device)?;

    let output = critic.forward(z.clone(), &mut Mode::Eval);
    let gradients = (output.clone() * projection).sum().backward();
    checks.tensor("output", output)?;
    checks.tensor("grad.input.z", gradient(&z, &gradients))?;
    check_layers(checks, "grad.weight.", &critic, &Read::Gradient(&gradients))
}
