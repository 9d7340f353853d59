//! The operation in plain operations of any backend, with a backward by hand.
//!
//! Differentiated by Burn, each step would leave a dozen nodes behind. Here only gates and states are kept, and the gradient
//! of W_hh is one product over all steps.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::{Shape, Slice, TensorData};

use super::Read;
use super::operation::{Gradients, Saved};

/// A step: the gates after their functions, and the states after it, all `[batch, …]`.
struct Step<B: Backend> {
    gates: [FloatTensor<B>; 4],
    hidden: FloatTensor<B>,
    cell: FloatTensor<B>,
}

pub(super) fn states<B: Backend>(
    drive: FloatTensor<B>,
    weight_hh: FloatTensor<B>,
    initial: Option<FloatTensor<B>>,
    read: &Read,
) -> FloatTensor<B> {
    read_of(&run::<B>(drive, weight_hh, initial, read), read)
}

pub(super) fn states_and_saved<B: Backend>(
    drive: FloatTensor<B>,
    weight_hh: FloatTensor<B>,
    initial: Option<FloatTensor<B>>,
    read: &Read,
) -> (FloatTensor<B>, Saved<B>) {
    let first = initial.clone().map(|states| halves::<B>(&states).0);
    let steps = run::<B>(drive, weight_hh, initial, read);
    let states = read_of(&steps, read);
    let first = first.unwrap_or_else(|| zeros_like::<B>(&steps[0].hidden));
    let before = std::iter::once(first).chain(steps.iter().map(|step| step.hidden.clone()));
    let before = before.take(steps.len()).collect();
    let cells = steps.iter().map(|step| step.cell.clone()).collect();
    let gates = steps.into_iter();
    let gates = gates.map(|step| B::float_cat(step.gates.into(), 1));
    let saved = Saved {
        gates: stack::<B>(gates.collect(), 1),
        before: stack::<B>(before, 1),
        cells: stack::<B>(cells, 1),
    };
    (states, saved)
}

/// All steps.
fn run<B: Backend>(
    drive: FloatTensor<B>,
    weight_hh: FloatTensor<B>,
    initial: Option<FloatTensor<B>>,
    read: &Read,
) -> Vec<Step<B>> {
    let steps = drive.shape()[1];
    let mut before = initial.map(|states| halves::<B>(&states));
    let mut all = Vec::with_capacity(steps);
    for step in 0..steps {
        let mut sums = at::<B>(&drive, step);
        if let Some((state, _)) = &before {
            let recurrent = B::float_matmul(state.clone(), weight_hh.clone());
            sums = B::float_add(sums, recurrent);
        }
        let [i, f, g, o] = quarters::<B>(&sums);
        let (i, f, g, o) = (
            B::sigmoid(i),
            B::sigmoid(f),
            B::float_tanh(g),
            B::sigmoid(o),
        );
        let mut cell = B::float_mul(i.clone(), g.clone());
        if let Some((_, before)) = &before {
            cell = B::float_add(cell, B::float_mul(f.clone(), before.clone()));
        }
        let mut state = B::float_mul(o.clone(), B::float_tanh(cell.clone()));
        if let Some(held) = Held::<B>::at(read, step, &cell) {
            let zeros = || (zeros_like::<B>(&state), zeros_like::<B>(&cell));
            let (old_state, old_cell) = before.take().unwrap_or_else(zeros);
            state = held.choose(old_state, state);
            cell = held.choose(old_cell, cell);
        }
        before = Some((state.clone(), cell.clone()));
        all.push(Step {
            gates: [i, f, g, o],
            hidden: state,
            cell,
        });
    }
    all
}

/// 1 where a state is held at a step and 0 elsewhere, and the reverse, `[batch, hidden]` each. Numbers, since how a backend
/// stores truth values is its own affair.
struct Held<B: Backend> {
    kept: FloatTensor<B>,
    changed: FloatTensor<B>,
}

impl<B: Backend> Held<B> {
    /// None where all states change.
    fn at(read: &Read, step: usize, like: &FloatTensor<B>) -> Option<Self> {
        let shape = like.shape();
        let held = read.held_at(step, shape[0])?;
        let numbers = |value: bool| {
            let rows = held.iter().map(|&held| f32::from(u8::from(held == value)));
            let numbers = rows.flat_map(|number| std::iter::repeat_n(number, shape[1]));
            let data = TensorData::new(numbers.collect::<Vec<f32>>(), shape.clone());
            let tensor = B::float_from_data(data, &like.device());
            B::float_cast(tensor, like.dtype().into())
        };
        Some(Self {
            kept: numbers(true),
            changed: numbers(false),
        })
    }

    /// The old numbers where a state is held, the new ones elsewhere.
    fn choose(&self, old: FloatTensor<B>, new: FloatTensor<B>) -> FloatTensor<B> {
        B::float_add(self.only(old), self.others(new))
    }

    fn only(&self, of: FloatTensor<B>) -> FloatTensor<B> {
        B::float_mul(of, self.kept.clone())
    }

    fn others(&self, of: FloatTensor<B>) -> FloatTensor<B> {
        B::float_mul(of, self.changed.clone())
    }
}

fn zeros_like<B: Backend>(tensor: &FloatTensor<B>) -> FloatTensor<B> {
    B::float_mul_scalar(tensor.clone(), 0.0.into())
}

/// Hidden states and cells from `[batch, 2 · hidden]`.
fn halves<B: Backend>(states: &FloatTensor<B>) -> (FloatTensor<B>, FloatTensor<B>) {
    let width = states.shape()[1] / 2;
    (
        columns::<B>(states, 0, width),
        columns::<B>(states, width, width),
    )
}

fn read_of<B: Backend>(steps: &[Step<B>], read: &Read) -> FloatTensor<B> {
    let states = read.steps.iter().map(|&step| {
        let Step { hidden, cell, .. } = &steps[step];
        match read.cells {
            true => B::float_cat(vec![hidden.clone(), cell.clone()], 1),
            false => hidden.clone(),
        }
    });
    stack::<B>(states.collect(), 1)
}

pub(super) fn gradients<B: Backend>(
    weight_hh: FloatTensor<B>,
    initial: Option<FloatTensor<B>>,
    saved: Saved<B>,
    read: &Read,
    gradient: FloatTensor<B>,
) -> Gradients<B> {
    let shape = saved.cells.shape();
    let (batch, steps, hidden) = (shape[0], shape[1], shape[2]);
    let back = B::float_transpose(weight_hh);
    let zero = zeros_like::<B>(&at::<B>(&saved.cells, 0));
    let first = initial.as_ref().map(|states| halves::<B>(states).1);
    let first = first.unwrap_or_else(|| zero.clone());
    let (mut of_hidden, mut of_cell) = (zero.clone(), zero.clone());
    let mut of_sums = Vec::with_capacity(steps);
    for step in (0..steps).rev() {
        if let Some(place) = read.steps.iter().position(|&read| read == step) {
            let given = at::<B>(&gradient, place);
            of_hidden = B::float_add(of_hidden, columns::<B>(&given, 0, hidden));
            if read.cells {
                of_cell = B::float_add(of_cell, columns::<B>(&given, hidden, hidden));
            }
        }
        // What a state that was held hands on as it is; its gates had no say.
        let kept = Held::<B>::at(read, step, &of_cell).map(|held| {
            let kept = (held.only(of_hidden.clone()), held.only(of_cell.clone()));
            of_hidden = held.others(of_hidden.clone());
            of_cell = held.others(of_cell.clone());
            kept
        });
        let [i, f, g, o] = quarters::<B>(&at::<B>(&saved.gates, step));
        let tanh = B::float_tanh(at::<B>(&saved.cells, step));
        let through = B::float_mul(of_hidden.clone(), o.clone());
        of_cell = B::float_add(of_cell, B::float_mul(through, slope_of_tanh::<B>(&tanh)));
        let before = match step {
            0 => first.clone(),
            step => at::<B>(&saved.cells, step - 1),
        };
        let sums = vec![
            of_sigmoid::<B>(B::float_mul(of_cell.clone(), g.clone()), &i),
            of_sigmoid::<B>(B::float_mul(of_cell.clone(), before), &f),
            B::float_mul(B::float_mul(of_cell.clone(), i), slope_of_tanh::<B>(&g)),
            of_sigmoid::<B>(B::float_mul(of_hidden, tanh), &o),
        ];
        let sums = B::float_cat(sums, 1);
        of_cell = B::float_mul(of_cell, f);
        of_hidden = B::float_matmul(sums.clone(), back.clone());
        if let Some((kept_hidden, kept_cell)) = kept {
            of_hidden = B::float_add(of_hidden, kept_hidden);
            of_cell = B::float_add(of_cell, kept_cell);
        }
        of_sums.push(sums);
    }
    let of_initial = initial.map(|_| B::float_cat(vec![of_hidden, of_cell], 1));
    of_sums.reverse();
    let of_drive = stack::<B>(of_sums, 1);
    let flat = |tensor: FloatTensor<B>, width| {
        B::float_reshape(tensor, Shape::new([batch * steps, width]))
    };
    let of_sums = flat(of_drive.clone(), 4 * hidden);
    let of_weight = B::float_matmul(B::float_transpose(flat(saved.before, hidden)), of_sums);
    (of_drive, of_weight, of_initial)
}

/// Step `step` of `[batch, steps, width]`.
fn at<B: Backend>(tensor: &FloatTensor<B>, step: usize) -> FloatTensor<B> {
    let shape = tensor.shape();
    let (batch, width) = (shape[0], shape[2]);
    let slices = [0..batch, step..step + 1, 0..width].map(Slice::from);
    let step = B::float_slice(tensor.clone(), &slices);
    B::float_reshape(step, Shape::new([batch, width]))
}

fn columns<B: Backend>(tensor: &FloatTensor<B>, first: usize, count: usize) -> FloatTensor<B> {
    let slices = [0..tensor.shape()[0], first..first + count].map(Slice::from);
    B::float_slice(tensor.clone(), &slices)
}

fn quarters<B: Backend>(gates: &FloatTensor<B>) -> [FloatTensor<B>; 4] {
    let width = gates.shape()[1] / 4;
    [0, 1, 2, 3].map(|gate| columns::<B>(gates, gate * width, width))
}

fn stack<B: Backend>(tensors: Vec<FloatTensor<B>>, dim: usize) -> FloatTensor<B> {
    let with_dim = tensors.into_iter().map(|tensor| {
        let mut shape: Vec<usize> = tensor.shape().iter().copied().collect();
        shape.insert(dim, 1);
        B::float_reshape(tensor, Shape::from(shape))
    });
    B::float_cat(with_dim.collect(), dim)
}

/// σ' = σ (1 − σ).
fn of_sigmoid<B: Backend>(gradient: FloatTensor<B>, value: &FloatTensor<B>) -> FloatTensor<B> {
    B::sigmoid_backward(value.clone(), gradient)
}

/// tanh' = 1 − tanh².
fn slope_of_tanh<B: Backend>(value: &FloatTensor<B>) -> FloatTensor<B> {
    let squared = B::float_mul(value.clone(), value.clone());
    B::float_add_scalar(B::float_neg(squared), 1.0.into())
}
