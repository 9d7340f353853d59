//! Kind `measures`: values of the measures and their gradients with respect to the scores.

use burn::tensor::{Device, Tensor};
use mdm_core::FDivergence;
use mdm_core::measure::{
    donsker_varadhan, info_nce, jensen_shannon, jensen_shannon_raw, kantorovich_rubinstein,
    kantorovich_rubinstein_paper_literal, nwj, smile, smile_jensen_shannon,
};
use serde::Deserialize;

use super::case::Case;
use super::compare::Checks;
use super::torch::gradient;

#[derive(Deserialize)]
struct Config {
    measures: Vec<String>,
    tau: f64,
}

/// Runs a case.
pub fn check(case: &Case, device: &Device, checks: &mut Checks) -> anyhow::Result<()> {
    let device = &device.clone().autodiff();
    let config: Config = case.config()?;
    for name in &config.measures {
        if name == "infonce" {
            check_info_nce(case, device, checks)?;
        } else {
            check_pair(case, name, config.tau, device, checks)?;
        }
    }
    Ok(())
}

fn check_info_nce(case: &Case, device: &Device, checks: &mut Checks) -> anyhow::Result<()> {
    let [rows, _] = case.input_shape("scores")?;
    let scores = case.input("scores", [rows, rows], device)?.require_grad();
    let value = info_nce(scores.clone());
    let gradients = value.backward();
    checks.tensor("infonce.value", value)?;
    checks.tensor("infonce.grad_scores", gradient(&scores, &gradients))
}

fn check_pair(
    case: &Case,
    name: &str,
    tau: f64,
    device: &Device,
    checks: &mut Checks,
) -> anyhow::Result<()> {
    let scores = |name| -> anyhow::Result<Tensor<1>> {
        let shape: [usize; 1] = case.input_shape(name)?;
        Ok(case.input(name, shape, device)?.require_grad())
    };
    let (joint, product) = (scores("t_p")?, scores("t_q")?);
    let value = value(name, tau, joint.clone(), product.clone())
        .ok_or_else(|| case.wrong("the name of a measure", format!("`{name}`")))?;
    let gradients = value.backward();
    checks.tensor(&format!("{name}.value"), value)?;
    checks.tensor(&format!("{name}.grad_p"), gradient(&joint, &gradients))?;
    checks.tensor(&format!("{name}.grad_q"), gradient(&product, &gradients))
}

fn value(name: &str, tau: f64, joint: Tensor<1>, product: Tensor<1>) -> Option<Tensor<1>> {
    Some(match name {
        "kl" => donsker_varadhan(joint, product),
        "f" => nwj(joint, product),
        "w" => kantorovich_rubinstein(joint, product),
        "w_literal" => kantorovich_rubinstein_paper_literal(joint, product),
        "smile" => smile(joint, product, tau),
        "smile_js" => smile_jensen_shannon(joint, product, tau),
        "js" => jensen_shannon(joint, product),
        "js_raw" => jensen_shannon_raw(joint, product),
        _ => f_divergence(name.strip_prefix("fdiv_")?)?.bound(joint, product),
    })
}

fn f_divergence(name: &str) -> Option<FDivergence> {
    let name = name.replace('_', "-");
    FDivergence::ALL
        .into_iter()
        .find(|member| member.name() == name)
}
