//! The models of the workloads, with the widths of the PyTorch side where no others are asked for.

use burn::tensor::Device;
use mdm_core::seed;
use mdm_models::{
    BertConfig, Form, Inputs, Language, LateLstmConfig, LfnConfig, MfnConfig, Model, ModelConfig,
    TfnConfig, TwoLayersConfig, Vocabulary,
};
use mdm_models::{EfLstmConfig, Encoder};
use mdm_train::FusionModel;

use super::sizes::Sizes;

/// Every workload, in the order of the PyTorch side.
pub const NAMES: [&str; 8] = [
    "ef_lstm",
    "late_lstm",
    "mfn",
    "lmf",
    "tfn",
    "tfn_wide",
    "mag_bert",
    "estimator",
];

/// Pieces of BERT's vocabulary.
pub const VOCABULARY: usize = 30_522;

/// Whether a sequence is of word pieces.
pub fn reads_pieces(name: &str) -> bool {
    name == "mag_bert"
}

/// Words of a sequence.
pub fn words(name: &str, sizes: &Sizes) -> usize {
    // Of pieces, the encoder adds two.
    sizes.steps - if reads_pieces(name) { 2 } else { 0 }
}

/// A fresh model on a device with a graph.
pub fn fresh(name: &str, sizes: &Sizes, device: &Device) -> anyhow::Result<FusionModel<Encoder>> {
    let mut inputs = Inputs::vectors(&sizes.dims);
    if reads_pieces(name) {
        inputs.dims[0] = 1;
        inputs.language = Language::Pieces(Vocabulary {
            size: VOCABULARY,
            cls: 101,
            sep: 102,
            pad: 0,
        });
    }
    let mut rng = seed::stream(0, "model", 0);
    let (encoder, head) = config(name, sizes).init(&inputs, 1, &mut rng, device)?;
    Ok(FusionModel { encoder, head })
}

/// The settings of a model.
pub fn config(name: &str, sizes: &Sizes) -> ModelConfig {
    let d_z = |usual: usize| sizes.d_z.unwrap_or(usual);
    // Further modalities are like the first ones.
    let modalities = sizes.dims.len();
    let widths = |usual: [usize; 3]| usual.into_iter().cycle().take(modalities).collect();
    let mut config = ModelConfig::default();
    match name {
        "ef_lstm" => {
            config.name = Model::EfLstm;
            config.head_dropout = 0.5;
            config.ef_lstm = EfLstmConfig { hidden: d_z(128) };
        }
        "late_lstm" => {
            config.name = Model::LateLstm;
            config.head_dropout = 0.5;
            config.late_lstm = LateLstmConfig {
                hidden: widths([128, 32, 64]),
                d_z: d_z(128),
            };
        }
        "mfn" => {
            let network = |width, dropout| TwoLayersConfig { width, dropout };
            config.name = Model::Mfn;
            config.mfn = MfnConfig {
                hidden: widths([256, 32, 256]),
                memory: 400,
                d_z: d_z(128),
                attention: network(32, 0.2),
                candidate: network(64, 0.0),
                retain: network(256, 0.7),
                update: network(32, 0.5),
            };
        }
        "lmf" => {
            config.name = Model::Lfn;
            config.lfn = LfnConfig {
                form: Form::Representation,
                hidden: widths([128, 16, 128]),
                language_out: 64,
                rank: 3,
                d_z: d_z(64),
                dropout: vec![0.3; modalities],
            };
        }
        "tfn" => {
            config.name = Model::Tfn;
            config.tfn = TfnConfig {
                form: Form::Representation,
                hidden: widths([128, 4, 16]),
                language_out: 64,
                d_z: d_z(32),
                dropout: vec![0.3; modalities],
                product_dropout: 0.3,
            };
        }
        "tfn_wide" => {
            config.name = Model::Tfn;
            config.tfn = TfnConfig {
                form: Form::Representation,
                hidden: widths([128, 32, 128]),
                language_out: 32,
                d_z: d_z(64),
                dropout: vec![0.3; modalities],
                product_dropout: 0.5,
            };
        }
        _ => {
            config.name = Model::MagBert;
            config.head_dropout = 0.1;
            config.mag_bert.bert = BertConfig {
                vocab_size: VOCABULARY,
                hidden_size: 384,
                num_hidden_layers: 6,
                num_attention_heads: 12,
                intermediate_size: 1536,
                max_position_embeddings: 512,
                ..BertConfig::default()
            };
        }
    }
    config
}
