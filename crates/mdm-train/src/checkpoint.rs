//! A run's weights as one safetensors file.

use std::path::Path;

use burn::module::Module;
use burn::store::{ModuleSnapshot, SafetensorsStore};
use mdm_core::Critic;
use mdm_models::{FusionEncoder, Head};

use crate::Error;
use crate::algorithm::{Algorithm1, FusionModel};
use crate::atomic::write_atomically;

/// Everything that predicts and scores: encoder, head and, with a penalty, critic.
#[derive(Module, Debug)]
pub struct Checkpoint<E: FusionEncoder> {
    /// From a batch to Z.
    pub encoder: E,
    /// From Z to the outputs.
    pub head: Head,
    /// T_θ, for the scores of single samples.
    pub critic: Option<Critic>,
}

impl<E: FusionEncoder> Checkpoint<E> {
    /// The weights of a training as they stand, off the graph.
    pub fn of(algorithm: &Algorithm1<E>) -> Self {
        let model = algorithm.model.valid();
        Self {
            encoder: model.encoder,
            head: model.head,
            critic: algorithm
                .penalty
                .as_ref()
                .map(|penalty| penalty.objective.critic().valid()),
        }
    }

    /// Encoder and head alone.
    pub fn model(&self) -> FusionModel<E> {
        FusionModel {
            encoder: self.encoder.clone(),
            head: self.head.clone(),
        }
    }

    /// Writes the weights; equal weights give equal bytes, and an earlier file stays whole if that fails.
    ///
    /// # Errors
    ///
    /// [`Error::Weights`] or [`Error::Io`].
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        // The default metadata comes in random order and would make equal files differ.
        let mut store = SafetensorsStore::from_bytes(None).clear_metadata();
        self.save_into(&mut store)
            .map_err(|error| weights_error("write", path, error))?;
        let bytes = store
            .get_bytes()
            .map_err(|error| weights_error("write", path, error))?;
        write_atomically(path, &bytes)
    }

    /// The weights of `path` in place of this checkpoint's own.
    ///
    /// # Errors
    ///
    /// [`Error::Weights`] when the file cannot be read or a tensor is missing or has another shape.
    pub fn load(mut self, path: &Path) -> Result<Self, Error> {
        let mut store = SafetensorsStore::from_file(path);
        self.load_from(&mut store)
            .map_err(|error| weights_error("read", path, error))?;
        Ok(self)
    }
}

fn weights_error(action: &'static str, path: &Path, reason: impl std::fmt::Display) -> Error {
    Error::Weights {
        action,
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Tensor};
    use mdm_core::{Mode, seed};
    use mdm_models::{Encoder, Inputs, Model, ModelConfig, Sequences, StepMask};

    #[test]
    fn running_statistics_are_part_of_a_checkpoint() {
        let device = Device::flex();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("best.safetensors");
        let input = Sequences {
            modalities: [4, 3, 2]
                .map(|dim| {
                    Tensor::arange(0..2 * 3 * dim, &device)
                        .float()
                        .reshape([2, 3, dim as usize])
                })
                .to_vec(),
            mask: StepMask::full(2, 3),
        };
        for name in [Model::Tfn, Model::Lfn] {
            let config = ModelConfig {
                name,
                ..ModelConfig::default()
            };
            let fresh = |device: &Device| {
                let mut rng = seed::stream(0, "model", 0);
                let inputs = Inputs::vectors(&[4, 3, 2]);
                let (encoder, head) = config.init(&inputs, 1, &mut rng, device).unwrap();
                Checkpoint {
                    encoder,
                    head,
                    critic: None,
                }
            };
            let values = |checkpoint: &Checkpoint<Encoder>| {
                let output = checkpoint.model().predict(&input);
                output.try_into_vec_as::<f32>().unwrap()
            };
            let trained = fresh(&device.clone().autodiff());
            let mode = &mut Mode::Train(&mut seed::stream(0, "dropout", 0));
            trained.encoder.views(&input, mode);
            let trained = trained.valid();
            trained.save(&path).unwrap();
            let loaded = fresh(&device).load(&path).unwrap();
            assert_eq!(values(&loaded), values(&trained), "{name}");
            assert_ne!(values(&loaded), values(&fresh(&device)), "{name}");
        }
    }
}
