//! AdamW, kind to the processor's caches.

use burn::optim::{AdamWState, AdaptiveMomentumState, LearningRate, Optimizer};
use burn::tensor::{Device, Tensor};

/// Elements of a block on a device that works through memory: what an update reads and writes of so many parameters
/// stays in a cache of 1 MiB.
const BLOCK: usize = 1 << 16;

/// AdamW (Loshchilov and Hutter, 2019), with the numbers and the state of Burn's, bit for bit.
///
/// An update is about fifteen operations on tensors of the size of the parameter. Burn's goes through memory for each of
/// them, which for the word embeddings of a text encoder takes longer than everything else in the update. Here they are
/// done block by block of the parameter's first dimension, on the device that profits from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamW {
    /// β₁ and β₂, the decay of the two moments; in [0, 1).
    pub betas: [f32; 2],
    /// ε, added to the root of the second moment; above 0.
    pub epsilon: f32,
    /// Decoupled weight decay; at least 0.
    pub weight_decay: f32,
}

/// A parameter, or a block of one, and its moments.
struct Block<const D: usize> {
    parameter: Tensor<D>,
    moment_1: Tensor<D>,
    moment_2: Tensor<D>,
}

impl<const D: usize> Block<D> {
    fn rows(&self, from: usize, to: usize) -> Self {
        let rows = |tensor: &Tensor<D>| tensor.clone().slice(from..to);
        Self {
            parameter: rows(&self.parameter),
            moment_1: rows(&self.moment_1),
            moment_2: rows(&self.moment_2),
        }
    }

    fn replace_rows(self, from: usize, to: usize, with: Self) -> Self {
        Self {
            parameter: self.parameter.slice_assign(from..to, with.parameter),
            moment_1: self.moment_1.slice_assign(from..to, with.moment_1),
            moment_2: self.moment_2.slice_assign(from..to, with.moment_2),
        }
    }
}

impl AdamW {
    /// Update `time`, counted from 1.
    fn update<const D: usize>(
        &self,
        rate: LearningRate,
        time: usize,
        block: Block<D>,
        gradient: Tensor<D>,
    ) -> Block<D> {
        let [beta_1, beta_2] = self.betas;
        let correction = |beta: f32| 1.0 - beta.powi(time as i32);
        let squared = gradient.clone().square();
        let moment_1 = block.moment_1 * beta_1 + gradient * (1.0 - beta_1);
        let moment_2 = block.moment_2 * beta_2 + squared * (1.0 - beta_2);
        let root = (moment_2.clone() / correction(beta_2)).sqrt() + self.epsilon;
        let step = moment_1.clone() / correction(beta_1) / root;
        let decay = 1.0 - rate * f64::from(self.weight_decay);
        Block {
            parameter: block.parameter * decay - step * rate,
            moment_1,
            moment_2,
        }
    }
}

impl Optimizer for AdamW {
    type State<const D: usize> = AdamWState<D>;

    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        parameter: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdamWState<D>>,
    ) -> (Tensor<D>, Option<AdamWState<D>>) {
        let shape = parameter.dims();
        let rows = shape.first().copied().unwrap_or(1);
        let of_block = if in_blocks(&parameter.device()) {
            (BLOCK * rows / shape.iter().product::<usize>().max(1)).max(1)
        } else {
            rows
        };
        let (time, moment_1, moment_2) = match state {
            Some(AdamWState { momentum }) => {
                (momentum.time + 1, momentum.moment_1, momentum.moment_2)
            }
            None => (1, parameter.zeros_like(), parameter.zeros_like()),
        };
        let mut all = Block {
            parameter,
            moment_1,
            moment_2,
        };
        if of_block >= rows {
            all = self.update(rate, time, all, gradient);
        } else {
            for from in (0..rows).step_by(of_block) {
                let to = rows.min(from + of_block);
                let gradient = gradient.clone().slice(from..to);
                let block = self.update(rate, time, all.rows(from, to), gradient);
                all = all.replace_rows(from, to, block);
            }
        }
        let momentum = AdaptiveMomentumState {
            time,
            moment_1: all.moment_1,
            moment_2: all.moment_2,
            max_moment_2: None,
        };
        (all.parameter, Some(AdamWState { momentum }))
    }

    fn to_device<const D: usize>(mut state: AdamWState<D>, device: &Device) -> AdamWState<D> {
        state.momentum = state.momentum.to_device(device);
        state
    }
}

/// Whether blocks pay: flex does one operation after the other in main memory. A graphics processor would start a kernel
/// for each operation on each block, and libtorch divides a large tensor between its threads.
#[cfg(feature = "flex")]
fn in_blocks(device: &Device) -> bool {
    *device == Device::flex()
}

#[cfg(not(feature = "flex"))]
fn in_blocks(_device: &Device) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::optim::AdamWConfig;
    use burn::tensor::Distribution;

    fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
        Tensor::random(shape, Distribution::Uniform(-1.0, 1.0), &Device::flex())
    }

    fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
        tensor.clone().try_into_vec_as::<f32>().unwrap()
    }

    /// Some updates of a parameter, beside Burn's.
    fn same_as_burns<const D: usize>(parameter: Tensor<D>, gradients: [Tensor<D>; 3]) {
        let ours = AdamW {
            betas: [0.8, 0.99],
            epsilon: 1e-6,
            weight_decay: 0.1,
        };
        let burns = AdamWConfig::new()
            .with_beta_1(0.8)
            .with_beta_2(0.99)
            .with_epsilon(1e-6)
            .with_weight_decay(0.1)
            .build();
        let (mut ours_now, mut burns_now) = ((parameter.clone(), None), (parameter.clone(), None));
        for (gradient, rate) in gradients.into_iter().zip([1e-2, 1e-3, 0.0]) {
            ours_now = ours.step(rate, ours_now.0, gradient.clone(), ours_now.1);
            burns_now = burns.step(rate, burns_now.0, gradient, burns_now.1);
            assert_eq!(values(&ours_now.0), values(&burns_now.0));
            let [ours, burns] =
                [&ours_now, &burns_now].map(|now| &now.1.as_ref().unwrap().momentum);
            assert_eq!(ours.time, burns.time);
            assert_eq!(values(&ours.moment_1), values(&burns.moment_1));
            assert_eq!(values(&ours.moment_2), values(&burns.moment_2));
        }
        assert_ne!(values(&ours_now.0), values(&parameter));
    }

    #[test]
    fn every_bit_is_that_of_burns() {
        same_as_burns(random([7]), [(); 3].map(|()| random([7])));
        // Several blocks, the last one smaller; a row larger than a block; rows of matrices.
        same_as_burns(random([300, 500]), [(); 3].map(|()| random([300, 500])));
        same_as_burns(
            random([2, BLOCK + 1]),
            [(); 3].map(|()| random([2, BLOCK + 1])),
        );
        same_as_burns(random([90, 40, 30]), [(); 3].map(|()| random([90, 40, 30])));
        // What is not contiguous, as the gradients of a linear layer.
        let transposed = || random([500, 300]).transpose();
        same_as_burns(transposed(), [(); 3].map(|()| transposed()));
    }

    #[test]
    fn a_parameter_that_somebody_holds_stays_theirs() {
        let adamw = AdamW {
            betas: [0.9, 0.999],
            epsilon: 1e-8,
            weight_decay: 0.0,
        };
        let parameter = random([300, 500]);
        let before = values(&parameter);
        let (after, _) = adamw.step(1e-2, parameter.clone(), random([300, 500]), None);
        assert_eq!(values(&parameter), before);
        assert!(
            values(&after)
                .iter()
                .zip(before)
                .all(|(after, before)| *after != before)
        );
    }
}
