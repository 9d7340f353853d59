//! The operation on flex: the kernel.

use burn::backend::flex::FlexTensor;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::{DType, Shape, Tensor};
use mdm_kernels::{Input, Mixture, Recursion, Shape as Sizes};

use super::operation::{Gradients, LstmParts, Saved};
use super::{Lstm, Read, tensors};
use crate::rows::{contiguous, plain, tensor, values, vector};

impl LstmParts for Flex {
    fn states(
        drive: FlexTensor,
        weight_hh: FlexTensor,
        initial: Option<FlexTensor>,
        read: &Read,
    ) -> FlexTensor {
        if !serves(&drive, &weight_hh) {
            return tensors::states::<Self>(drive, weight_hh, initial, read);
        }
        let (drive, weight_hh) = (contiguous(drive), contiguous(weight_hh));
        let initial = initial.map(contiguous);
        let shape = sizes(&drive);
        let states = recursion(shape, &weight_hh, &initial, read).states(values(&drive));
        tensor(states, of_read(shape, read))
    }

    fn states_and_saved(
        drive: FlexTensor,
        weight_hh: FlexTensor,
        initial: Option<FlexTensor>,
        read: &Read,
    ) -> (FlexTensor, Saved<Self>) {
        if !serves(&drive, &weight_hh) {
            return tensors::states_and_saved(drive, weight_hh, initial, read);
        }
        let (weight_hh, initial) = (contiguous(weight_hh), initial.map(contiguous));
        let (shape, of_drive) = (sizes(&drive), drive.shape());
        let recursion = recursion(shape, &weight_hh, &initial, read);
        // The gates take the place of the drive.
        let (states, saved) = recursion.states_and_saved(vector(drive));
        let of_states = Shape::new([shape.batch, shape.steps, shape.hidden]);
        let saved = Saved {
            gates: tensor(saved.gates, of_drive),
            before: tensor(saved.before, of_states.clone()),
            cells: tensor(saved.cells, of_states),
        };
        (tensor(states, of_read(shape, read)), saved)
    }

    fn gradients(
        weight_hh: FlexTensor,
        initial: Option<FlexTensor>,
        saved: Saved<Self>,
        read: &Read,
        gradient: FlexTensor,
    ) -> Gradients<Self> {
        if !serves(&gradient, &weight_hh) {
            return tensors::gradients(weight_hh, initial, saved, read, gradient);
        }
        let (weight_hh, gradient) = (contiguous(weight_hh), contiguous(gradient));
        let initial = initial.map(contiguous);
        let of_drive = saved.gates.shape();
        let recursion = recursion(sizes(&saved.gates), &weight_hh, &initial, read);
        let saved = mdm_kernels::Saved {
            gates: vector(saved.gates),
            before: vector(saved.before),
            cells: vector(saved.cells),
        };
        let found = recursion.gradients(saved, values(&gradient));
        (
            tensor(found.drive, of_drive),
            tensor(found.weight_hh, weight_hh.shape()),
            initial.map(|states| tensor(found.initial, states.shape())),
        )
    }
}

/// The states that are read, from the inputs themselves; none where the kernel does not serve, or where something is
/// tracked and the drive must be kept.
pub fn states_of_inputs(
    lstm: &Lstm,
    parts: &[Tensor<3>],
    initial: &Option<Tensor<2>>,
    read: &Read,
) -> Option<Tensor<3>> {
    if initial.as_ref().is_some_and(Tensor::is_tracked) {
        return None;
    }
    let plain_layer = PlainLayer::of(lstm, parts)?;
    let initial = match initial {
        Some(states) => Some(plain(states)?),
        None => None,
    };
    let shape = plain_layer.shape(parts[0].dims()[0]);
    let recursion = recursion(shape, &plain_layer.weight_hh, &initial, read);
    let states = recursion.states_of_inputs(
        &plain_layer.inputs(),
        values(&plain_layer.weight_ih),
        values(&plain_layer.bias),
    );
    let states = tensor(states, of_read(shape, read));
    Some(Tensor::from_primitive::<Flex>(states))
}

/// Rows of a mixture that a thread takes alone: those of a batch for training and its twin, which go side by side with
/// others. More, as in an evaluation, are better off with products that are made once, on all threads.
const MOST_ROWS: usize = 384;

/// The hidden state after some steps of a mixture's rows; none as in [`states_of_inputs`], and for many rows.
pub fn states_of_mixture(
    lstm: &Lstm,
    parts: &[Tensor<3>],
    rows: &[Vec<usize>],
    steps: &[usize],
) -> Option<Tensor<3>> {
    let count = rows.first()?.len();
    if count > MOST_ROWS {
        return None;
    }
    let plain_layer = PlainLayer::of(lstm, parts)?;
    let shape = plain_layer.shape(count);
    let read = Read::of(steps, false);
    let recursion = recursion(shape, &plain_layer.weight_hh, &None, &read);
    let states = recursion.states_of_mixture(&Mixture {
        parts: &plain_layer.inputs(),
        sequences: parts[0].dims()[0],
        rows,
        weight_ih: values(&plain_layer.weight_ih),
        bias: values(&plain_layer.bias),
    });
    let states = tensor(states, of_read(shape, &read));
    Some(Tensor::from_primitive::<Flex>(states))
}

/// A layer and its inputs as the kernel reads them.
struct PlainLayer {
    x: Vec<FlexTensor>,
    weight_ih: FlexTensor,
    weight_hh: FlexTensor,
    bias: FlexTensor,
}

impl PlainLayer {
    /// None where something is tracked, or not flex's.
    fn of(lstm: &Lstm, parts: &[Tensor<3>]) -> Option<Self> {
        let [weight_ih, weight_hh] = [lstm.weight_ih.val(), lstm.weight_hh.val()];
        let [bias_ih, bias_hh] = [lstm.bias_ih.val(), lstm.bias_hh.val()];
        let tracked = [&weight_ih, &weight_hh].map(Tensor::is_tracked);
        if parts.iter().any(Tensor::is_tracked)
            || tracked.contains(&true)
            || bias_ih.is_tracked()
            || bias_hh.is_tracked()
        {
            return None;
        }
        Some(Self {
            x: parts.iter().map(plain).collect::<Option<_>>()?,
            weight_ih: plain(&weight_ih)?,
            weight_hh: plain(&weight_hh)?,
            bias: plain(&(bias_ih + bias_hh))?,
        })
    }

    fn inputs(&self) -> Vec<Input<'_>> {
        let input = |x| Input {
            x: values(x),
            columns: x.shape()[2],
        };
        self.x.iter().map(input).collect()
    }

    /// For some rows of inputs that are as long as these.
    fn shape(&self, batch: usize) -> Sizes {
        Sizes {
            batch,
            steps: self.x[0].shape()[1],
            hidden: self.weight_hh.shape()[0],
        }
    }
}

/// Whether the tensors are of the kernel's precision.
fn serves(tensor: &FlexTensor, weight_hh: &FlexTensor) -> bool {
    tensor.dtype() == DType::F32 && weight_hh.dtype() == DType::F32
}

fn sizes(drive: &FlexTensor) -> Sizes {
    let shape = drive.shape();
    Sizes {
        batch: shape[0],
        steps: shape[1],
        hidden: shape[2] / 4,
    }
}

fn recursion<'a>(
    shape: Sizes,
    weight_hh: &'a FlexTensor,
    initial: &'a Option<FlexTensor>,
    read: &'a Read,
) -> Recursion<'a> {
    Recursion {
        shape,
        weight_hh: values(weight_hh),
        read: &read.steps,
        cells: read.cells,
        initial: initial.as_ref().map_or(&[], values),
        held: &read.held,
    }
}

/// The shape of what is read.
fn of_read(shape: Sizes, read: &Read) -> Shape {
    let parts = if read.cells { 2 } else { 1 };
    Shape::new([shape.batch, read.steps.len(), parts * shape.hidden])
}
