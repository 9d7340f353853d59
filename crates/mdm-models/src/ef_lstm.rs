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

    /// The rows of both batches are those of one recursion.
    fn encode_pair(
        &self,
        input: &Sequences,
        permutations: &[Vec<usize>],
        _mode: &mut Mode,
    ) -> (Tensor<2>, Tensor<2>) {
        let (modalities, lengths) = input.unpadded();
        let count = lengths.len();
        let both = |product: &Vec<usize>| (0..count).chain(product.iter().copied()).collect();
        let rows: Vec<Vec<usize>> = permutations.iter().map(both).collect();
        let lengths: Vec<usize> = rows[0].iter().map(|&row| lengths[row]).collect();
        let last = LastSteps::of(&lengths);
        let z = self.finish(self.lstm.mixed(modalities, &rows, &last.steps), &last);
        (z.clone().narrow(0, 0, count), z.narrow(0, count, count))
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

    fn encoder_and_input() -> (EfLstm, Sequences) {
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
        (encoder, input)
    }

    fn largest<const D: usize>(difference: Tensor<D>) -> f32 {
        difference.abs().max().into_scalar()
    }

    #[test]
    fn encoded_at_once_is_what_the_views_fuse_to() {
        let (encoder, input) = encoder_and_input();
        // With a graph and without.
        for encoder in [encoder.clone(), encoder.valid()] {
            let views = encoder.views(&input, &mut Mode::Eval);
            let fused = encoder.fuse(&views, &mut Mode::Eval);
            let encoded = encoder.encode(&input, &mut Mode::Eval);
            assert!(largest(fused - encoded) < 1e-6);
        }
    }

    #[test]
    fn a_pair_is_what_the_views_and_their_permutation_fuse_to() {
        let (encoder, input) = encoder_and_input();
        let permutations = [
            vec![0, 1, 2, 3, 4],
            vec![4, 0, 1, 2, 3],
            vec![1, 2, 3, 4, 0],
        ];
        let apart = |encoder: &EfLstm| {
            let views = encoder.views(&input, &mut Mode::Eval);
            let product = views.permute(&permutations);
            [views, product].map(|views| encoder.fuse(&views, &mut Mode::Eval))
        };
        let pair = |encoder: &EfLstm| {
            let pair = encoder.encode_pair(&input, &permutations, &mut Mode::Eval);
            <[Tensor<2>; 2]>::from(pair)
        };
        for encoder in [encoder.clone(), encoder.valid()] {
            let (pair, apart) = (pair(&encoder), apart(&encoder));
            for (pair, apart) in pair.into_iter().zip(apart) {
                assert!(largest(pair - apart) < 1e-6);
            }
        }
        // And so are the gradients, which are different ones for each number.
        let gradients = |[joint, product]: [Tensor<2>; 2]| {
            let weights = joint.clone().detach().cos();
            let loss = (joint * weights.clone() - product * weights).sum();
            let gradients = loss.backward();
            let lstm = &encoder.lstm;
            let of_bias = lstm.bias_hh.val().grad(&gradients).unwrap();
            let weights = [&lstm.weight_ih, &lstm.weight_hh, &encoder.fc1.weight];
            let of_weights = weights.map(|weight| weight.val().grad(&gradients).unwrap());
            (of_weights, of_bias)
        };
        let (of_pair, of_apart) = (gradients(pair(&encoder)), gradients(apart(&encoder)));
        for (of_pair, of_apart) in of_pair.0.into_iter().zip(of_apart.0) {
            assert!(largest(of_pair - of_apart) < 1e-6);
        }
        assert!(largest(of_pair.1 - of_apart.1) < 1e-6);
    }
}
