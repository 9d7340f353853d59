//! Kind `gradient_penalty`: the penalty on the critic's slope between two batches, and its gradients.

use burn::tensor::Device;
use mdm_core::lipschitz::{gradient_penalty, interpolates};
use serde::Deserialize;

use super::case::Case;
use super::compare::Checks;
use super::critic::{self, check_layers};
use super::torch::{Read, Weights, gradient};

#[derive(Deserialize)]
struct Config {
    #[serde(flatten)]
    critic: critic::Config,
    one_sided: bool,
    eps: f64,
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
    let critic = config.critic.load(&weights)?;
    let [batch, _] = case.input_shape("z_p")?;
    let shape = [batch, config.critic.d];
    let joint = case.input("z_p", shape, device)?.require_grad();
    let product = case.input("z_q", shape, device)?.require_grad();
    let u = case.input("u", [batch, 1], device)?;

    let points = interpolates(joint.clone(), product.clone(), u.clone());
    checks.tensor("input_gradient", critic.input_gradient(points.clone()))?;
    checks.tensor("points", points)?;

    let (one_sided, eps) = (config.one_sided, config.eps);
    let penalty = gradient_penalty(&critic, joint.clone(), product.clone(), u, one_sided, eps);
    let gradients = penalty.backward();
    checks.tensor("penalty", penalty)?;
    checks.tensor("grad.input.z_p", gradient(&joint, &gradients))?;
    checks.tensor("grad.input.z_q", gradient(&product, &gradients))?;
    check_layers(checks, "grad.weight.", &critic, &Read::Gradient(&gradients))
}
