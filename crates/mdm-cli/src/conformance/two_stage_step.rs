//! Kind `two_stage_step`: one outer step of Algorithm 1, through the code that training runs.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use mdm_core::{
    DependencyMeasure, DependencyObjective, DependencyObjectiveConfig, FDivergence, Mode, seed,
};
use mdm_models::{Encoder, FusionEncoder, Sequences, StepMask};
use mdm_train::config::TaskLoss;
use mdm_train::optimizer::{AdamW, Optimizer};
use mdm_train::task::Targets;
use mdm_train::{Algorithm1, CriticPass, Penalty};
use serde::Deserialize;
use serde_json::Value;

use super::case::{Case, ReadError};
use super::compare::Checks;
use super::critic;
use super::encoders::{self, Kind};
use super::fusion::{MODALITIES, modalities};
use super::named::{self, Named};
use super::torch::{Read, Weights};

#[derive(Deserialize)]
struct Config {
    encoder: Kind,
    encoder_config: Value,
    critic_config: critic::Config,
    measure: String,
    unroll: usize,
    lambda: f64,
    lr_critic: f64,
    lr_main: f64,
    betas: [f64; 2],
    eps: f64,
    weight_decay: f64,
}

/// A batch and the permutations of its product twin.
struct Batch {
    sequences: Sequences,
    permutations: Vec<Vec<usize>>,
    size: usize,
}

/// Runs a case.
pub fn check(case: &Case, device: &Device, checks: &mut Checks) -> anyhow::Result<()> {
    let config: Config = case.config()?;
    let (mut algorithm, mut named, dims) = algorithm(case, &config, &device.clone().autodiff())?;

    let encoder = algorithm.model.encoder.valid();
    let mut before = Vec::new();
    for step in 0..config.unroll {
        let batch = batch(case, &format!("critic{step}."), dims, device)?;
        let pass = CriticPass {
            input: batch.sequences,
            permutations: vec![batch.permutations],
        };
        before.extend(algorithm.update_critic(&encoder, &[pass]));
    }
    if !before.is_empty() {
        checks.tensor("measure_before", Tensor::cat(before, 0))?;
    }

    let batch = batch(case, "main.", dims, device)?;
    let Batch {
        sequences,
        permutations,
        size,
    } = &batch;
    let targets = &Targets::Sentiment {
        labels: case.input("main.labels", [*size], device)?,
        loss: TaskLoss::L1,
    };
    let mode = &mut Mode::Eval;
    let losses = algorithm.losses(sequences, targets, permutations, mode);
    let gradients = losses.total.backward();
    let read = Read::Gradient(&gradients);
    named.model = algorithm.model.clone();
    named::check(checks, "grad.encoder.", &named, &read)?;

    let losses = algorithm.accumulate(sequences, targets, permutations, 1.0, mode);
    algorithm.update_model();
    checks.tensor("task_loss", losses.task)?;
    checks.tensor("loss", losses.total)?;
    if let Some(measure) = losses.measure {
        checks.tensor("main_measure", measure)?;
    }
    named.model = algorithm.model.clone();
    named::check(checks, "encoder.", &named, &Read::Value)?;
    if let Some(penalty) = &algorithm.penalty {
        let critic = penalty.objective.critic();
        critic::check_layers(checks, "critic.", critic, &Read::Value)?;
    }
    Ok(())
}

/// Algorithm 1 with the weights of the case, and the widths of the modalities.
fn algorithm(
    case: &Case,
    config: &Config,
    device: &Device,
) -> anyhow::Result<(Algorithm1<Encoder>, Named<Encoder>, [usize; 3])> {
    let weights = Weights {
        case,
        prefix: "critic.",
        device,
    };
    let encoder_config = &config.encoder_config;
    let (named, dims) = encoders::load(config.encoder, encoder_config, case, "encoder.", device)?;
    let model = named.model.clone();
    let d_z = model.encoder.d_z();
    let outputs = model
        .head
        .linear
        .as_ref()
        .map(|layer| layer.weight.dims()[1]);
    if outputs != Some(1) {
        let expected = "a head of one output, for the loss of a number";
        return Err(case.wrong(expected, format!("{outputs:?}")).into());
    }
    if config.critic_config.d != d_z {
        let expected = format!("a critic on representations of width {d_z}");
        return Err(case.wrong(expected, config.critic_config.d).into());
    }
    let critic = config.critic_config.load(&weights)?;
    let objective = DependencyObjectiveConfig {
        learning_rate: config.lr_critic,
        weight_decay: config.weight_decay,
        betas: config.betas,
        epsilon: config.eps,
        ..DependencyObjectiveConfig::new(measure(case, &config.measure)?, d_z)
            .with_critic(config.critic_config.critic())
    };
    // Never drawn from: there is no dropout.
    let rng = seed::stream(0, "conformance", 0);
    let objective = DependencyObjective::new(&objective, critic, rng);
    let adamw = AdamW {
        betas: config.betas.map(|beta| beta as f32),
        epsilon: config.eps as f32,
        weight_decay: config.weight_decay as f32,
    };
    let algorithm = Algorithm1 {
        model,
        penalty: Some(Penalty {
            objective,
            lambda: config.lambda,
        }),
        optimizer: Optimizer::constant(adamw, config.lr_main),
    };
    Ok((algorithm, named, dims))
}

fn measure(case: &Case, name: &str) -> Result<DependencyMeasure, ReadError> {
    match name {
        "kl" => Ok(DependencyMeasure::TotalCorrelation),
        "f" => Ok(DependencyMeasure::FDivergence(FDivergence::Kl)),
        "w" => Ok(DependencyMeasure::Wasserstein),
        "w_literal" => Ok(DependencyMeasure::WassersteinPaperLiteral),
        _ => Err(case.wrong("a measure among kl, f, w, w_literal", format!("`{name}`"))),
    }
}

fn batch(case: &Case, prefix: &str, dims: [usize; 3], device: &Device) -> Result<Batch, ReadError> {
    let modalities = modalities(case, prefix, dims, device)?;
    let [size, steps, _] = modalities[0].dims();
    let permutations = MODALITIES
        .iter()
        .map(|name| case.input_indices(&format!("{prefix}perm_{name}"), &[size], size))
        .collect::<Result<_, _>>()?;
    Ok(Batch {
        sequences: Sequences {
            modalities,
            mask: StepMask::full(size, steps),
        },
        permutations,
        size,
    })
}
