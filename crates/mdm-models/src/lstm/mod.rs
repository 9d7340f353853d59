//! A long short-term memory layer with PyTorch's conventions.
//!
//! What the inputs give to the gates of all steps is one product. For the recursion, `composition` is what the equations say,
//! and `operation` the same as one operation with a backward of its own: by the kernel of `mdm-kernels` on flex, by tensor
//! operations elsewhere.

mod autodiff;
mod composition;
#[cfg(feature = "flex")]
mod flex;
mod operation;
mod tensors;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use mdm_core::init;
use mdm_core::seed::ChaCha8Rng;

pub(crate) use composition::split_steps;

use crate::rows;

/// One LSTM layer over a whole sequence, as `torch.nn.LSTM`: gates in the order input, forget, cell candidate, output,
/// two biases, zero initial state, everything initialised from `U(±1/√hidden)`.
///
/// ```text
/// [i f g o] = x_t W_ih + b_ih + h W_hh + b_hh
/// c = sigmoid(f) c + sigmoid(i) tanh(g)
/// h = sigmoid(o) tanh(c)
/// ```
///
/// # Example
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use mdm_core::seed;
/// use mdm_models::Lstm;
///
/// let device = Device::flex();
/// let lstm = Lstm::init(5, 8, &mut seed::stream(0, "lstm", 0), &device);
/// let states = lstm.forward(Tensor::zeros([2, 7, 5], &device));
/// assert_eq!(states.dims(), [2, 7, 8]);
/// ```
#[derive(Module, Debug)]
pub struct Lstm {
    /// `[input, 4 · hidden]`
    pub weight_ih: Param<Tensor<2>>,
    /// `[hidden, 4 · hidden]`
    pub weight_hh: Param<Tensor<2>>,
    /// `[4 · hidden]`
    pub bias_ih: Param<Tensor<1>>,
    /// `[4 · hidden]`
    pub bias_hh: Param<Tensor<1>>,
}

impl Lstm {
    /// A fresh layer from `input` to `hidden` features.
    pub fn init(input: usize, hidden: usize, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let bound = 1.0 / (hidden.max(1) as f64).sqrt();
        Self {
            weight_ih: init::uniform([input, 4 * hidden], bound, rng, device),
            weight_hh: init::uniform([hidden, 4 * hidden], bound, rng, device),
            bias_ih: init::uniform([4 * hidden], bound, rng, device),
            bias_hh: init::uniform([4 * hidden], bound, rng, device),
        }
    }

    /// The hidden state after every step.
    ///
    /// # Shapes
    ///
    /// - `x`: `[batch, steps, input]`
    /// - output: `[batch, steps, hidden]`
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let steps: Vec<usize> = (0..x.dims()[1]).collect();
        self.at(x, &steps)
    }

    /// The hidden state after some steps: `[batch, steps.len(), hidden]`.
    ///
    /// # Panics
    ///
    /// When a step is not in `x`, or named twice.
    pub fn at(&self, x: Tensor<3>, steps: &[usize]) -> Tensor<3> {
        self.of_parts(vec![x], steps)
    }

    /// The same of inputs whose columns stand beside each other in several tensors.
    ///
    /// # Panics
    ///
    /// As [`at`](Self::at), and without a part.
    pub fn of_parts(&self, parts: Vec<Tensor<3>>, steps: &[usize]) -> Tensor<3> {
        let steps = steps.to_vec();
        self.read(
            parts,
            Read {
                steps,
                cells: false,
            },
        )
    }

    /// The hidden states and behind them the cells after every step, `[batch, steps, 2 · hidden]`.
    pub fn states(&self, x: Tensor<3>) -> Tensor<3> {
        let steps = (0..x.dims()[1]).collect();
        self.read(vec![x], Read { steps, cells: true })
    }

    /// What a part of the inputs gives to the gates, `[batch, steps, 4 · hidden]`: that of the columns from `first` on. The
    /// parts of all inputs, added up, are what [`driven`](Self::driven) reads; the first of them holds the biases.
    ///
    /// # Shapes
    ///
    /// - `x`: `[batch, steps, columns]`
    ///
    /// # Panics
    ///
    /// When the layer has not so many inputs.
    pub fn drive(&self, x: Tensor<3>, first: usize) -> Tensor<3> {
        let columns = x.dims()[2];
        let mut weight = self.weight_ih.val();
        if columns < weight.dims()[0] {
            weight = weight.narrow(0, first, columns);
        }
        let bias = (first == 0).then(|| self.bias_ih.val() + self.bias_hh.val());
        rows::product(x, weight, bias)
    }

    /// The hidden state after some steps, `[batch, steps.len(), hidden]`, from what all inputs give to the gates.
    ///
    /// # Panics
    ///
    /// As [`at`](Self::at).
    pub fn driven(&self, drive: Tensor<3>, steps: &[usize]) -> Tensor<3> {
        let steps = steps.to_vec();
        let read = Read {
            steps,
            cells: false,
        };
        operation::lstm(drive, self.weight_hh.val(), read)
    }

    fn read(&self, mut parts: Vec<Tensor<3>>, read: Read) -> Tensor<3> {
        #[cfg(feature = "flex")]
        if let Some(states) = flex::states_of_inputs(self, &parts, &read) {
            return states;
        }
        let x = match parts.len() {
            1 => parts.remove(0),
            _ => Tensor::cat(parts, 2),
        };
        operation::lstm(self.drive(x, 0), self.weight_hh.val(), read)
    }
}

/// Which states of a layer somebody reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// After which steps, each named once.
    pub steps: Vec<usize>,
    /// Whether the cells too.
    pub cells: bool,
}

#[cfg(test)]
mod tests;
