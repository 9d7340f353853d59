//! Early fusion: the modalities are joined at every step and read by one LSTM.

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
/// The modalities mix from the first step on, so little is theirs alone: a view is what a modality gives to the gates, its
/// part of the product of `[language; audio; vision]` with W_ih. That is most of the work, though, and done once for the joint
/// and the product batch.
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
        let (modalities, lengths) = input.unpadded();
        let mut first = 0;
        let drive = |x: Tensor<3>| {
            let columns = first;
            first += x.dims()[2];
            self.lstm.drive(x, columns)
        };
        Views {
            modalities: modalities.into_iter().map(drive).collect(),
            lengths,
        }
    }

    fn fuse(&self, views: &Views, _mode: &mut Mode) -> Tensor<2> {
        let drives = views.modalities.iter().cloned();
        let drive = drives.reduce(|sum, drive| sum + drive);
        let drive = drive.expect("a corpus has a modality");
        let last = LastSteps::of(&views.lengths);
        self.finish(self.lstm.driven(drive, &last.steps), &last)
    }

    /// Without a product batch there is nothing to share: one product of all modalities.
    fn encode(&self, input: &Sequences, _mode: &mut Mode) -> Tensor<2> {
        let (modalities, lengths) = input.unpadded();
        let last = LastSteps::of(&lengths);
        self.finish(self.lstm.of_parts(modalities, &last.steps), &last)
    }

    fn d_z(&self) -> usize {
        self.fc1.weight.dims()[1]
    }
}

impl EfLstm {
    fn finish(&self, states: Tensor<3>, last: &LastSteps) -> Tensor<2> {
        let last = last_states(states, &last.lengths);
        activation::relu(rows::linear(&self.fc1, last))
    }
}

impl TorchNames for EfLstm {
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        torch_names::lstm(&format!("{prefix}lstm"), "", &mut self.lstm, visitor);
        torch_names::linear(&format!("{prefix}fc1"), &mut self.fc1, visitor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StepMask;
    use mdm_core::seed;

    #[test]
    fn encoded_at_once_is_what_the_views_fuse_to() {
        let device = Device::flex().autodiff();
        let mut rng = seed::stream(0, "ef-lstm", 0);
        let encoder = EfLstmConfig { hidden: 6 }
            .init(&[4, 3, 2], &mut rng, &device)
            .unwrap();
        let modalities = [4, 3, 2].map(|dim| {
            let x = init::uniform([5, 7, dim], 1.0, &mut rng, &device);
            x.val().inner()
        });
        let input = Sequences {
            modalities: modalities.into(),
            mask: StepMask::from_lengths(&[7, 1, 4, 7, 2], 7),
        };
        // With a graph and without.
        for encoder in [encoder.clone(), encoder.valid()] {
            let views = encoder.views(&input, &mut Mode::Eval);
            let fused = encoder.fuse(&views, &mut Mode::Eval);
            let encoded = encoder.encode(&input, &mut Mode::Eval);
            let difference = (fused - encoded).abs().max();
            assert!(difference.into_scalar::<f32>() < 1e-6);
        }
    }
}
