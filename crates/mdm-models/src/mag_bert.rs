//! MAG-BERT: a BERT whose word pieces are shifted by what the other modalities say.

use std::path::Path;

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use mdm_core::Mode;
use mdm_core::seed::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::transformer::{AttentionMask, Layout, freeze_first, mean};
use crate::{
    Bert, BertConfig, Error, FusionEncoder, GateConfig, Inputs, Model, MultimodalAdaptationGate,
    NamedTensors, PretrainedConfig, Sequences, TorchNames, TorchVisitor, Views, Vocabulary, gate,
};

/// What of the hidden states is Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BertZ {
    /// The pooled output `tanh(pooler(h_[CLS]))`, which the official code's head reads.
    #[default]
    Pooler,
    /// The last hidden state of `[CLS]`, as the paper's text has it.
    Cls,
    /// The mean of the last hidden states over the real places, special pieces among them: what sentence encoders such
    /// as MiniLM are trained for.
    Mean,
}

/// Settings of [`MagBert`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MagBertConfig {
    /// What is Z.
    pub z: BertZ,
    /// The gate; without other modalities than language there is none.
    pub gate: GateConfig,
    /// Where the weights come from.
    pub text: PretrainedConfig,
    /// The sizes; those of `config.json` with pretrained weights.
    pub bert: BertConfig,
}

impl Default for MagBertConfig {
    fn default() -> Self {
        Self {
            z: BertZ::default(),
            gate: GateConfig {
                injection: 0,
                beta: 1.0,
                dropout: 0.5,
            },
            text: PretrainedConfig::default(),
            bert: BertConfig::default(),
        }
    }
}

impl MagBertConfig {
    /// A fresh encoder for a corpus of word pieces and any number of other modalities, weights random.
    ///
    /// # Errors
    ///
    /// [`Error::Language`] for a corpus without pieces, [`Error::InvalidConfig`] for a setting out of range.
    pub fn init(
        &self,
        inputs: &Inputs,
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Result<MagBert, Error> {
        let vocabulary = inputs.pieces(Model::MagBert)?;
        let mut config = self.bert.clone();
        if config.vocab_size == 0 {
            config.vocab_size = vocabulary.size;
        }
        vocabulary.check_fits(config.vocab_size)?;
        self.gate.check(config.num_hidden_layers)?;
        self.text.check(config.num_hidden_layers)?;
        let mut bert = config.init(rng, device)?;
        if self.text.freeze_embeddings {
            bert = bert.freeze_embeddings();
        }
        bert.layers = freeze_first(bert.layers, self.text.freeze_layers);
        let others = &inputs.dims[1..];
        let gate =
            || MultimodalAdaptationGate::init(&self.gate, config.hidden_size, others, rng, device);
        Ok(MagBert {
            bert,
            gate: (!others.is_empty()).then(gate),
            z: self.z,
            vocabulary,
        })
    }
}

/// MAG-BERT (Rahman et al., 2020): the [gate](MultimodalAdaptationGate) acts on the input of one of BERT's layers.
///
/// A view of the language is the word embeddings of the framed pieces, `[CLS] … [SEP] [PAD]…`; a view of another
/// modality is its rows. Everything above the word embeddings mixes the modalities.
#[derive(Module, Debug)]
pub struct MagBert {
    /// The text encoder.
    pub bert: Bert,
    /// None for text alone.
    pub gate: Option<MultimodalAdaptationGate>,
    #[module(skip)]
    z: BertZ,
    #[module(skip)]
    vocabulary: Vocabulary,
}

impl MagBert {
    /// Pretrained weights in place of the text encoder's random ones, from the folder of a Hugging Face model.
    ///
    /// # Errors
    ///
    /// [`Error::WeightsFile`], [`Error::Weights`].
    pub fn load_pretrained(&mut self, folder: &Path, device: &Device) -> Result<(), Error> {
        NamedTensors::open(folder)?.load_into(&mut self.bert, device)
    }

    /// The last hidden states of framed word embeddings; `others` are framed alike, with zero rows at special pieces.
    ///
    /// # Shapes
    ///
    /// - `words`: `[batch, places, d_model]`
    /// - `segments`: `[batch, places]`; none: all 0
    /// - `others`: `[batch, places, d_modality]` each
    /// - `real`: which places hold something
    /// - output: `[batch, places, d_model]`
    pub fn contextual(
        &self,
        words: Tensor<3>,
        segments: Option<Tensor<2, Int>>,
        others: &[Tensor<3>],
        real: &[Vec<bool>],
        mode: &mut Mode,
    ) -> Tensor<3> {
        let mask = AttentionMask::of_keys(real, &words.device());
        let hidden = self.bert.embed(words, segments, mode);
        let (layers, gate) = (&self.bert.layers, self.gate.as_ref());
        gate::through(layers, gate, others, hidden, mode, |layer, hidden, mode| {
            layer.forward(hidden, &mask, mode)
        })
    }

    /// Z of the last hidden states.
    pub fn summarise(&self, hidden: Tensor<3>, real: &[Vec<bool>]) -> Tensor<2> {
        match self.z {
            BertZ::Pooler => self.bert.pool(hidden),
            BertZ::Cls => hidden.narrow(1, 0, 1).squeeze_dim(1),
            BertZ::Mean => mean(hidden, real),
        }
    }
}

impl FusionEncoder for MagBert {
    fn views(&self, input: &Sequences, _mode: &mut Mode) -> Views {
        Layout::Bert.views(input, self.vocabulary, |ids| self.bert.words(ids))
    }

    fn fuse(&self, views: &Views, mode: &mut Mode) -> Tensor<2> {
        let (others, real) = Layout::Bert.frame_others(views);
        let words = views.modalities[0].clone();
        let hidden = self.contextual(words, None, &others, &real, mode);
        self.summarise(hidden, &real)
    }

    fn d_z(&self) -> usize {
        self.bert.d_model()
    }

    fn batch_of_similar_length(&self) -> Option<usize> {
        Some(crate::transformer::EVALUATION_BATCH)
    }
}

impl TorchNames for MagBert {
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        self.bert.visit_torch(&format!("{prefix}bert."), visitor);
        if let Some(gate) = &mut self.gate {
            gate.visit_torch(&format!("{prefix}bert.MAG."), visitor);
        }
    }
}
