//! AdamW.

use burn::optim::{AdamWState, AdaptiveMomentumState, LearningRate, Optimizer};
use burn::tensor::{Device, Tensor};

/// AdamW (Loshchilov and Hutter, 2019), with the numbers and the state of Burn's, bit for bit.
///
/// An update is about fifteen operations on tensors of the size of the parameter, each of which goes through memory: for the
/// word embeddings of a text encoder that takes longer than everything else in the update. On flex it is one pass by a
/// kernel, on several threads.
///
/// # Example
///
/// ```
/// use burn::optim::ModuleOptimizer;
/// use mdm_core::AdamW;
///
/// // For any module of Burn's, as the optimiser of an `AdamWConfig`.
/// let optimizer = ModuleOptimizer::from(AdamW { weight_decay: 0.0, ..AdamW::default() });
/// # let _: ModuleOptimizer = optimizer;
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamW {
    /// β₁ and β₂, the decay of the two moments; in [0, 1).
    pub betas: [f32; 2],
    /// ε, added to the root of the second moment; above 0.
    pub epsilon: f32,
    /// Decoupled weight decay; at least 0.
    pub weight_decay: f32,
}

impl Default for AdamW {
    /// PyTorch's: β 0.9 and 0.999, ε 1e-8, weight decay 0.01.
    fn default() -> Self {
        Self {
            betas: [0.9, 0.999],
            epsilon: 1e-8,
            weight_decay: 0.01,
        }
    }
}

/// A parameter and its moments.
struct Moving<const D: usize> {
    parameter: Tensor<D>,
    moments: [Tensor<D>; 2],
}

impl AdamW {
    fn corrections(&self, time: usize) -> [f32; 2] {
        self.betas.map(|beta| 1.0 - beta.powi(time as i32))
    }

    fn decay(&self, rate: LearningRate) -> f64 {
        1.0 - rate * f64::from(self.weight_decay)
    }

    /// Update `time`, counted from 1.
    fn update<const D: usize>(
        &self,
        rate: LearningRate,
        time: usize,
        moving: Moving<D>,
        gradient: Tensor<D>,
    ) -> Moving<D> {
        #[cfg(feature = "flex")]
        if moving.parameter.device() == Device::flex()
            && moving.parameter.dtype() == burn::tensor::DType::F32
        {
            return self.in_one_pass(rate, time, moving, gradient);
        }
        let [beta_1, beta_2] = self.betas;
        let [correction_1, correction_2] = self.corrections(time);
        let squared = gradient.clone().square();
        let [moment_1, moment_2] = moving.moments;
        let moment_1 = moment_1 * beta_1 + gradient * (1.0 - beta_1);
        let moment_2 = moment_2 * beta_2 + squared * (1.0 - beta_2);
        let root = (moment_2.clone() / correction_2).sqrt() + self.epsilon;
        let step = moment_1.clone() / correction_1 / root;
        Moving {
            parameter: moving.parameter * self.decay(rate) - step * rate,
            moments: [moment_1, moment_2],
        }
    }

    /// The same by the kernel, in place where nobody else holds a tensor.
    #[cfg(feature = "flex")]
    fn in_one_pass<const D: usize>(
        &self,
        rate: LearningRate,
        time: usize,
        moving: Moving<D>,
        gradient: Tensor<D>,
    ) -> Moving<D> {
        use burn::backend::Flex;
        use burn::backend::flex::FlexTensor;

        // Contiguous, and nothing but its own numbers in its storage.
        let owned = |tensor: Tensor<D>| -> FlexTensor {
            let tensor = tensor.try_into_primitive::<Flex>();
            let tensor = tensor.expect("a tensor of flex, on whose device it is");
            let shape = tensor.layout().shape().clone();
            let count = shape.num_elements();
            match tensor.storage::<f32>().len() == count && tensor.is_contiguous() {
                true => tensor,
                false => FlexTensor::from_data(tensor.into_data()),
            }
        };
        let step = mdm_kernels::AdamWStep {
            betas: self.betas,
            corrections: self.corrections(time),
            epsilon: self.epsilon,
            rate: rate as f32,
            decay: self.decay(rate) as f32,
        };
        let gradient = owned(gradient);
        let mut parameter = owned(moving.parameter);
        let [mut first, mut second] = moving.moments.map(owned);
        mdm_kernels::adamw(
            step,
            parameter.storage_mut::<f32>(),
            [first.storage_mut::<f32>(), second.storage_mut::<f32>()],
            gradient.storage::<f32>(),
        );
        let tensor = |primitive| Tensor::from_primitive::<Flex>(primitive);
        Moving {
            parameter: tensor(parameter),
            moments: [tensor(first), tensor(second)],
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
        let (time, moment_1, moment_2) = match state {
            Some(AdamWState { momentum }) => {
                (momentum.time + 1, momentum.moment_1, momentum.moment_2)
            }
            None => (1, parameter.zeros_like(), parameter.zeros_like()),
        };
        let moving = Moving {
            parameter,
            moments: [moment_1, moment_2],
        };
        let Moving { parameter, moments } = self.update(rate, time, moving, gradient);
        let [moment_1, moment_2] = moments;
        let momentum = AdaptiveMomentumState {
            time,
            moment_1,
            moment_2,
            max_moment_2: None,
        };
        (parameter, Some(AdamWState { momentum }))
    }

    fn to_device<const D: usize>(mut state: AdamWState<D>, device: &Device) -> AdamWState<D> {
        state.momentum = state.momentum.to_device(device);
        state
    }
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
        // Several chunks of the kernel, the last one smaller.
        same_as_burns(random([300, 500]), [(); 3].map(|()| random([300, 500])));
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
