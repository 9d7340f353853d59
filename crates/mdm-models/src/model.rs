//! The models by name: what a config chooses from.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use mdm_core::Mode;
use mdm_core::seed::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{
    BertConfig, EfLstm, EfLstmConfig, Error, Form, FusionEncoder, Head, Inputs, LateLstm,
    LateLstmConfig, Lfn, LfnConfig, MagBert, MagBertConfig, MagXlnet, MagXlnetConfig, Mfn,
    MfnConfig, PretrainedConfig, Sequences, Tfn, TfnConfig, TorchNames, TorchVisitor, Views,
    XlnetConfig,
};

/// Where the predictions of the official TFN end.
const TFN_LIMIT: f64 = 3.0;

/// The fusion models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Model {
    /// [`EfLstm`]: the official reading of EF-LSTM.
    #[default]
    EfLstm,
    /// [`LateLstm`]: the paper's reading of EF-LSTM.
    LateLstm,
    /// [`Tfn`]: tensor fusion network.
    Tfn,
    /// [`Lfn`]: low-rank fusion network, also known as LMF.
    Lfn,
    /// [`Mfn`]: memory fusion network.
    Mfn,
    /// [`MagBert`]: BERT with the multimodal adaptation gate.
    MagBert,
    /// [`MagXlnet`]: XLNet with the multimodal adaptation gate.
    MagXlnet,
}

impl Model {
    /// Every model.
    pub const ALL: [Self; 7] = [
        Self::EfLstm,
        Self::LateLstm,
        Self::Tfn,
        Self::Lfn,
        Self::Mfn,
        Self::MagBert,
        Self::MagXlnet,
    ];

    /// The name in configs and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EfLstm => "ef-lstm",
            Self::LateLstm => "late-lstm",
            Self::Tfn => "tfn",
            Self::Lfn => "lfn",
            Self::Mfn => "mfn",
            Self::MagBert => "mag-bert",
            Self::MagXlnet => "mag-xlnet",
        }
    }

    /// Whether the first modality must be language as word vectors; the other models of word vectors treat all
    /// modalities alike.
    pub const fn needs_language(self) -> bool {
        matches!(self, Self::Tfn | Self::Lfn)
    }

    /// Whether the language of its corpus is word pieces, not word vectors.
    pub const fn reads_pieces(self) -> bool {
        matches!(self, Self::MagBert | Self::MagXlnet)
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Model {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|model| model.name() == name)
            .ok_or_else(|| Error::UnknownModel {
                name: name.to_owned(),
                known: Self::ALL.map(Self::name).join(", "),
            })
    }
}

impl TryFrom<String> for Model {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        name.parse()
    }
}

impl From<Model> for String {
    fn from(model: Model) -> Self {
        model.to_string()
    }
}

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

/// An encoder chosen at run time.
// A run holds a handful of encoders; a box would only hide the fields from Burn's derive.
#[derive(Module, Debug)]
#[allow(missing_docs, clippy::large_enum_variant)]
pub enum Encoder {
    EfLstm(EfLstm),
    LateLstm(LateLstm),
    Tfn(Tfn),
    Lfn(Lfn),
    Mfn(Mfn),
    MagBert(MagBert),
    MagXlnet(MagXlnet),
}

impl Encoder {
    /// Pretrained weights in place of the random ones of the text encoder, from the folder of a Hugging Face model.
    ///
    /// # Errors
    ///
    /// [`Error::WeightsFile`], [`Error::Weights`].
    pub fn load_pretrained(&mut self, folder: &Path, device: &Device) -> Result<(), Error> {
        match self {
            Self::MagBert(encoder) => encoder.load_pretrained(folder, device),
            Self::MagXlnet(encoder) => encoder.load_pretrained(folder, device),
            Self::EfLstm(_) | Self::LateLstm(_) | Self::Tfn(_) | Self::Lfn(_) | Self::Mfn(_) => {
                Ok(())
            }
        }
    }

    /// The most steps of a sequence, where there is a limit.
    pub fn max_steps(&self) -> Option<usize> {
        match self {
            Self::MagBert(encoder) => Some(encoder.bert.max_places()),
            _ => None,
        }
    }
}

impl FusionEncoder for Encoder {
    fn views(&self, input: &Sequences, mode: &mut Mode) -> Views {
        match self {
            Self::EfLstm(encoder) => encoder.views(input, mode),
            Self::LateLstm(encoder) => encoder.views(input, mode),
            Self::Tfn(encoder) => encoder.views(input, mode),
            Self::Lfn(encoder) => encoder.views(input, mode),
            Self::Mfn(encoder) => encoder.views(input, mode),
            Self::MagBert(encoder) => encoder.views(input, mode),
            Self::MagXlnet(encoder) => encoder.views(input, mode),
        }
    }

    fn fuse(&self, views: &Views, mode: &mut Mode) -> Tensor<2> {
        match self {
            Self::EfLstm(encoder) => encoder.fuse(views, mode),
            Self::LateLstm(encoder) => encoder.fuse(views, mode),
            Self::Tfn(encoder) => encoder.fuse(views, mode),
            Self::Lfn(encoder) => encoder.fuse(views, mode),
            Self::Mfn(encoder) => encoder.fuse(views, mode),
            Self::MagBert(encoder) => encoder.fuse(views, mode),
            Self::MagXlnet(encoder) => encoder.fuse(views, mode),
        }
    }

    fn d_z(&self) -> usize {
        match self {
            Self::EfLstm(encoder) => encoder.d_z(),
            Self::LateLstm(encoder) => encoder.d_z(),
            Self::Tfn(encoder) => encoder.d_z(),
            Self::Lfn(encoder) => encoder.d_z(),
            Self::Mfn(encoder) => encoder.d_z(),
            Self::MagBert(encoder) => encoder.d_z(),
            Self::MagXlnet(encoder) => encoder.d_z(),
        }
    }

    fn batch_of_similar_length(&self) -> Option<usize> {
        match self {
            Self::MagBert(encoder) => encoder.batch_of_similar_length(),
            Self::MagXlnet(encoder) => encoder.batch_of_similar_length(),
            _ => None,
        }
    }
}

impl TorchNames for Encoder {
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        match self {
            Self::EfLstm(encoder) => encoder.visit_torch(prefix, visitor),
            Self::LateLstm(encoder) => encoder.visit_torch(prefix, visitor),
            Self::Tfn(encoder) => encoder.visit_torch(prefix, visitor),
            Self::Lfn(encoder) => encoder.visit_torch(prefix, visitor),
            Self::Mfn(encoder) => encoder.visit_torch(prefix, visitor),
            Self::MagBert(encoder) => encoder.visit_torch(prefix, visitor),
            Self::MagXlnet(encoder) => encoder.visit_torch(prefix, visitor),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Language, StepMask, Vocabulary};
    use burn::tensor::TensorData;
    use mdm_core::{init, seed};

    fn configs() -> Vec<ModelConfig> {
        let config = |name| ModelConfig {
            name,
            head_dropout: 0.0,
            ef_lstm: EfLstmConfig { hidden: 6 },
            late_lstm: LateLstmConfig {
                hidden: vec![4, 3, 2],
                d_z: 5,
            },
            tfn: TfnConfig {
                hidden: vec![4, 3, 2],
                language_out: 2,
                d_z: 5,
                ..TfnConfig::default()
            },
            lfn: LfnConfig {
                hidden: vec![4, 3, 2],
                language_out: 2,
                d_z: 5,
                ..LfnConfig::default()
            },
            mfn: MfnConfig {
                hidden: vec![4, 3, 2],
                memory: 3,
                d_z: 5,
                ..MfnConfig::default()
            },
            ..Default::default()
        };
        Model::ALL.map(config).to_vec()
    }

    /// Three modalities as a model takes them: widths 4, 3 and 2, or pieces and widths 3 and 2.
    fn inputs(config: &ModelConfig) -> Inputs {
        match config.name.reads_pieces() {
            false => Inputs::vectors(&[4, 3, 2]),
            true => Inputs {
                dims: vec![1, 3, 2],
                language: Language::Pieces(VOCABULARY),
            },
        }
    }

    const VOCABULARY: Vocabulary = Vocabulary {
        size: 20,
        cls: 2,
        sep: 3,
        pad: 0,
    };

    fn encoder(config: &ModelConfig, inputs: &Inputs, device: &Device) -> Encoder {
        let mut rng = seed::stream(0, "init", 0);
        let (encoder, _) = config.init(inputs, 1, &mut rng, device).unwrap();
        encoder
    }

    fn batch(inputs: &Inputs, padding: f32, device: &Device) -> Sequences {
        let mut rng = seed::stream(0, "batch", 0);
        let lengths = [5, 2, 3];
        let dims = &inputs.dims;
        let modality = |(place, &dim): (usize, &usize)| {
            let x = init::uniform([3, 5, dim], 1.0, &mut rng, device).val();
            let x = match inputs.language {
                // Any pieces but the special ones.
                Language::Pieces(_) if place == 0 => (x * 7.0 + 12.0).round(),
                _ => x,
            };
            let real = (0..3 * 5 * dim)
                .map(|place| place / dim % 5 < lengths[place / dim / 5])
                .collect::<Vec<_>>();
            let real = Tensor::<3, burn::tensor::Bool>::from_data(
                TensorData::new(real, [3, 5, dim]),
                device,
            );
            Tensor::full_like(&x, padding).mask_where(real, x)
        };
        Sequences {
            modalities: dims.iter().enumerate().map(modality).collect(),
            mask: StepMask::from_lengths(&lengths, 5),
        }
    }

    #[test]
    fn no_model_sees_what_stands_under_the_padding() {
        let device = Device::flex();
        for config in configs() {
            let encoder = encoder(&config, &inputs(&config), &device);
            let z = |padding| {
                let z = encoder.encode(&batch(&inputs(&config), padding, &device), &mut Mode::Eval);
                assert_eq!(z.dims(), [3, encoder.d_z()]);
                z.try_into_vec_as::<f32>().unwrap()
            };
            assert_eq!(z(0.0), z(f32::NAN), "{}", config.name);
        }
    }

    #[test]
    fn no_model_depends_on_how_much_padding_there_is() {
        let device = Device::flex();
        for config in configs() {
            let inputs = inputs(&config);
            let encoder = encoder(&config, &inputs, &device);
            let whole = batch(&inputs, 0.0, &device);
            // Rows 1 and 2 have 2 and 3 steps of the 5.
            let rows = |x: &Tensor<3>| x.clone().narrow(0, 1, 2).narrow(1, 0, 3);
            let short = Sequences {
                modalities: whole.modalities.iter().map(rows).collect(),
                mask: StepMask::from_lengths(&[2, 3], 3),
            };
            let z = encoder.encode(&whole, &mut Mode::Eval).narrow(0, 1, 2);
            let difference = (z - encoder.encode(&short, &mut Mode::Eval)).abs().max();
            assert!(difference.into_scalar::<f32>() < 1e-6, "{}", config.name);
        }
    }

    #[test]
    fn dropout_is_on_in_training_only() {
        let device = Device::flex();
        for mut config in configs() {
            config.tfn.dropout = vec![0.5; 3];
            config.tfn.product_dropout = 0.5;
            config.lfn.dropout = vec![0.5; 3];
            config.mfn.attention.dropout = 0.5;
            config.mfn.retain.dropout = 0.5;
            let inputs = inputs(&config);
            let encoder = encoder(&config, &inputs, &device);
            let z = |mode: &mut Mode| {
                let z = encoder.encode(&batch(&inputs, 0.0, &device), mode);
                z.try_into_vec_as::<f32>().unwrap()
            };
            let before = z(&mut Mode::Eval);
            assert_eq!(before, z(&mut Mode::Eval), "{}", config.name);
            let train = |seed| z(&mut Mode::Train(&mut seed::stream(seed, "dropout", 0)));
            let has_dropout = !matches!(config.name, Model::EfLstm | Model::LateLstm);
            assert_eq!(train(0) != train(1), has_dropout, "{}", config.name);
            assert!(train(0).iter().all(|z| z.is_finite()));
        }
    }

    #[test]
    fn the_identity_permutation_gives_the_joint_batch_and_another_does_not() {
        let device = Device::flex();
        for config in configs() {
            let encoder = encoder(&config, &inputs(&config), &device);
            let views = encoder.views(&batch(&inputs(&config), 0.0, &device), &mut Mode::Eval);
            let z = |views: &Views| {
                let z = encoder.fuse(views, &mut Mode::Eval);
                z.try_into_vec_as::<f32>().unwrap()
            };
            let same = vec![vec![0, 1, 2]; 3];
            assert_eq!(z(&views), z(&views.permute(&same)));
            let shifted = [vec![0, 1, 2], vec![1, 2, 0], vec![2, 0, 1]];
            assert_ne!(z(&views), z(&views.permute(&shifted)));
        }
    }

    #[test]
    fn a_model_of_pieces_takes_any_number_of_modalities_and_no_vectors() {
        let device = Device::flex();
        let mut rng = seed::stream(0, "init", 0);
        for name in Model::ALL.into_iter().filter(|name| name.reads_pieces()) {
            let config = ModelConfig {
                name,
                ..Default::default()
            };
            let mut init = |dims: &[usize], language| {
                let inputs = Inputs {
                    dims: dims.to_vec(),
                    language,
                };
                config.init(&inputs, 1, &mut rng, &device)
            };
            // Text alone, two, four.
            for dims in [&[1][..], &[1, 3], &[1, 3, 2, 5]] {
                init(dims, Language::Pieces(VOCABULARY)).unwrap();
            }
            let error = init(&[4, 3], Language::Vectors).unwrap_err().to_string();
            assert!(error.contains("ef-lstm, late-lstm"), "{error}");
            init(&[3], Language::Absent).unwrap_err();
        }
    }

    #[test]
    fn any_number_of_modalities_each_of_which_counts() {
        let device = Device::flex();
        for dims in [vec![3], vec![3, 4], vec![3, 4, 5, 6]] {
            for mut config in configs() {
                if config.name.needs_language() && dims.len() == 1 {
                    continue;
                }
                let hidden = vec![8; dims.len()];
                config.late_lstm.hidden = hidden.clone();
                config.tfn.hidden = hidden.clone();
                config.tfn.dropout = vec![0.0; dims.len()];
                config.lfn.hidden = hidden.clone();
                config.lfn.dropout = vec![0.0; dims.len()];
                config.mfn.hidden = hidden;
                let mut inputs = inputs(&config);
                inputs.dims[0] = if config.name.reads_pieces() { 1 } else { 3 };
                inputs.dims.truncate(1);
                inputs.dims.extend(&dims[1..]);
                let encoder = encoder(&config, &inputs, &device);
                let z = |input: &Sequences| {
                    let z = encoder.encode(input, &mut Mode::Eval);
                    z.try_into_vec_as::<f32>().unwrap()
                };
                let input = batch(&inputs, 0.0, &device);
                for modality in 0..dims.len() {
                    let mut other = input.clone();
                    let changed = &mut other.modalities[modality];
                    // Another frame everywhere, and another piece of the vocabulary.
                    *changed = changed.clone().neg() + 19.0;
                    assert_ne!(z(&input), z(&other), "{} {modality}", config.name);
                }
            }
        }
    }

    #[test]
    fn clear_errors() {
        let mut rng = seed::stream(0, "init", 0);
        let mut error = |config: &ModelConfig, inputs: &Inputs| {
            let built = config.init(inputs, 1, &mut rng, &Device::flex());
            built.unwrap_err().to_string()
        };
        for config in configs() {
            error(&config, &Inputs::vectors(&[]));
            if config.name != Model::EfLstm && !config.name.reads_pieces() {
                let field = config.name.name().replace('-', "_");
                let error = error(&config, &Inputs::vectors(&[3, 4]));
                assert!(error.contains(&format!("model.{field}.hidden")), "{error}");
            }
            if config.name.needs_language() {
                let single = error(&config, &Inputs::vectors(&[3]));
                assert!(single.contains("single modality"), "{single}");
                let mut inputs = Inputs::vectors(&[3, 4, 5]);
                inputs.language = crate::Language::Absent;
                let error = error(&config, &inputs);
                assert!(error.contains("ef-lstm, late-lstm, mfn"), "{error}");
            }
        }
        assert!("tfn-2000".parse::<Model>().is_err());
    }

    #[test]
    fn an_official_form_has_the_head_of_its_authors() {
        let device = Device::flex();
        let mut rng = seed::stream(0, "init", 0);
        for mut config in configs() {
            let inputs = inputs(&config);
            config.tfn.form = Form::Official;
            config.lfn.form = Form::Official;
            let (encoder, head) = config.init(&inputs, 1, &mut rng, &device).unwrap();
            match config.name {
                Model::Lfn => assert!(encoder.d_z() == 1 && head.linear.is_none()),
                name => {
                    let z = Tensor::ones([1, encoder.d_z()], &device) * 1e4;
                    let output = head.forward(z, &mut Mode::Eval);
                    let bounded = output.abs().into_scalar::<f32>() <= 3.0;
                    assert_eq!(bounded, name == Model::Tfn, "{name}");
                }
            }
        }
    }
}
