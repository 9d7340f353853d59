//! The recursion of the memory.

use burn::tensor::{Tensor, TensorData, activation};

use crate::lstm::split_steps;

/// A gate of the memory: a network with one hidden layer, over what is known of a step and the memory itself.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    /// What the steps give to the hidden layer, its bias included: `[batch, steps, hidden]`.
    pub(super) drive: Tensor<3>,
    /// Dropout's mask of the hidden layer, `[batch, steps, hidden]`, on the host; none where nothing is dropped.
    pub(super) mask: Option<Vec<f32>>,
    /// From the memory to the hidden layer, `[memory, hidden]`.
    pub(super) of_memory: Tensor<2>,
    /// From the hidden layer to the gate, `[hidden, memory]`.
    pub(super) of_hidden: Tensor<2>,
    /// `[memory]`
    pub(super) bias: Tensor<1>,
}

/// The memory after every step, `[batch, steps, memory]`: `retain ⊙ memory + update ⊙ candidate`, from 0 on.
pub(super) fn memories(retain: Gate, update: Gate, candidate: Tensor<3>) -> Tensor<3> {
    #[cfg(feature = "flex")]
    if crate::rows::serve(&candidate) {
        return super::flex::memories(retain, update, candidate);
    }
    composition(retain, update, candidate)
}

/// As the equations read, in operations that Burn differentiates: the way of other devices, and what the kernel is compared
/// with.
pub(super) fn composition(retain: Gate, update: Gate, candidate: Tensor<3>) -> Tensor<3> {
    let [batch, _, width] = candidate.dims();
    let mut memory = Tensor::zeros([batch, width], &candidate.device());
    let (retain, update) = (Steps::of(retain), Steps::of(update));
    let mut memories = Vec::new();
    for (step, candidate) in split(candidate).into_iter().enumerate() {
        let kept = retain.at(step, &memory) * memory.clone();
        let written = update.at(step, &memory) * candidate;
        memory = kept + written;
        memories.push(memory.clone());
    }
    Tensor::stack(memories, 1)
}

/// A gate, step by step.
struct Steps {
    drive: Vec<Tensor<2>>,
    mask: Option<Vec<Tensor<2>>>,
    of_memory: Tensor<2>,
    of_hidden: Tensor<2>,
    bias: Tensor<1>,
}

impl Steps {
    fn of(gate: Gate) -> Self {
        let device = gate.drive.device().without_autodiff();
        let mask = |values| TensorData::new(values, gate.drive.dims());
        let mask = gate
            .mask
            .map(|values| Tensor::from_data(mask(values), &device));
        Self {
            drive: split(gate.drive),
            mask: mask.map(split),
            of_memory: gate.of_memory,
            of_hidden: gate.of_hidden,
            bias: gate.bias,
        }
    }

    fn at(&self, step: usize, memory: &Tensor<2>) -> Tensor<2> {
        let recurrent = memory.clone().matmul(self.of_memory.clone());
        let mut hidden = activation::relu(self.drive[step].clone() + recurrent);
        if let Some(mask) = &self.mask {
            hidden = hidden * mask[step].clone();
        }
        let sum = hidden.matmul(self.of_hidden.clone()) + self.bias.clone().unsqueeze::<2>();
        activation::sigmoid(sum)
    }
}

fn split(x: Tensor<3>) -> Vec<Tensor<2>> {
    split_steps(x.swap_dims(0, 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use mdm_core::{init, seed};

    #[test]
    fn the_kernel_gives_what_the_composition_gives() {
        let device = Device::flex().autodiff();
        let mut rng = seed::stream(0, "memory", 0);
        let mut random = |shape| init::uniform(shape, 1.0, &mut rng, &device).val();
        let (drives, candidate) = ([random([3, 5, 4]), random([3, 5, 6])], random([3, 5, 7]));
        let mask: Vec<f32> = (0..60)
            .map(|i| if i % 3 == 0 { 0.0 } else { 1.5 })
            .collect();
        let mut rng = seed::stream(0, "memory", 1);
        let mut random = |shape| init::uniform(shape, 1.0, &mut rng, &device).val();
        let weights = [
            random([7, 4]),
            random([4, 7]),
            random([7, 6]),
            random([6, 7]),
        ];
        let biases = [(); 2].map(|()| init::uniform([7], 1.0, &mut rng, &device).val());
        let all = |memories: fn(Gate, Gate, Tensor<3>) -> Tensor<3>| {
            let leaf = |x: &Tensor<3>| x.clone().detach().require_grad();
            let (drives, candidate) = (drives.each_ref().map(leaf), leaf(&candidate));
            let gate = |which: usize, mask| Gate {
                drive: drives[which].clone(),
                mask,
                of_memory: weights[2 * which].clone(),
                of_hidden: weights[2 * which + 1].clone(),
                bias: biases[which].clone(),
            };
            let (retain, update) = (gate(0, Some(mask.clone())), gate(1, None));
            let out = memories(retain, update, candidate.clone());
            let gradients = (out.clone() * out.clone().detach().cos()).sum().backward();
            let mut found = vec![out.inner().flatten::<1>(0, 2)];
            for leaf in drives.iter().chain([&candidate]) {
                found.push(leaf.grad(&gradients).unwrap().flatten(0, 2));
            }
            for weight in &weights {
                found.push(weight.grad(&gradients).unwrap().flatten(0, 1));
            }
            for bias in &biases {
                found.push(bias.grad(&gradients).unwrap());
            }
            let values = found.into_iter();
            values
                .map(|tensor| tensor.try_into_vec_as::<f32>().unwrap())
                .collect::<Vec<_>>()
        };
        let (found, expected) = (all(memories), all(composition));
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-5, "{found} {expected}");
            }
        }
    }
}
