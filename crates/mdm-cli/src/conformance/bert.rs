//! Kinds `bert` and `mag_bert`.

use burn::tensor::{Device, Tensor};
use mdm_core::{Mode, seed};
use mdm_models::{
    Bert, BertConfig, BertZ, GateConfig, Head, Inputs, Language, MagBert, MagBertConfig,
    TorchNames, TorchVisitor, Vocabulary, torch_names,
};
use serde::Deserialize;

use super::case::{Case, ReadError};
use super::compare::Checks;
use super::named;
use super::pieces::{self, Pieces};
use super::torch::{Read, gradient};

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
    let mut bert: Bert = config.init(rng, device)?;
    named::load(&mut bert, case, "", device)?;

    let Pieces {
        ids,
        segments,
        real,
    } = pieces::read(case, config.vocab_size, config.type_vocab_size, device)?;
    let words = bert.words(ids);
    let mask = mdm_models::transformer::AttentionMask::of_keys(&real, device);
    let mode = &mut Mode::Eval;
    let mut hidden = bert.embed(words, segments, mode);
    for layer in &bert.layers {
        hidden = layer.forward(hidden, &mask, mode);
    }
    let pooled = bert.pool(hidden.clone());
    let proj_hidden = case.input("proj_hidden", hidden.dims(), device)?;
    let proj_pooled = case.input("proj_pooled", pooled.dims(), device)?;
    let scalar = (hidden.clone() * proj_hidden).sum() + (pooled.clone() * proj_pooled).sum();
    let gradients = scalar.backward();
    checks.tensor("last_hidden_state", hidden)?;
    checks.tensor("pooler_output", pooled)?;
    named::check(checks, "grad.weight.", &bert, &Read::Gradient(&gradients))
}

#[derive(Deserialize)]
struct MagConfig {
    visual_dim: usize,
    acoustic_dim: usize,
    beta: f64,
    z: BertZ,
    out: usize,
}

/// Encoder and head under the names of the official code.
#[derive(Clone)]
struct Named {
    encoder: MagBert,
    head: Head,
}

impl TorchNames for Named {
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        self.encoder.visit_torch(prefix, visitor);
        if let Some(linear) = &mut self.head.linear {
            torch_names::linear(&format!("{prefix}classifier"), linear, visitor);
        }
    }
}

/// Runs a case of `mag_bert`.
pub fn check_mag(case: &Case, device: &Device, checks: &mut Checks) -> anyhow::Result<()> {
    let device = &device.clone().autodiff();
    let bert = bert_config(case)?;
    let config: MagConfig = case.config()?;
    let dims = [config.acoustic_dim, config.visual_dim];
    let model = MagBertConfig {
        z: config.z,
        gate: GateConfig {
            injection: 0,
            beta: config.beta,
            dropout: 0.0,
        },
        bert: bert.clone(),
        ..Default::default()
    };
    // The special pieces are in the case's ids.
    let vocabulary = Vocabulary {
        size: bert.vocab_size,
        cls: 0,
        sep: 0,
        pad: 0,
    };
    let inputs = Inputs {
        dims: vec![1, dims[0], dims[1]],
        language: Language::Pieces(vocabulary),
    };
    let rng = &mut seed::stream(0, "conformance", 0);
    let mut named = Named {
        encoder: model.init(&inputs, rng, device)?,
        head: Head::init(bert.hidden_size, config.out, 0.0, rng, device),
    };
    named::load(&mut named, case, "", device)?;

    let pieces = pieces::read(case, bert.vocab_size, bert.type_vocab_size, device)?;
    let others = others(case, dims, device)?;
    let mode = &mut Mode::Eval;
    let words = named.encoder.bert.words(pieces.ids);
    let hidden = named
        .encoder
        .contextual(words, pieces.segments, &others, &pieces.real, mode);
    let z = named.encoder.summarise(hidden.clone(), &pieces.real);
    let output = named.head.forward(z.clone(), mode);
    checks.tensor("last_hidden_state", hidden)?;
    let gradients = pieces::backward(case, z, output, device, checks)?;
    for (name, leaf) in ["audio", "vision"].iter().zip(&others) {
        checks.tensor(&format!("grad.input.{name}"), gradient(leaf, &gradients))?;
    }
    named::check(checks, "grad.weight.", &named, &Read::Gradient(&gradients))
}

/// Audio and vision of a case, of these widths.
pub fn others(case: &Case, dims: [usize; 2], device: &Device) -> Result<[Tensor<3>; 2], ReadError> {
    let [batch, places] = case.input_shape("input_ids")?;
    let leaf = |name: &str, dim: usize| -> Result<Tensor<3>, ReadError> {
        let input = case.input(name, [batch, places, dim], device)?;
        Ok(input.require_grad())
    };
    Ok([leaf("audio", dims[0])?, leaf("vision", dims[1])?])
}
