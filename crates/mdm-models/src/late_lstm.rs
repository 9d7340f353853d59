//! Late fusion: one LSTM a modality, then one layer over their last states.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, activation};
use mdm_core::seed::ChaCha8Rng;
use mdm_core::{Mode, init};
use serde::{Deserialize, Serialize};

use crate::fusion::{LastSteps, last_states};
use crate::{
    Error, FusionEncoder, Lstm, Sequences, TorchNames, TorchVisitor, Views, rows, torch_names,
};

/// Settings of [`LateLstm`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LateLstmConfig {
    /// Width of each modality's LSTM, in the order language, audio, vision; each at least 1.
    pub hidden: Vec<usize>,
    /// Width of Z; at least 1.
    pub d_z: usize,
}

impl Default for LateLstmConfig {
    fn default() -> Self {
        Self {
            hidden: vec![48, 24, 24],
            d_z: 64,
        }
    }
}

impl LateLstmConfig {
    /// A fresh encoder for modalities of these widths.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a width of 0, [`Error::Modalities`] when `hidden` is not one width a modality.
    pub fn init(
        &self,
        dims: &[usize],
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Result<LateLstm, Error> {
        Error::check_widths("model.late_lstm.hidden", &self.hidden)?;
        Error::check_widths("model.late_lstm.d_z", &[self.d_z])?;
        Error::check_widths("modalities", dims)?;
        Error::check_modalities("model.late_lstm.hidden", dims.len(), self.hidden.len())?;
        let pairs = dims.iter().zip(&self.hidden);
        Ok(LateLstm {
            lstms: pairs
                .map(|(&dim, &hidden)| Lstm::init(dim, hidden, rng, device))
                .collect(),
            fc1: init::linear(self.hidden.iter().sum(), self.d_z, rng, device),
        })
    }
}

/// One LSTM a modality, `Z = ReLU(fc1([h_language; h_audio; h_vision]))`: what the paper's text calls EF-LSTM.
#[derive(Module, Debug)]
pub struct LateLstm {
    /// One recurrent layer a modality.
    pub lstms: Vec<Lstm>,
    /// From the joined last states to Z.
    pub fc1: Linear,
}

impl FusionEncoder for LateLstm {
    fn views(&self, input: &Sequences, _mode: &mut Mode) -> Views {
        let (modalities, lengths) = input.unpadded();
        let LastSteps { steps, lengths } = LastSteps::of(&lengths);
        let pairs = self.lstms.iter().zip(modalities);
        Views {
            modalities: pairs.map(|(lstm, x)| lstm.at(x, &steps)).collect(),
            lengths,
        }
    }

    fn fuse(&self, views: &Views, _mode: &mut Mode) -> Tensor<2> {
        let states = views.modalities.iter();
        let last = states.map(|states| last_states(states.clone(), &views.lengths));
        activation::relu(rows::linear(&self.fc1, Tensor::cat(last.collect(), 1)))
    }

    fn d_z(&self) -> usize {
        self.fc1.weight.dims()[1]
    }
}

impl TorchNames for LateLstm {
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        for (modality, lstm) in torch_names::MODALITIES.iter().zip(&mut self.lstms) {
            torch_names::lstm(&format!("{prefix}lstm_{modality}"), "", lstm, visitor);
        }
        torch_names::linear(&format!("{prefix}fc1"), &mut self.fc1, visitor);
    }
}
