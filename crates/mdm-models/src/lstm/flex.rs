//! The operation on flex: the kernel.

use burn::backend::flex::FlexTensor;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::{DType, Shape, Tensor};
use mdm_kernels::{Backward, Forward, Input, Shape as Sizes};

use super::operation::{LstmParts, Saved};
use super::{Lstm, Read, tensors};
use crate::rows::{contiguous, plain, tensor, values, vector};

impl LstmParts for Flex {
    fn states(drive: FlexTensor, weight_hh: FlexTensor, read: &Read) -> FlexTensor {
        if !serves(&drive, &weight_hh) {
            return tensors::states::<Self>(drive, weight_hh, read);
        }
        let (drive, weight_hh) = (contiguous(drive), contiguous(weight_hh));
        let shape = sizes(&drive);
        let states = forward(shape, &weight_hh, read).states(values(&drive));
        tensor(states, of_read(shape, read))
    }

    fn states_and_saved(
        drive: FlexTensor,
        weight_hh: FlexTensor,
        read: &Read,
    ) -> (FlexTensor, Saved<Self>) {
        if !serves(&drive, &weight_hh) {
            return tensors::states_and_saved(drive, weight_hh, read);
        }
        let weight_hh = contiguous(weight_hh);
        let (shape, of_drive) = (sizes(&drive), drive.shape());
        // The gates take the place of the drive.
        let (states, saved) = forward(shape, &weight_hh, read).states_and_saved(vector(drive));
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
        saved: Saved<Self>,
        read: &Read,
        gradient: FlexTensor,
    ) -> [FlexTensor; 2] {
        if !serves(&gradient, &weight_hh) {
            return tensors::gradients(weight_hh, saved, read, gradient);
        }
        let (weight_hh, gradient) = (contiguous(weight_hh), contiguous(gradient));
        let of_drive = saved.gates.shape();
        let found = Backward {
            shape: sizes(&saved.gates),
            weight_hh: values(&weight_hh),
            read: &read.steps,
            cells: read.cells,
            gradient: values(&gradient),
        }
        .gradients(mdm_kernels::Saved {
            gates: vector(saved.gates),
            before: vector(saved.before),
            cells: vector(saved.cells),
        });
        [
            tensor(found.drive, of_drive),
            tensor(found.weight_hh, weight_hh.shape()),
        ]
    }
}

/// The states that are read, from the inputs themselves; none where the kernel does not serve, or where something is
/// tracked and the drive must be kept.
pub fn states_of_inputs(lstm: &Lstm, parts: &[Tensor<3>], read: &Read) -> Option<Tensor<3>> {
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
    let [batch, steps, _] = parts[0].dims();
    let [inputs, gates] = weight_ih.dims();
    assert_eq!(parts.iter().map(|x| x.dims()[2]).sum::<usize>(), inputs);
    let shape = Sizes {
        batch,
        steps,
        hidden: gates / 4,
    };
    let x: Vec<FlexTensor> = parts.iter().map(plain).collect::<Option<_>>()?;
    let (weight_ih, weight_hh) = (plain(&weight_ih)?, plain(&weight_hh)?);
    let bias = plain(&(bias_ih + bias_hh))?;
    let mut weights = values(&weight_ih);
    let inputs = x.iter().map(|x| {
        let weight;
        (weight, weights) = weights.split_at(x.shape()[2] * gates);
        let x = values(x);
        Input { x, weight }
    });
    let inputs: Vec<Input> = inputs.collect();
    let states = forward(shape, &weight_hh, read).states_of_inputs(&inputs, values(&bias));
    let states = tensor(states, of_read(shape, read));
    Some(Tensor::from_primitive::<Flex>(states))
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

fn forward<'a>(shape: Sizes, weight_hh: &'a FlexTensor, read: &'a Read) -> Forward<'a> {
    Forward {
        shape,
        weight_hh: values(weight_hh),
        read: &read.steps,
        cells: read.cells,
    }
}

/// The shape of what is read.
fn of_read(shape: Sizes, read: &Read) -> Shape {
    let parts = if read.cells { 2 } else { 1 };
    Shape::new([shape.batch, read.steps.len(), parts * shape.hidden])
}
