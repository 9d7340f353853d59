//! The models by name: what a config chooses from.

use std::fmt;
use std::str::FromStr;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use mdm_core::Mode;
use mdm_core::seed::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{
    EfLstm, EfLstmConfig, Error, FusionEncoder, Head, Inputs, LateLstm, LateLstmConfig, MagBert,
    MagBertConfig, MagXlnet, MagXlnetConfig, Sequences, TorchNames, TorchVisitor, Views,
};

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
    /// [`MagBert`]: BERT with the multimodal adaptation gate.
    MagBert,
    /// [`MagXlnet`]: XLNet with the multimodal adaptation gate.
    MagXlnet,
}

impl Model {
    /// Every model.
    pub const ALL: [Self; 4] = [Self::EfLstm, Self::LateLstm, Self::MagBert, Self::MagXlnet];

    /// The name in configs and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EfLstm => "ef-lstm",
            Self::LateLstm => "late-lstm",
            Self::MagBert => "mag-bert",
            Self::MagXlnet => "mag-xlnet",
        }
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
    /// Dropout before the linear head, in [0, 1).
    pub head_dropout: f64,
    /// Settings of `ef-lstm`.
    pub ef_lstm: EfLstmConfig,
    /// Settings of `late-lstm`.
    pub late_lstm: LateLstmConfig,
    /// Settings of `mag-bert`.
    pub mag_bert: MagBertConfig,
    /// Settings of `mag-xlnet`.
    pub mag_xlnet: MagXlnetConfig,
}

impl ModelConfig {
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
        Error::check_probability("model.head_dropout", self.head_dropout)?;
        let dims = &inputs.dims;
        let encoder = match self.name {
            Model::EfLstm => Encoder::EfLstm(self.ef_lstm.init(dims, rng, device)?),
            Model::LateLstm => Encoder::LateLstm(self.late_lstm.init(dims, rng, device)?),
            Model::MagBert => Encoder::MagBert(self.mag_bert.init(inputs, rng, device)?),
            Model::MagXlnet => Encoder::MagXlnet(self.mag_xlnet.init(inputs, rng, device)?),
        };
        let head = Head::init(encoder.d_z(), outputs, self.head_dropout, rng, device);
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
    MagBert(MagBert),
    MagXlnet(MagXlnet),
}

impl FusionEncoder for Encoder {
    fn views(&self, input: &Sequences, mode: &mut Mode) -> Views {
        match self {
            Self::EfLstm(encoder) => encoder.views(input, mode),
            Self::LateLstm(encoder) => encoder.views(input, mode),
            Self::MagBert(encoder) => encoder.views(input, mode),
            Self::MagXlnet(encoder) => encoder.views(input, mode),
        }
    }

    fn fuse(&self, views: &Views, mode: &mut Mode) -> Tensor<2> {
        match self {
            Self::EfLstm(encoder) => encoder.fuse(views, mode),
            Self::LateLstm(encoder) => encoder.fuse(views, mode),
            Self::MagBert(encoder) => encoder.fuse(views, mode),
            Self::MagXlnet(encoder) => encoder.fuse(views, mode),
        }
    }

    fn d_z(&self) -> usize {
        match self {
            Self::EfLstm(encoder) => encoder.d_z(),
            Self::LateLstm(encoder) => encoder.d_z(),
            Self::MagBert(encoder) => encoder.d_z(),
            Self::MagXlnet(encoder) => encoder.d_z(),
        }
    }
}

impl TorchNames for Encoder {
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        match self {
            Self::EfLstm(encoder) => encoder.visit_torch(prefix, visitor),
            Self::LateLstm(encoder) => encoder.visit_torch(prefix, visitor),
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

    fn encoder(config: &ModelConfig, device: &Device) -> Encoder {
        let mut rng = seed::stream(0, "init", 0);
        let (encoder, _) = config.init(&inputs(config), 1, &mut rng, device).unwrap();
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
            let encoder = encoder(&config, &device);
            let z = |padding| {
                let z = encoder.encode(&batch(&inputs(&config), padding, &device), &mut Mode::Eval);
                assert_eq!(z.dims(), [3, encoder.d_z()]);
                z.try_into_vec_as::<f32>().unwrap()
            };
            assert_eq!(z(0.0), z(f32::NAN), "{}", config.name);
        }
    }

    #[test]
    fn the_identity_permutation_gives_the_joint_batch_and_another_does_not() {
        let device = Device::flex();
        for config in configs() {
            let encoder = encoder(&config, &device);
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
    fn any_number_of_modalities_and_clear_errors() {
        let device = Device::flex();
        let mut rng = seed::stream(0, "init", 0);
        let mut config = configs()[0].clone();
        let mut init = |config: &ModelConfig, dims: &[usize]| {
            config.init(&Inputs::vectors(dims), 1, &mut rng, &device)
        };
        assert!(init(&config, &[3, 4]).is_ok());
        assert!(init(&config, &[3, 4, 5, 6]).is_ok());
        assert!(init(&config, &[]).is_err());
        config.name = Model::LateLstm;
        let error = init(&config, &[3, 4]).unwrap_err();
        assert!(
            error.to_string().contains("model.late_lstm.hidden"),
            "{error}"
        );
        assert!("tfn-2000".parse::<Model>().is_err());
    }
}
