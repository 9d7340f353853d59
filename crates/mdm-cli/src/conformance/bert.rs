//! Kinds `bert` and `mag_bert`.

use burn::tensor::Device;
use mdm_core::{Mode, seed};
use mdm_models::{BertConfig, BertZ, Head, MagBertConfig};
use mdm_train::FusionModel;

use super::case::Case;
use super::compare::Checks;
use super::named::{self, Named};
use super::pieces::{self, MagConfig, Pieces};
use super::torch::Read;

/// The config of a case is that of the model, and more.
fn bert_config(case: &Case) -> anyhow::Result<BertConfig> {
    case.check_sizes(&case.spec.config)?;
    Ok(BertConfig {
        hidden_dropout_prob: 0.0,
        attention_probs_dropout_prob: 0.0,
        ..BertConfig::from_hugging_face(&case.spec.config)
            .map_err(|error| case.wrong("the config of a BERT", error))?
    })
}

/// Runs a case of `bert`.
pub fn check(case: &Case, device: &Device, checks: &mut Checks) -> anyhow::Result<()> {
    let device = &device.clone().autodiff();
    let config = bert_config(case)?;
    let rng = &mut seed::stream(0, "conformance", 0);
    let mut bert = config.init(rng, device)?;
    named::load(&mut bert, case, "", device)?;

    let Pieces {
        ids,
        segments,
        real,
    } = pieces::read(case, config.vocab_size, config.type_vocab_size, device)?;
    let hidden = bert.forward(ids, segments, &real, &mut Mode::Eval);
    let pooled = bert.pool(hidden.clone());
    let proj_hidden = case.input("proj_hidden", hidden.dims(), device)?;
    let proj_pooled = case.input("proj_pooled", pooled.dims(), device)?;
    let scalar = (hidden.clone() * proj_hidden).sum() + (pooled.clone() * proj_pooled).sum();
    let gradients = scalar.backward();
    checks.tensor("last_hidden_state", hidden)?;
    checks.tensor("pooler_output", pooled)?;
    named::check(checks, "grad.weight.", &bert, &Read::Gradient(&gradients))
}

/// Runs a case of `mag_bert`.
pub fn check_mag(case: &Case, device: &Device, checks: &mut Checks) -> anyhow::Result<()> {
    let device = &device.clone().autodiff();
    let bert = bert_config(case)?;
    let config: MagConfig<BertZ> = case.config()?;
    let model = MagBertConfig {
        z: config.z,
        gate: config.gate(),
        bert: bert.clone(),
        ..Default::default()
    };
    let rng = &mut seed::stream(0, "conformance", 0);
    let mut named = Named {
        model: FusionModel {
            encoder: model.init(&config.inputs(bert.vocab_size), rng, device)?,
            head: Head::init(bert.hidden_size, config.out, 0.0, rng, device),
        },
        head: "classifier",
    };
    named::load(&mut named, case, "", device)?;

    let pieces = pieces::read(case, bert.vocab_size, bert.type_vocab_size, device)?;
    let others = config.others(case, device)?;
    let encoder = &named.model.encoder;
    let words = encoder.bert.words(pieces.ids);
    let mode = &mut Mode::Eval;
    let hidden = encoder.contextual(words, pieces.segments, &others, &pieces.real, mode);
    let z = encoder.summarise(hidden.clone(), &pieces.real);
    checks.tensor("last_hidden_state", hidden)?;
    pieces::check(&named, case, z, &others, device, checks)
}
