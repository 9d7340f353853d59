//! Memory fusion network (Zadeh et al., 2018).

#[cfg(feature = "flex")]
mod flex;
mod memory;
mod window;

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, activation};
use mdm_core::seed::ChaCha8Rng;
use mdm_core::stochastic::{dropout, dropout_mask};
use mdm_core::{Mode, init};
use serde::{Deserialize, Serialize};

use memory::Gate;

use crate::fusion::last_states;
use crate::{
    Error, FusionEncoder, Lstm, Sequences, TorchNames, TorchVisitor, Views, rows, torch_names,
};

/// Settings of [`Mfn`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MfnConfig {
    /// Width of each modality's LSTM, in the order language, audio, vision; each at least 1.
    pub hidden: Vec<usize>,
    /// Width of the memory; at least 1.
    pub memory: usize,
    /// Width of Z; at least 1.
    pub d_z: usize,
    /// The attention over the cells of two steps; `NN1` in the authors' code.
    pub attention: TwoLayersConfig,
    /// What may be written into the memory; `NN2`.
    pub candidate: TwoLayersConfig,
    /// The gate of what is kept of the memory; `gamma1`.
    pub retain: TwoLayersConfig,
    /// The gate of what is written into it; `gamma2`.
    pub update: TwoLayersConfig,
}

/// Settings of a network with one hidden layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwoLayersConfig {
    /// Width of the hidden layer; at least 1.
    pub width: usize,
    /// Dropout of the hidden layer, in [0, 1).
    pub dropout: f64,
}

impl Default for TwoLayersConfig {
    fn default() -> Self {
        Self {
            width: 32,
            dropout: 0.0,
        }
    }
}

impl Default for MfnConfig {
    fn default() -> Self {
        Self {
            hidden: vec![48, 24, 24],
            memory: 64,
            d_z: 64,
            attention: TwoLayersConfig::default(),
            candidate: TwoLayersConfig::default(),
            retain: TwoLayersConfig::default(),
            update: TwoLayersConfig::default(),
        }
    }
}

impl MfnConfig {
    /// A fresh encoder for modalities of these widths.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a width of 0, a dropout outside [0, 1) or no modality, [`Error::Modalities`] when
    /// `hidden` is not one width a modality.
    pub fn init(
        &self,
        dims: &[usize],
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Result<Mfn, Error> {
        self.check(dims)?;
        let cells: usize = self.hidden.iter().sum();
        let window = 2 * cells;
        let memory = self.memory;
        let pairs = dims.iter().zip(&self.hidden);
        let lstms = pairs.map(|(&dim, &hidden)| Lstm::init(dim, hidden, rng, device));
        let lstms = lstms.collect();
        let mut network = |config: &TwoLayersConfig, input, output| TwoLayers {
            fc1: init::linear(input, config.width, rng, device),
            fc2: init::linear(config.width, output, rng, device),
            dropout: config.dropout,
        };
        Ok(Mfn {
            lstms,
            attention: network(&self.attention, window, window),
            candidate: network(&self.candidate, window, memory),
            retain: network(&self.retain, window + memory, memory),
            update: network(&self.update, window + memory, memory),
            fc1: init::linear(cells + memory, self.d_z, rng, device),
        })
    }

    fn check(&self, dims: &[usize]) -> Result<(), Error> {
        Error::check_widths("modalities", dims)?;
        Error::check_widths("model.mfn.hidden", &self.hidden)?;
        Error::check_modalities("model.mfn.hidden", dims.len(), self.hidden.len())?;
        for (field, width) in [
            ("model.mfn.memory", self.memory),
            ("model.mfn.d_z", self.d_z),
            ("model.mfn.attention.width", self.attention.width),
            ("model.mfn.candidate.width", self.candidate.width),
            ("model.mfn.retain.width", self.retain.width),
            ("model.mfn.update.width", self.update.width),
        ] {
            Error::check_widths(field, &[width])?;
        }
        for (field, dropout) in [
            ("model.mfn.attention.dropout", self.attention.dropout),
            ("model.mfn.candidate.dropout", self.candidate.dropout),
            ("model.mfn.retain.dropout", self.retain.dropout),
            ("model.mfn.update.dropout", self.update.dropout),
        ] {
            Error::check_dropout(field, &[dropout])?;
        }
        Ok(())
    }
}

/// MFN: one LSTM a modality, and beside them a memory that at every step looks at the cells of this step and of the one
/// before:
///
/// ```text
/// attended  = window ⊙ softmax(attention(window))       window = [c_{t−1}; c_t] of all modalities
/// candidate = tanh(candidate(attended))
/// memory    = σ(retain([attended; memory])) ⊙ memory + σ(update([attended; memory])) ⊙ candidate
/// Z         = ReLU(fc1([h of all modalities; memory]))  after the last step
/// ```
#[derive(Module, Debug)]
pub struct Mfn {
    /// One recurrent layer a modality.
    pub lstms: Vec<Lstm>,
    /// The attention over the cells of two steps.
    pub attention: TwoLayers,
    /// What may be written into the memory.
    pub candidate: TwoLayers,
    /// The gate of what is kept of the memory.
    pub retain: TwoLayers,
    /// The gate of what is written into it.
    pub update: TwoLayers,
    /// From the last states and the memory to Z.
    pub fc1: Linear,
}

/// Linear layer, ReLU, dropout, linear layer.
#[derive(Module, Debug)]
pub struct TwoLayers {
    /// To the hidden layer.
    pub fc1: Linear,
    /// From the hidden layer.
    pub fc2: Linear,
    dropout: f64,
}

impl TwoLayers {
    fn forward(&self, x: Tensor<3>, mode: &mut Mode) -> Tensor<3> {
        let hidden = activation::relu(rows::linear(&self.fc1, x));
        rows::linear(&self.fc2, dropout(hidden, self.dropout, mode))
    }
}

impl TwoLayers {
    /// As a gate of the memory, over the attended cells `[batch, steps, window]` and the memory: what the first layer makes
    /// of the attended cells is there for all steps.
    fn gate(&self, attended: Tensor<3>, mode: &mut Mode) -> Gate {
        let [batch, steps, window] = attended.dims();
        let weight = self.fc1.weight.val();
        let [inputs, hidden] = weight.dims();
        let bias = |layer: &Linear| {
            let bias = layer.bias.as_ref().expect("both layers have one");
            bias.val()
        };
        let of_window = weight.clone().narrow(0, 0, window);
        Gate {
            drive: rows::product(attended, of_window, Some(bias(&self.fc1))),
            mask: dropout_mask(batch * steps * hidden, self.dropout, mode),
            of_memory: weight.narrow(0, window, inputs - window),
            of_hidden: self.fc2.weight.val(),
            bias: bias(&self.fc2),
        }
    }
}

impl Mfn {
    /// The memory after every step, `[batch, steps, memory]`, of the states of each modality, `[batch, steps, 2 · width]`.
    fn memories(&self, states: &[Tensor<3>], mode: &mut Mode) -> Tensor<3> {
        let window = window::windows(states);

        // None of this reads the memory: all steps at once.
        let attention = rows::softmax(self.attention.forward(window.clone(), mode));
        let attended = window * attention;
        let candidate = rows::tanh(self.candidate.forward(attended.clone(), mode));
        let retain = self.retain.gate(attended.clone(), mode);
        let update = self.update.gate(attended, mode);
        memory::memories(retain, update, candidate)
    }
}

impl FusionEncoder for Mfn {
    fn views(&self, input: &Sequences, _mode: &mut Mode) -> Views {
        let (modalities, lengths) = input.unpadded();
        let pairs = self.lstms.iter().zip(modalities);
        Views {
            // The memory reads cells, Z reads hidden states: a view holds both, side by side.
            modalities: pairs.map(|(lstm, x)| lstm.states(x)).collect(),
            lengths,
        }
    }

    fn fuse(&self, views: &Views, mode: &mut Mode) -> Tensor<2> {
        let hidden = views.modalities.iter().map(|view| {
            let last = last_states(view.clone(), &views.lengths);
            let width = last.dims()[1] / 2;
            last.narrow(1, 0, width)
        });
        let mut last: Vec<Tensor<2>> = hidden.collect();
        let memories = self.memories(&views.modalities, mode);
        last.push(last_states(memories, &views.lengths));
        activation::relu(rows::linear(&self.fc1, Tensor::cat(last, 1)))
    }

    fn d_z(&self) -> usize {
        self.fc1.weight.dims()[1]
    }
}

impl TorchNames for Mfn {
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        for (modality, lstm) in torch_names::MODALITIES.iter().zip(&mut self.lstms) {
            torch_names::lstm(&format!("{prefix}lstm_{modality}"), "", lstm, visitor);
        }
        for (name, network) in [
            ("att1", &mut self.attention),
            ("att2", &mut self.candidate),
            ("gamma1", &mut self.retain),
            ("gamma2", &mut self.update),
        ] {
            torch_names::linear(&format!("{prefix}{name}_fc1"), &mut network.fc1, visitor);
            torch_names::linear(&format!("{prefix}{name}_fc2"), &mut network.fc2, visitor);
        }
        torch_names::linear(&format!("{prefix}out_fc1"), &mut self.fc1, visitor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mdm_core::seed;

    #[test]
    fn the_memory_of_a_step_does_not_depend_on_later_ones() {
        let device = Device::flex();
        let mut rng = seed::stream(0, "mfn", 0);
        let config = MfnConfig {
            hidden: vec![3, 2],
            memory: 4,
            ..MfnConfig::default()
        };
        let mfn = config.init(&[2, 2], &mut rng, &device).unwrap();
        let states = [6, 4].map(|width| init::uniform([2, 6, width], 1.0, &mut rng, &device).val());
        let all = mfn.memories(&states, &mut Mode::Eval);
        assert_eq!(all.dims(), [2, 6, 4]);
        let states = states.map(|states| states.narrow(1, 0, 4));
        let first = mfn.memories(&states, &mut Mode::Eval);
        let difference = (all.narrow(1, 0, 4) - first).abs().max();
        assert!(difference.into_scalar::<f32>() < 1e-6);
    }

    #[test]
    fn each_setting_is_checked_under_its_name() {
        let mut rng = seed::stream(0, "mfn", 0);
        let mut error = |change: fn(&mut MfnConfig)| {
            let mut config = MfnConfig::default();
            change(&mut config);
            let encoder = config.init(&[4, 3, 2], &mut rng, &Device::flex());
            encoder.unwrap_err().to_string()
        };
        assert!(error(|c| c.memory = 0).contains("model.mfn.memory"));
        assert!(error(|c| c.update.width = 0).contains("model.mfn.update.width"));
        assert!(error(|c| c.retain.dropout = 1.0).contains("model.mfn.retain.dropout"));
        assert!(error(|c| c.hidden = vec![4; 4]).contains("model.mfn.hidden"));
    }
}
