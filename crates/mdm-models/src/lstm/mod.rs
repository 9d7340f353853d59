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

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use mdm_core::init;
use mdm_core::seed::ChaCha8Rng;

pub(crate) use composition::split_steps;

use crate::{StepMask, rows};

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
        self.read(parts, None, Read::of(steps, false))
    }

    /// The hidden states and behind them the cells after every step, `[batch, steps, 2 · hidden]`.
    pub fn states(&self, x: Tensor<3>) -> Tensor<3> {
        let steps: Vec<usize> = (0..x.dims()[1]).collect();
        self.read(vec![x], None, Read::of(&steps, true))
    }

    /// The hidden state after every step and the states after the last one, from given first states on, zeros without. A
    /// step that `mask` says is padding leaves the state of its row as it is.
    ///
    /// All that goes in has a gradient, and so has all that comes out.
    ///
    /// # Shapes
    ///
    /// - `x`: `[batch, steps, input]`, with at least one step
    /// - output: `[batch, steps, hidden]`
    ///
    /// # Panics
    ///
    /// When the mask has other rows or steps than `x`.
    ///
    /// # Example
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use mdm_core::seed;
    /// use mdm_models::{Lstm, StepMask};
    ///
    /// let device = Device::flex();
    /// let lstm = Lstm::init(5, 8, &mut seed::stream(0, "lstm", 0), &device);
    /// // A long sequence in two pieces, the second of which ends early in row 1.
    /// let (_, state) = lstm.run(Tensor::ones([2, 7, 5], &device), None, None);
    /// let mask = StepMask::from_lengths(&[4, 1], 4);
    /// let (states, last) = lstm.run(Tensor::ones([2, 4, 5], &device), Some(state), Some(&mask));
    /// assert_eq!(states.dims(), [2, 4, 8]);
    /// assert_eq!(last.hidden.dims(), [2, 8]);
    /// ```
    pub fn run(
        &self,
        x: Tensor<3>,
        initial: Option<LstmState>,
        mask: Option<&StepMask>,
    ) -> (Tensor<3>, LstmState) {
        let [batch, count, _] = x.dims();
        let steps: Vec<usize> = (0..count).collect();
        let held = mask.map_or_else(Vec::new, |mask| {
            assert_eq!(mask.dims(), [batch, count], "a mask of other sequences");
            mask.padding()
        });
        let read = Read {
            held: Arc::new(held),
            ..Read::of(&steps, true)
        };
        let initial = initial.map(|state| Tensor::cat(vec![state.hidden, state.cells], 1));
        let states = self.read(vec![x], initial, read);
        let hidden = states.dims()[2] / 2;
        let last = states.clone().narrow(1, count - 1, 1).squeeze_dim::<2>(1);
        let state = LstmState {
            hidden: last.clone().narrow(1, 0, hidden),
            cells: last.narrow(1, hidden, hidden),
        };
        (states.narrow(2, 0, hidden), state)
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
        operation::lstm(drive, self.weight_hh.val(), None, Read::of(steps, false))
    }

    /// The hidden state after some steps of rows of which each takes every part of its inputs from a sequence of its own:
    /// row j takes part k from sequence `rows[k][j]`.
    ///
    /// What a sequence gives to the gates is one product, whoever takes it.
    ///
    /// # Shapes
    ///
    /// - `parts`: `[sequences, steps, columns]` each
    /// - output: `[rows, steps.len(), hidden]`
    ///
    /// # Panics
    ///
    /// As [`of_parts`](Self::of_parts), when there is not one list of rows a part, lists differ in length, and when a sequence
    /// is taken that is not there.
    pub fn mixed(&self, parts: Vec<Tensor<3>>, rows: &[Vec<usize>], steps: &[usize]) -> Tensor<3> {
        assert_eq!(parts.len(), rows.len(), "each part has its rows");
        #[cfg(feature = "flex")]
        if let Some(states) = flex::states_of_mixture(self, &parts, rows, steps) {
            return states;
        }
        let mut first = 0;
        let drive = |x: Tensor<3>| {
            let columns = first;
            first += x.dims()[2];
            self.drive(x, columns)
        };
        let drives: Vec<Tensor<3>> = parts.into_iter().map(drive).collect();
        self.driven(rows::mix(&drives, rows), steps)
    }

    fn read(&self, mut parts: Vec<Tensor<3>>, initial: Option<Tensor<2>>, read: Read) -> Tensor<3> {
        #[cfg(feature = "flex")]
        if let Some(states) = flex::states_of_inputs(self, &parts, &initial, &read) {
            return states;
        }
        let x = match parts.len() {
            1 => parts.remove(0),
            _ => Tensor::cat(parts, 2),
        };
        operation::lstm(self.drive(x, 0), self.weight_hh.val(), initial, read)
    }
}

/// The states of an [`Lstm`] before a first step or after a last one, `[batch, hidden]` each.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct LstmState {
    pub hidden: Tensor<2>,
    pub cells: Tensor<2>,
}

/// Which states of a layer somebody reads, and which steps change them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// After which steps, each named once.
    pub steps: Vec<usize>,
    /// Whether the cells too.
    pub cells: bool,
    /// Where a row keeps its state, `[batch, steps]`; empty: nowhere.
    pub held: Arc<Vec<bool>>,
}

impl Read {
    /// After these steps, all of which change every row.
    fn of(steps: &[usize], cells: bool) -> Self {
        Self {
            steps: steps.to_vec(),
            cells,
            held: Arc::default(),
        }
    }

    /// Which rows of a batch keep their states at a step; none where all change.
    fn held_at(&self, step: usize, batch: usize) -> Option<Vec<bool>> {
        let steps = self.held.len() / batch.max(1);
        let of_row = |row: usize| self.held.get(row * steps + step).copied().unwrap_or(false);
        let rows: Vec<bool> = (0..batch).map(of_row).collect();
        rows.contains(&true).then_some(rows)
    }
}

#[cfg(test)]
mod tests;
