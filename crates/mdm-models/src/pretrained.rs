//! Pretrained weights by their PyTorch names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::module::Param;
use burn::tensor::{Device, Tensor};
use pytorch_reader::PytorchReader;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use crate::{Error, TorchForm, TorchNames, TorchVisitor};

/// Where a text encoder comes from and what of it is trained.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PretrainedConfig {
    /// Folder of a Hugging Face model: `config.json`, `model.safetensors` or `pytorch_model.bin`, and its tokeniser.
    /// Empty: random weights.
    pub pretrained: String,
    /// A tokeniser: such a folder, a `tokenizer.json`, a `vocab.txt` or a `spiece.model`. Empty: that of the pretrained
    /// model; without one, the words of the training split.
    pub tokenizer: String,
    /// Keep the embeddings as they are.
    pub freeze_embeddings: bool,
    /// Keep the first so many layers as they are.
    pub freeze_layers: usize,
}

impl PretrainedConfig {
    pub(crate) fn check(&self, layers: usize) -> Result<(), Error> {
        Error::check_at_most("text.freeze_layers", self.freeze_layers, layers)
    }
}

/// The files that may hold the weights of a model's folder, in the order they are looked for.
const FILES: [&str; 2] = ["model.safetensors", "pytorch_model.bin"];

/// What heads and old versions of Transformers leave in a file beside the encoder.
const NOT_THE_ENCODER: [&str; 7] = [
    "cls.",
    "lm_loss.",
    "classifier.",
    "logits_proj.",
    "sequence_summary.",
    "embeddings.position_ids",
    "mask_emb",
];

/// Tensors of a file by name.
#[derive(Debug)]
pub struct NamedTensors {
    path: PathBuf,
    tensors: BTreeMap<String, Stored>,
}

#[derive(Debug)]
struct Stored {
    shape: Vec<usize>,
    values: Vec<f32>,
}

impl NamedTensors {
    /// Reads the weights in the folder of a Hugging Face model. Nothing of a PyTorch file is executed.
    ///
    /// Names lose the prefix `bert.` or `transformer.`; the old names `gamma` and `beta` become `weight` and `bias`.
    ///
    /// # Errors
    ///
    /// [`Error::WeightsFile`] when there is no file or it is damaged.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let files = FILES.map(|name| folder.join(name));
        let Some(path) = files.iter().find(|path| path.is_file()) else {
            return Err(Error::WeightsFile {
                path: folder.to_owned(),
                reason: format!("expected one of {}, found none", FILES.join(", ")),
            });
        };
        let tensors = if path.extension().is_some_and(|extension| extension == "bin") {
            read_pytorch(path)?
        } else {
            read_safetensors(path)?
        };
        Ok(Self {
            path: path.clone(),
            tensors: tensors
                .into_iter()
                .map(|(name, stored)| (plain_name(&name), stored))
                .collect(),
        })
    }

    /// Puts the tensors into a module, all of them.
    ///
    /// # Errors
    ///
    /// [`Error::Weights`] with every tensor that is missing, has another shape or belongs nowhere.
    pub fn load_into(self, module: &mut impl TorchNames, device: &Device) -> Result<(), Error> {
        let mut loader = Loader {
            tensors: self.tensors,
            device,
            problems: Vec::new(),
        };
        module.visit_torch("", &mut loader);
        let surplus = loader.tensors.keys();
        let surplus = surplus.filter(|name| {
            !NOT_THE_ENCODER
                .iter()
                .any(|prefix| name.starts_with(prefix))
        });
        let surplus: Vec<String> = surplus.map(|name| format!("{name}: surplus")).collect();
        loader.problems.extend(surplus);
        if loader.problems.is_empty() {
            return Ok(());
        }
        Err(Error::Weights {
            path: self.path,
            problems: loader.problems,
        })
    }
}

fn plain_name(name: &str) -> String {
    let prefixes = ["bert.", "transformer."];
    let plain = prefixes.iter().find_map(|prefix| name.strip_prefix(prefix));
    let plain = plain.unwrap_or(name);
    match plain.rsplit_once('.') {
        Some((layer, "gamma")) => format!("{layer}.weight"),
        Some((layer, "beta")) => format!("{layer}.bias"),
        _ => plain.to_owned(),
    }
}

struct Loader<'d> {
    tensors: BTreeMap<String, Stored>,
    device: &'d Device,
    problems: Vec<String>,
}

impl TorchVisitor for Loader<'_> {
    fn parameter<const D: usize>(
        &mut self,
        name: &str,
        form: TorchForm,
        parameter: &mut Param<Tensor<D>>,
    ) {
        match self.tensors.remove(name) {
            None => self.problems.push(format!("{name}: missing")),
            Some(stored) if stored.shape != form.shape => self.problems.push(format!(
                "{name}: expected the shape {:?}, found {:?}",
                form.shape, stored.shape
            )),
            Some(stored) => *parameter = form.parameter(stored.values, parameter, self.device),
        }
    }
}

fn file_error(path: &Path, reason: impl std::fmt::Display) -> Error {
    Error::WeightsFile {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

fn read_safetensors(path: &Path) -> Result<BTreeMap<String, Stored>, Error> {
    let bytes = std::fs::read(path).map_err(|error| file_error(path, error))?;
    let file = SafeTensors::deserialize(&bytes).map_err(|error| file_error(path, error))?;
    let mut tensors = BTreeMap::new();
    for (name, view) in file.iter() {
        // Integers are no weights: old files keep their positions among them.
        let values = match view.dtype() {
            Dtype::F32 => float32(view.data()),
            Dtype::F16 => half(view.data(), |bits| f32::from(half::f16::from_bits(bits))),
            Dtype::BF16 => half(view.data(), |bits| f32::from(half::bf16::from_bits(bits))),
            _ => continue,
        };
        let shape = view.shape().to_vec();
        tensors.insert(name.to_owned(), Stored { shape, values });
    }
    Ok(tensors)
}

fn read_pytorch(path: &Path) -> Result<BTreeMap<String, Stored>, Error> {
    let reader = PytorchReader::new(path).map_err(|error| file_error(path, error))?;
    let mut tensors = BTreeMap::new();
    for (name, tensor) in reader.into_tensors() {
        let decode: fn(&[u8]) -> Vec<f32> = match tensor.dtype() {
            pytorch_reader::DType::F32 => float32,
            pytorch_reader::DType::F16 => {
                |bytes| half(bytes, |bits| f32::from(half::f16::from_bits(bits)))
            }
            pytorch_reader::DType::BF16 => {
                |bytes| half(bytes, |bits| f32::from(half::bf16::from_bits(bits)))
            }
            _ => continue,
        };
        let bytes = tensor.read();
        let bytes = bytes.map_err(|error| file_error(path, format!("tensor {name}: {error}")))?;
        let shape = tensor.shape().to_vec();
        let values = decode(&bytes);
        tensors.insert(name, Stored { shape, values });
    }
    Ok(tensors)
}

fn float32(bytes: &[u8]) -> Vec<f32> {
    let (elements, _) = bytes.as_chunks::<4>();
    elements.iter().map(|&x| f32::from_le_bytes(x)).collect()
}

fn half(bytes: &[u8], decode: fn(u16) -> f32) -> Vec<f32> {
    let (elements, _) = bytes.as_chunks::<2>();
    elements
        .iter()
        .map(|&x| decode(u16::from_le_bytes(x)))
        .collect()
}

/// A config with the values of a `config.json` for the keys that it has itself. A key that is missing there keeps its
/// default: files leave out what their version of Transformers did not know.
pub(crate) fn known_keys<T: Serialize + serde::de::DeserializeOwned>(
    config: &serde_json::Value,
    default: &T,
) -> Result<T, serde_json::Error> {
    let mut known = serde_json::to_value(default)?;
    if let Some(known) = known.as_object_mut() {
        for (key, value) in known {
            if let Some(given) = config.get(key.as_str()) {
                *value = given.clone();
            }
        }
    }
    serde_json::from_value(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_prefix_and_their_age() {
        for (name, plain) in [
            ("bert.pooler.dense.weight", "pooler.dense.weight"),
            (
                "transformer.layer.0.ff.layer_1.bias",
                "layer.0.ff.layer_1.bias",
            ),
            (
                "bert.embeddings.LayerNorm.gamma",
                "embeddings.LayerNorm.weight",
            ),
            ("embeddings.LayerNorm.beta", "embeddings.LayerNorm.bias"),
            (
                "encoder.layer.1.output.dense.weight",
                "encoder.layer.1.output.dense.weight",
            ),
        ] {
            assert_eq!(plain_name(name), plain);
        }
    }
}
