//! The loss of each task, on the device.

use burn::tensor::{Tensor, activation};
use mdm_core::numerics::softplus;

use crate::config::TaskLoss;

/// What the outputs of a batch are compared with, and so by which loss.
#[derive(Debug, Clone)]
pub enum Targets {
    /// A number for each sample.
    Sentiment {
        /// `[batch]`
        labels: Tensor<1>,
        /// How an error counts.
        loss: TaskLoss,
    },
    /// A class for each sample.
    Class {
        /// `[batch, classes]`: 1 at the class, else 0. A row of zeros is left out of the loss.
        one_hot: Tensor<2>,
    },
    /// Labels that are present or absent, each apart from the others.
    Emotions {
        /// `[batch, labels]`: 1 for present, 0 for absent.
        present: Tensor<2>,
    },
}

impl Targets {
    /// The mean loss of a batch.
    ///
    /// | targets | loss of a sample with outputs `x` |
    /// |---|---|
    /// | a number `y` | `\|x − y\|` or `(x − y)²` |
    /// | a class `k` | cross-entropy, `ln Σ_j exp(x_j) − x_k` |
    /// | labels `y_j` | binary cross-entropy, the mean over `j` of `ln(1 + exp(x_j)) − y_j x_j` |
    ///
    /// # Shapes
    ///
    /// - `outputs`: `[batch, outputs]`; one for a number, one a class, one a label
    /// - output: `[1]`
    ///
    /// # Numerics
    ///
    /// The exponentials are taken in forms that do not overflow: outputs of ±80 have finite losses and gradients.
    ///
    /// # Example
    ///
    /// ```
    /// use mdm_core::burn::tensor::{Device, Tensor};
    /// use mdm_train::task::Targets;
    ///
    /// let device = Device::flex();
    /// // Two samples of class 0 and 1; the third is left out. Equal outputs cost ln 2.
    /// let one_hot = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], &device);
    /// let outputs = Tensor::<2>::from_floats([[4.0, 4.0], [0.0, 0.0], [9.0, -9.0]], &device);
    /// let loss = Targets::Class { one_hot }.loss(outputs).into_scalar::<f32>();
    /// assert!((loss - 2.0_f32.ln()).abs() < 1e-6);
    /// ```
    pub fn loss(&self, outputs: Tensor<2>) -> Tensor<1> {
        match self {
            Self::Sentiment { labels, loss } => {
                let error = outputs.squeeze_dim(1) - labels.clone();
                match loss {
                    TaskLoss::L1 => error.abs().mean(),
                    TaskLoss::Mse => error.square().mean(),
                }
            }
            Self::Class { one_hot } => {
                let log_likelihood = (activation::log_softmax(outputs, 1) * one_hot.clone()).sum();
                // A batch in which every sample is left out costs nothing.
                let samples = one_hot.clone().sum().clamp_min(1.0);
                log_likelihood.neg() / samples
            }
            Self::Emotions { present } => {
                (softplus(outputs.clone()) - outputs * present.clone()).mean()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    /// The loss and its gradient in the outputs, row-major.
    fn loss<const N: usize, const K: usize>(
        targets: &Targets,
        outputs: [[f32; K]; N],
    ) -> (f32, Vec<f32>) {
        let device = Device::flex().autodiff();
        let outputs = Tensor::<2>::from_floats(outputs, &device).require_grad();
        let loss = targets.loss(outputs.clone());
        let gradients = loss.backward();
        let gradient = outputs
            .grad(&gradients)
            .expect("the loss depends on the outputs");
        (loss.into_scalar(), gradient.try_into_vec_as().unwrap())
    }

    fn rows<const N: usize, const K: usize>(rows: [[f32; K]; N]) -> Tensor<2> {
        Tensor::from_floats(rows, &Device::flex().autodiff())
    }

    #[track_caller]
    fn near(found: &[f32], expected: &[f32]) {
        assert_eq!(found.len(), expected.len());
        for (x, y) in found.iter().zip(expected) {
            assert!((x - y).abs() < 1e-6, "{found:?} {expected:?}");
        }
    }

    #[test]
    fn a_regression_has_the_mean_error_or_its_square() {
        let labels = Tensor::<1>::from_floats([1.0, -2.0], &Device::flex().autodiff());
        let of = |loss| Targets::Sentiment {
            labels: labels.clone(),
            loss,
        };
        let (l1, gradient) = loss(&of(TaskLoss::L1), [[1.5], [-3.0]]);
        near(&[l1], &[0.75]);
        near(&gradient, &[0.5, -0.5]);
        let (mse, gradient) = loss(&of(TaskLoss::Mse), [[1.5], [-3.0]]);
        near(&[mse], &[0.625]);
        near(&gradient, &[0.5, -1.0]);
    }

    #[test]
    fn cross_entropy_and_its_gradient_by_hand() {
        // Soft-max of (ln 1, ln 2, ln 5): 1/8, 2/8, 5/8; of equal outputs: 1/3 each.
        let targets = Targets::Class {
            one_hot: rows([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0; 3]]),
        };
        let outputs = [[0.0, 2_f32.ln(), 5_f32.ln()], [7.0; 3], [1.0, 2.0, 3.0]];
        let (value, gradient) = loss(&targets, outputs);
        near(&[value], &[(4_f32.ln() + 3_f32.ln()) / 2.0]);
        let expected = [
            0.0625,
            -0.375,
            0.3125,
            -1.0 / 3.0,
            1.0 / 6.0,
            1.0 / 6.0,
            0.0,
            0.0,
            0.0,
        ];
        near(&gradient, &expected);
    }

    #[test]
    fn cross_entropy_of_extreme_outputs_is_finite_and_right() {
        let targets = Targets::Class {
            one_hot: rows([[1.0, 0.0]]),
        };
        let (right, gradient) = loss(&targets, [[80.0, -80.0]]);
        near(&[right], &[0.0]);
        near(&gradient, &[0.0, 0.0]);
        let (wrong, gradient) = loss(&targets, [[-80.0, 80.0]]);
        near(&[wrong], &[160.0]);
        near(&gradient, &[-1.0, 1.0]);
    }

    #[test]
    fn a_batch_that_is_left_out_costs_nothing() {
        let targets = Targets::Class {
            one_hot: rows([[0.0, 0.0]]),
        };
        let (value, gradient) = loss(&targets, [[3.0, -3.0]]);
        near(&[value], &[0.0]);
        near(&gradient, &[0.0, 0.0]);
    }

    #[test]
    fn binary_cross_entropy_and_its_gradient_by_hand() {
        // Sigmoid of ln 3: 3/4; of 0: 1/2.
        let targets = Targets::Emotions {
            present: rows([[1.0, 0.0], [0.0, 1.0]]),
        };
        let (value, gradient) = loss(&targets, [[3_f32.ln(), 0.0], [3_f32.ln(), 0.0]]);
        let expected = ((4.0_f32 / 3.0).ln() + 2_f32.ln() + 4_f32.ln() + 2_f32.ln()) / 4.0;
        near(&[value], &[expected]);
        near(&gradient, &[-0.0625, 0.125, 0.1875, -0.125]);
    }

    #[test]
    fn binary_cross_entropy_of_extreme_outputs_is_finite_and_right() {
        let targets = Targets::Emotions {
            present: rows([[1.0, 0.0, 1.0, 0.0]]),
        };
        let (value, gradient) = loss(&targets, [[80.0, -80.0, -80.0, 80.0]]);
        near(&[value], &[40.0]);
        near(&gradient, &[0.0, 0.0, -0.25, 0.25]);
    }
}
