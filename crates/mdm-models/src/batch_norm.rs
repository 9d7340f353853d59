//! Batch normalisation whose statistics come from chosen rows.

use burn::module::{Module, Param, RunningState};
use burn::tensor::{Device, Tensor};
use mdm_core::Mode;

use crate::{TorchNames, TorchVisitor, torch_names};

/// Added to the variance, as in PyTorch.
const EPSILON: f64 = 1e-5;
/// Weight of the newest batch in the running statistics, as in PyTorch.
const MOMENTUM: f64 = 0.1;

/// `torch.nn.BatchNorm1d` with one difference: the rows that are normalised and the rows that the statistics are taken
/// of are two arguments. A modality is normalised at every length it may be read to, with the statistics of the lengths
/// it really has.
///
/// In [`Mode::Train`] it normalises with the mean and the biased variance of the batch and moves the running ones (the
/// variance unbiased) a tenth of the way there. In [`Mode::Eval`] it normalises with the running ones. A batch of one row
/// has no variance: PyTorch refuses it, here it is normalised with the running statistics, which stay as they are.
///
/// Copies of a layer share the running statistics; [`Module::valid`] gives a layer of its own.
#[derive(Module, Debug)]
pub struct BatchNorm {
    /// Scale, `[width]`; starts as 1.
    pub gamma: Param<Tensor<1>>,
    /// Shift, `[width]`; starts as 0.
    pub beta: Param<Tensor<1>>,
    /// `[width]`; starts as 0.
    pub running_mean: RunningState<Tensor<1>>,
    /// `[width]`; starts as 1.
    pub running_var: RunningState<Tensor<1>>,
}

impl BatchNorm {
    /// A fresh layer.
    pub fn init(width: usize, device: &Device) -> Self {
        Self {
            gamma: Param::from_tensor(Tensor::ones([width], device)),
            beta: Param::from_tensor(Tensor::zeros([width], device)),
            running_mean: RunningState::new(Tensor::zeros([width], device)),
            running_var: RunningState::new(Tensor::ones([width], device)),
        }
    }

    /// `x` normalised, in training with the statistics of `batch`.
    ///
    /// # Shapes
    ///
    /// - `x`: `[rows, steps, width]`
    /// - `batch`: `[rows, width]`
    /// - output: as `x`
    pub fn forward(&self, x: Tensor<3>, batch: Tensor<2>, mode: &Mode) -> Tensor<3> {
        let (mean, variance) = match mode {
            Mode::Train(_) if batch.dims()[0] > 1 => self.observe(batch),
            _ => (self.running_mean.value(), self.running_var.value()),
        };
        let scale = self.gamma.val() / (variance + EPSILON).sqrt();
        (x - mean.unsqueeze()) * scale.unsqueeze() + self.beta.val().unsqueeze()
    }

    /// Mean and biased variance of a batch, which the running statistics take in.
    fn observe(&self, batch: Tensor<2>) -> (Tensor<1>, Tensor<1>) {
        let rows = batch.dims()[0] as f64;
        let (variance, mean) = batch.var_mean_bias(0);
        let (mean, variance) = (mean.squeeze_dim(0), variance.squeeze_dim(0));
        update(&self.running_mean, mean.clone());
        update(&self.running_var, variance.clone() * (rows / (rows - 1.0)));
        (mean, variance)
    }
}

fn update(running: &RunningState<Tensor<1>>, batch: Tensor<1>) {
    running.update(running.value() * (1.0 - MOMENTUM) + batch.detach() * MOMENTUM);
    // An update waits until it is asked for; saving does not ask.
    running.value_sync();
}

impl TorchNames for BatchNorm {
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        torch_names::same(&format!("{prefix}weight"), &mut self.gamma, visitor);
        torch_names::same(&format!("{prefix}bias"), &mut self.beta, visitor);
        for (name, state) in [
            ("running_mean", &mut self.running_mean),
            ("running_var", &mut self.running_var),
        ] {
            let mut value = Param::from_tensor(state.value());
            torch_names::same(&format!("{prefix}{name}"), &mut value, visitor);
            *state = RunningState::new(value.val().set_require_grad(false));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mdm_core::seed;

    fn values<const D: usize>(x: Tensor<D>) -> Vec<f32> {
        x.try_into_vec_as().unwrap()
    }

    #[test]
    fn training_uses_the_batch_and_evaluation_what_was_seen() {
        for device in [Device::flex(), Device::flex().autodiff()] {
            let norm = BatchNorm::init(1, &device);
            let x = Tensor::<2>::from_floats([[1.0], [2.0], [6.0]], &device);
            let rng = &mut seed::stream(0, "batch norm", 0);
            let train = |x: Tensor<2>, mode: &Mode| {
                values(norm.forward(x.clone().unsqueeze_dim(1), x, mode))
            };
            // Mean 3, biased variance 14 / 3.
            let scale = (14.0_f32 / 3.0 + 1e-5).sqrt();
            let expected = [-2.0, -1.0, 3.0].map(|x: f32| x / scale);
            let got = train(x.clone(), &Mode::Train(rng));
            for (got, expected) in got.iter().zip(expected) {
                assert!((got - expected).abs() < 1e-6, "{got} {expected}");
            }
            // 0.9 · 0 + 0.1 · 3 and 0.9 · 1 + 0.1 · 7.
            let (mean, variance) = (0.3_f32, 1.6_f32);
            assert!((values(norm.running_mean.value())[0] - mean).abs() < 1e-6);
            assert!((values(norm.running_var.value())[0] - variance).abs() < 1e-6);
            let one = Tensor::from_floats([[1.0]], &device);
            let expected = (1.0 - mean) / (variance + 1e-5).sqrt();
            for mode in [Mode::Eval, Mode::Train(rng)] {
                let got = train(one.clone(), &mode)[0];
                assert!((got - expected).abs() < 1e-6, "{got} {expected}");
            }
            assert!((values(norm.running_mean.value())[0] - mean).abs() < 1e-6);
            // A copy without a graph keeps what was seen, and then goes its own way.
            let valid = norm.valid();
            train(x, &Mode::Train(rng));
            assert!((values(valid.running_var.value())[0] - variance).abs() < 1e-6);
        }
    }
}
