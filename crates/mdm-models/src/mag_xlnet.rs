//! MAG-XLNet: an XLNet whose word pieces are shifted by what the other modalities say.

use std::path::Path;

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use mdm_core::Mode;
use mdm_core::seed::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::transformer::{Layout, Place, freeze_first, hugging_face_linear, mean};
use crate::{
    Error, FusionEncoder, GateConfig, Inputs, Model, MultimodalAdaptationGate, NamedTensors,
    PretrainedConfig, Sequences, TorchNames, TorchVisitor, Views, Vocabulary, Xlnet, XlnetConfig,
    gate, torch_names,
};

/// What of the hidden states is Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum XlnetZ {
    /// The sequence summary `tanh(summary(h_<cls>))`, which the official code's head reads. `<cls>` stands last. The
    /// dropout that follows it there (0.1) belongs to the head here: `model.head_dropout`.
    #[default]
    Summary,
    /// The last hidden state of `<cls>`, as the paper's text has it.
    Last,
    /// The mean of the last hidden states over the real places, special pieces among them.
    Mean,
}

/// Settings of [`MagXlnet`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MagXlnetConfig {
    /// What is Z.
    pub z: XlnetZ,
    /// The gate; without other modalities than language there is none.
    pub gate: GateConfig,
    /// Where the weights come from.
    pub text: PretrainedConfig,
    /// The sizes; those of `config.json` with pretrained weights.
    pub xlnet: XlnetConfig,
}

impl Default for MagXlnetConfig {
    fn default() -> Self {
        Self {
            z: XlnetZ::default(),
            gate: GateConfig {
                injection: 1,
                beta: 1.0,
                dropout: 0.5,
            },
            text: PretrainedConfig::default(),
            xlnet: XlnetConfig::default(),
        }
    }
}

impl MagXlnetConfig {
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
    ) -> Result<MagXlnet, Error> {
        let vocabulary = inputs.pieces(Model::MagXlnet)?;
        let mut config = self.xlnet.clone();
        if config.vocab_size == 0 {
            config.vocab_size = vocabulary.size;
        }
        vocabulary.check_fits(config.vocab_size)?;
        self.gate.check(config.n_layer)?;
        self.text.check(config.n_layer)?;
        let mut xlnet = config.init(rng, device)?;
        if self.text.freeze_embeddings {
            xlnet = xlnet.freeze_embeddings();
        }
        xlnet.layers = freeze_first(xlnet.layers, self.text.freeze_layers);
        let summary = hugging_face_linear(config.d_model, config.d_model, rng, device);
        let others = &inputs.dims[1..];
        let gate =
            || MultimodalAdaptationGate::init(&self.gate, config.d_model, others, rng, device);
        Ok(MagXlnet {
            xlnet,
            gate: (!others.is_empty()).then(gate),
            summary,
            z: self.z,
            vocabulary,
        })
    }
}

/// MAG-XLNet (Rahman et al., 2020): the [gate](MultimodalAdaptationGate) acts on the input of one of XLNet's layers.
///
/// A view of the language is the word embeddings of the framed pieces, `<pad>… … <sep> <cls>`; a view of another
/// modality is its rows. Everything above the word embeddings mixes the modalities.
#[derive(Module, Debug)]
pub struct MagXlnet {
    /// The text encoder.
    pub xlnet: Xlnet,
    /// None for text alone.
    pub gate: Option<MultimodalAdaptationGate>,
    /// The sequence summary's layer, never pretrained.
    pub summary: Linear,
    #[module(skip)]
    z: XlnetZ,
    #[module(skip)]
    vocabulary: Vocabulary,
}

impl MagXlnet {
    /// Pretrained weights in place of the text encoder's random ones, from the folder of a Hugging Face model.
    ///
    /// # Errors
    ///
    /// [`Error::WeightsFile`], [`Error::Weights`].
    pub fn load_pretrained(&mut self, folder: &Path, device: &Device) -> Result<(), Error> {
        NamedTensors::open(folder)?.load_into(&mut self.xlnet, device)
    }

    /// The last hidden states of framed word embeddings; `others` are framed alike, with zero rows at special pieces.
    ///
    /// # Shapes
    ///
    /// - `words`: `[batch, places, d_model]`
    /// - `segments`: `[batch, places]`; none: they play no part
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
        let relations = self.xlnet.relations(segments, real, mode);
        let hidden = self.xlnet.drop(words, mode);
        let (layers, gate) = (&self.xlnet.layers, self.gate.as_ref());
        let hidden = gate::through(layers, gate, others, hidden, mode, |layer, hidden, mode| {
            layer.forward(hidden, &relations, mode)
        });
        self.xlnet.drop(hidden, mode)
    }

    /// Z of the last hidden states.
    pub fn summarise(&self, hidden: Tensor<3>, real: &[Vec<bool>]) -> Tensor<2> {
        let last = |hidden: Tensor<3>| {
            let places = hidden.dims()[1];
            hidden.narrow(1, places - 1, 1).squeeze_dim(1)
        };
        match self.z {
            XlnetZ::Summary => activation::tanh(self.summary.forward(last(hidden))),
            XlnetZ::Last => last(hidden),
            XlnetZ::Mean => mean(hidden, real),
        }
    }
}

/// The segments of framed pieces, as XLNet was trained with: 0 for words and `<sep>`, 2 for `<cls>`, 3 for padding.
fn segments(lengths: &[usize], steps: usize, device: &Device) -> Tensor<2, Int> {
    let mut segments: Vec<i64> = Vec::new();
    for &length in lengths {
        let places = Layout::Xlnet.places(length, steps).into_iter();
        segments.extend(places.map(|place| match place {
            Place::Piece(_) | Place::Sep => 0,
            Place::Cls => 2,
            Place::Pad => 3,
        }));
    }
    let shape = [lengths.len(), segments.len() / lengths.len()];
    Tensor::from_data(TensorData::new(segments, shape), device)
}

impl FusionEncoder for MagXlnet {
    fn views(&self, input: &Sequences, _mode: &mut Mode) -> Views {
        Layout::Xlnet.views(input, self.vocabulary, |ids| self.xlnet.words(ids))
    }

    fn fuse(&self, views: &Views, mode: &mut Mode) -> Tensor<2> {
        let (others, real) = Layout::Xlnet.frame_others(views);
        let words = views.modalities[0].clone();
        let steps = words.dims()[1] - crate::transformer::SPECIAL;
        let segments = segments(&views.lengths, steps, &words.device());
        let hidden = self.contextual(words, Some(segments), &others, &real, mode);
        self.summarise(hidden, &real)
    }

    fn d_z(&self) -> usize {
        self.xlnet.d_model()
    }

    fn batch_of_similar_length(&self) -> Option<usize> {
        Some(crate::transformer::EVALUATION_BATCH)
    }
}

impl TorchNames for MagXlnet {
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        self.xlnet
            .visit_torch(&format!("{prefix}transformer."), visitor);
        if let Some(gate) = &mut self.gate {
            gate.visit_torch(&format!("{prefix}transformer.MAG."), visitor);
        }
        let name = format!("{prefix}sequence_summary.summary");
        torch_names::linear(&name, &mut self.summary, visitor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_place_has_its_segment() {
        let segments = segments(&[3, 1], 3, &Device::flex());
        let values = segments.try_into_vec_as::<i64>().unwrap();
        assert_eq!(values, [0, 0, 0, 0, 2, 3, 3, 0, 0, 2]);
    }
}
