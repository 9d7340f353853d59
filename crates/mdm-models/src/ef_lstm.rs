//! Early fusion: the modalities are joined at every step and read by one LSTM.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, activation};
use mdm_core::seed::ChaCha8Rng;
use mdm_core::{Mode, init};
use serde::{Deserialize, Serialize};

use crate::fusion::{LastSteps, last_states};
use crate::{Error, FusionEncoder, Lstm, Sequences, TorchNames, TorchVisitor, Views, torch_names};

/// Settings of [`EfLstm`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EfLstmConfig {
    /// Width of the LSTM and of Z; at least 1. The authors' MOSI run: 128.
    pub hidden: usize,
}

impl Default for EfLstmConfig {
    fn default() -> Self {
        Self { hidden: 64 }
    }
}

impl EfLstmConfig {
    /// A fresh encoder for modalities of these widths.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a width of 0 or no modality.
    pub fn init(
        &self,
        dims: &[usize],
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Result<EfLstm, Error> {
        Error::check_widths("model.ef_lstm.hidden", &[self.hidden])?;
        Error::check_widths("modalities", dims)?;
        Ok(EfLstm {
            lstm: Lstm::init(dims.iter().sum(), self.hidden, rng, device),
            fc1: init::linear(self.hidden, self.hidden, rng, device),
        })
    }
}

/// EF-LSTM as in every official implementation: `h = LSTM([language; audio; vision])`, `Z = ReLU(fc1(h_last))`.
///
/// The paper's text describes something else under this name, one LSTM a modality and then fusion:
/// [`LateLstm`](crate::LateLstm).
#[derive(Module, Debug)]
pub struct EfLstm {
    /// The recurrent layer over the joined features.
    pub lstm: Lstm,
    /// From the last state to Z.
    pub fc1: Linear,
}

impl FusionEncoder for EfLstm {
    fn views(&self, input: &Sequences, _mode: &mut Mode) -> Views {
        // Modalities mix from the first step: a view is the raw sequence.
        let (modalities, lengths) = input.unpadded();
        Views {
            modalities,
            lengths,
        }
    }

    fn fuse(&self, views: &Views, _mode: &mut Mode) -> Tensor<2> {
        let joined = Tensor::cat(views.modalities.clone(), 2);
        let last = LastSteps::of(&views.lengths);
        let last = last_states(self.lstm.at(joined, &last.steps), &last.lengths);
        activation::relu(self.fc1.forward(last))
    }

    fn d_z(&self) -> usize {
        self.fc1.weight.dims()[1]
    }
}

impl TorchNames for EfLstm {
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        torch_names::lstm(&format!("{prefix}lstm"), "", &mut self.lstm, visitor);
        torch_names::linear(&format!("{prefix}fc1"), &mut self.fc1, visitor);
    }
}
