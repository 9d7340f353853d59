//! Kinds `xlnet` and `mag_xlnet`.

use burn::tensor::Device;
use mdm_core::{Mode, seed};
use mdm_models::{Head, MagXlnetConfig, XlnetConfig, XlnetZ};
use mdm_train::FusionModel;

use super::case::Case;
use super::compare::Checks;
use super::named::{self, Named};
use super::pieces::{self, MagConfig, Pieces};
use super::torch::Read;

/// Words and separator 0, another sentence 1, the last piece 2, padding 3.
const SEGMENTS: usize = 4;

/// The config of a case is that of the model, and more.
fn xlnet_config(case: &Case) -> anyhow::Result<XlnetConfig> {
    case.check_sizes(&case.spec.config)?;
    Ok(XlnetConfig {
        dropout: 0.0,
        ..XlnetConfig::from_hugging_face(&case.spec.config)
            .map_err(|error| case.wrong("the config of an XLNet", error))?
    })
}

/// Runs a case of `xlnet`.
pub fn check(case: &Case, device: &Device, checks: &mut Checks) -> anyhow::Result<()> {
    let device = &device.clone().autodiff();
    let config = xlnet_config(case)?;
    let rng = &mut seed::stream(0, "conformance", 0);
    let mut xlnet = config.init(rng, device)?;
    named::load(&mut xlnet, case, "", device)?;

    let Pieces {
        ids,
        segments,
        real,
    } = pieces::read(case, config.vocab_size, SEGMENTS, device)?;
    let hidden = xlnet.forward(ids, segments, &real, &mut Mode::Eval);
    let proj_hidden = case.input("proj_hidden", hidden.dims(), device)?;
    let gradients = (hidden.clone() * proj_hidden).sum().backward();
    checks.tensor("last_hidden_state", hidden)?;
    named::check(checks, "grad.weight.", &xlnet, &Read::Gradient(&gradients))
}

/// Runs a case of `mag_xlnet`.
pub fn check_mag(case: &Case, device: &Device, checks: &mut Checks) -> anyhow::Result<()> {
    let device = &device.clone().autodiff();
    let xlnet = xlnet_config(case)?;
    let config: MagConfig<XlnetZ> = case.config()?;
    let model = MagXlnetConfig {
        z: config.z,
        gate: config.gate(),
        xlnet: xlnet.clone(),
        ..Default::default()
    };
    let rng = &mut seed::stream(0, "conformance", 0);
    let mut named = Named {
        model: FusionModel {
            encoder: model.init(&config.inputs(xlnet.vocab_size), rng, device)?,
            head: Head::init(xlnet.d_model, config.out, 0.0, rng, device),
        },
        head: "logits_proj",
    };
    named::load(&mut named, case, "", device)?;

    let pieces = pieces::read(case, xlnet.vocab_size, SEGMENTS, device)?;
    let others = config.others(case, device)?;
    let encoder = &named.model.encoder;
    let words = encoder.xlnet.words(pieces.ids);
    let mode = &mut Mode::Eval;
    let hidden = encoder.contextual(words, pieces.segments, &others, &pieces.real, mode);
    let z = encoder.summarise(hidden.clone(), &pieces.real);
    checks.tensor("last_hidden_state", hidden)?;
    pieces::check(&named, case, z, &others, device, checks)
}
