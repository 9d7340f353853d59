//! Which model, with its settings.

use burn::tensor::Device;
use mdm_core::seed::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{Encoder, Model};
use crate::{
    BertConfig, EfLstmConfig, Error, Form, FusionEncoder, Head, Inputs, LateLstmConfig, LfnConfig,
    MagBertConfig, MagXlnetConfig, MfnConfig, PretrainedConfig, TfnConfig, XlnetConfig,
};

/// Where the predictions of the official TFN end.
const TFN_LIMIT: f64 = 3.0;

/// Which model, and the settings of each: changing the name keeps the settings of the others.
///
/// The defaults are those of `configs/default.toml`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// The model to build.
    pub name: Model,
    /// Dropout before the linear head, in [0, 1). The official form of `lfn` has no such head.
    pub head_dropout: f64,
    /// Settings of `ef-lstm`.
    pub ef_lstm: EfLstmConfig,
    /// Settings of `late-lstm`.
    pub late_lstm: LateLstmConfig,
    /// Settings of `tfn`.
    pub tfn: TfnConfig,
    /// Settings of `lfn`.
    pub lfn: LfnConfig,
    /// Settings of `mfn`.
    pub mfn: MfnConfig,
    /// Settings of `mag-bert`.
    pub mag_bert: MagBertConfig,
    /// Settings of `mag-xlnet`.
    pub mag_xlnet: MagXlnetConfig,
}

impl ModelConfig {
    /// The text encoder of the chosen model, where it has one.
    pub fn text(&self) -> Option<&PretrainedConfig> {
        match self.name {
            Model::MagBert => Some(&self.mag_bert.text),
            Model::MagXlnet => Some(&self.mag_xlnet.text),
            _ => None,
        }
    }

    /// The same, to change.
    pub fn text_mut(&mut self) -> Option<&mut PretrainedConfig> {
        match self.name {
            Model::MagBert => Some(&mut self.mag_bert.text),
            Model::MagXlnet => Some(&mut self.mag_xlnet.text),
            _ => None,
        }
    }

    /// Takes the sizes of the text encoder from the `config.json` of a pretrained model.
    ///
    /// # Errors
    ///
    /// A size of the wrong kind, by name.
    pub fn take_sizes(&mut self, config: &serde_json::Value) -> Result<(), serde_json::Error> {
        match self.name {
            Model::MagBert => self.mag_bert.bert = BertConfig::from_hugging_face(config)?,
            Model::MagXlnet => self.mag_xlnet.xlnet = XlnetConfig::from_hugging_face(config)?,
            _ => {}
        }
        Ok(())
    }

    /// A fresh encoder of the chosen model and its head with `outputs` outputs.
    ///
    /// # Errors
    ///
    /// [`Error`] when the settings do not fit the model or the data.
    pub fn init(
        &self,
        inputs: &Inputs,
        outputs: usize,
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Result<(Encoder, Head), Error> {
        Error::check_dropout("model.head_dropout", &[self.head_dropout])?;
        inputs.check_language(self.name)?;
        let dims = &inputs.dims;
        let encoder = match self.name {
            Model::EfLstm => Encoder::EfLstm(self.ef_lstm.init(dims, rng, device)?),
            Model::LateLstm => Encoder::LateLstm(self.late_lstm.init(dims, rng, device)?),
            Model::Tfn => Encoder::Tfn(self.tfn.init(inputs, outputs, rng, device)?),
            Model::Lfn => Encoder::Lfn(self.lfn.init(inputs, outputs, rng, device)?),
            Model::Mfn => Encoder::Mfn(self.mfn.init(dims, rng, device)?),
            Model::MagBert => Encoder::MagBert(self.mag_bert.init(inputs, rng, device)?),
            Model::MagXlnet => Encoder::MagXlnet(self.mag_xlnet.init(inputs, rng, device)?),
        };
        let linear = Head::init(encoder.d_z(), outputs, self.head_dropout, rng, device);
        let head = match self.name {
            Model::Tfn if self.tfn.form == Form::Official => linear.bounded(TFN_LIMIT),
            Model::Lfn if self.lfn.form == Form::Official => Head::identity(),
            _ => linear,
        };
        Ok((encoder, head))
    }
}
