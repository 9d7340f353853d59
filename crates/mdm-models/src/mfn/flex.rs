//! The recursion on flex: one operation, by the kernel of `mdm-kernels`.

use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{Shape, Tensor};
use mdm_kernels::{MemoryBackward, MemoryForward, MemoryGate, MemorySaved, MemoryShape};

use super::memory::Gate;
use crate::rows::{tensor, values, vector};

/// As [`super::memory::memories`].
pub(super) fn memories(retain: Gate, update: Gate, candidate: Tensor<3>) -> Tensor<3> {
    let masks = [retain.mask, update.mask].map(Option::unwrap_or_default);
    let memories = <Dispatch as MemoryOps>::memories(
        candidate.into_dispatch(),
        retain.drive.into_dispatch(),
        retain.of_memory.into_dispatch(),
        retain.of_hidden.into_dispatch(),
        retain.bias.into_dispatch(),
        update.drive.into_dispatch(),
        update.of_memory.into_dispatch(),
        update.of_hidden.into_dispatch(),
        update.bias.into_dispatch(),
        masks,
    );
    Tensor::from_dispatch(memories)
}

/// Dropout's masks of both gates; empty where nothing is dropped.
type Masks = [Vec<f32>; 2];

#[allow(clippy::too_many_arguments)]
#[backend_extension(Flex, Autodiff)]
pub trait MemoryOps: Backend {
    /// The memory after every step. For each gate: drive, W₁, W₂, bias.
    fn memories(
        candidate: FloatTensor<Self>,
        retain_drive: FloatTensor<Self>,
        retain_of_memory: FloatTensor<Self>,
        retain_of_hidden: FloatTensor<Self>,
        retain_bias: FloatTensor<Self>,
        update_drive: FloatTensor<Self>,
        update_of_memory: FloatTensor<Self>,
        update_of_hidden: FloatTensor<Self>,
        update_bias: FloatTensor<Self>,
        masks: Masks,
    ) -> FloatTensor<Self>;
}

/// The inputs of the operation: candidate, then drive, W₁, W₂ and bias of each gate.
type Inputs<B> = [FloatTensor<B>; 9];

/// What is kept: the memory before each step, the hidden layers, the gates.
type Saved<B> = [FloatTensor<B>; 5];

/// The operation without a graph.
pub trait MemoryParts: Backend {
    fn run(inputs: Inputs<Self>, masks: &Masks) -> FloatTensor<Self>;
    fn run_and_save(inputs: Inputs<Self>, masks: &Masks) -> (FloatTensor<Self>, Saved<Self>);
    /// The gradients of the inputs.
    fn gradients(
        inputs: Inputs<Self>,
        masks: &Masks,
        saved: Saved<Self>,
        gradient: FloatTensor<Self>,
    ) -> Inputs<Self>;
}

impl MemoryOps for Flex {
    fn memories(
        candidate: FlexTensor,
        retain_drive: FlexTensor,
        retain_of_memory: FlexTensor,
        retain_of_hidden: FlexTensor,
        retain_bias: FlexTensor,
        update_drive: FlexTensor,
        update_of_memory: FlexTensor,
        update_of_hidden: FlexTensor,
        update_bias: FlexTensor,
        masks: Masks,
    ) -> FlexTensor {
        let inputs = [
            candidate,
            retain_drive,
            retain_of_memory,
            retain_of_hidden,
            retain_bias,
            update_drive,
            update_of_memory,
            update_of_hidden,
            update_bias,
        ];
        Self::run(inputs, &masks)
    }
}

impl MemoryParts for Flex {
    fn run(inputs: Inputs<Self>, masks: &Masks) -> FlexTensor {
        let inputs = inputs.map(|input| input.to_contiguous());
        let shape = inputs[0].shape();
        tensor(forward(&inputs, masks).memories(), shape)
    }

    fn run_and_save(inputs: Inputs<Self>, masks: &Masks) -> (FlexTensor, Saved<Self>) {
        let inputs = inputs.map(|input| input.to_contiguous());
        let shape = inputs[0].shape();
        let (memories, saved) = forward(&inputs, masks).memories_and_saved();
        let MemorySaved {
            before,
            hidden: [hidden_0, hidden_1],
            gates: [gate_0, gate_1],
        } = saved;
        let saved = [before, hidden_0, hidden_1, gate_0, gate_1].map(|values| {
            let count = Shape::new([values.len()]);
            tensor(values, count)
        });
        (tensor(memories, shape), saved)
    }

    fn gradients(
        inputs: Inputs<Self>,
        masks: &Masks,
        saved: Saved<Self>,
        gradient: FlexTensor,
    ) -> Inputs<Self> {
        let inputs = inputs.map(|input| input.to_contiguous());
        let gradient = gradient.to_contiguous();
        let [before, hidden_0, hidden_1, gate_0, gate_1] = saved.map(vector);
        let found = MemoryBackward {
            shape: shape(&inputs),
            gates: gates(&inputs, masks),
            candidate: values(&inputs[0]),
            gradient: values(&gradient),
        }
        .gradients(MemorySaved {
            before,
            hidden: [hidden_0, hidden_1],
            gates: [gate_0, gate_1],
        });
        let [retain, update] = found.gates;
        let mut shapes = inputs.iter().map(TensorMetadata::shape);
        [
            found.candidate,
            retain.drive,
            retain.of_memory,
            retain.of_hidden,
            retain.bias,
            update.drive,
            update.of_memory,
            update.of_hidden,
            update.bias,
        ]
        .map(|values| tensor(values, shapes.next().expect("a shape for every input")))
    }
}

fn shape(inputs: &[FlexTensor; 9]) -> MemoryShape {
    let candidate = inputs[0].shape();
    MemoryShape {
        batch: candidate[0],
        steps: candidate[1],
        memory: candidate[2],
        hidden: [inputs[1].shape()[2], inputs[5].shape()[2]],
    }
}

fn gates<'a>(inputs: &'a [FlexTensor; 9], masks: &'a Masks) -> [MemoryGate<'a>; 2] {
    [0, 1].map(|which| {
        let [drive, of_memory, of_hidden, bias] =
            [1, 2, 3, 4].map(|input| values(&inputs[input + 4 * which]));
        MemoryGate {
            drive,
            mask: &masks[which],
            of_memory,
            of_hidden,
            bias,
        }
    })
}

fn forward<'a>(inputs: &'a [FlexTensor; 9], masks: &'a Masks) -> MemoryForward<'a> {
    MemoryForward {
        shape: shape(inputs),
        gates: gates(inputs, masks),
        candidate: values(&inputs[0]),
    }
}

#[derive(Debug)]
struct Memories;

impl<B: MemoryParts> Backward<B, 9> for Memories {
    type State = (Inputs<B>, Masks, Saved<B>);

    fn backward(self, ops: Ops<Self::State, 9>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        let (inputs, masks, saved) = ops.state;
        let found = B::gradients(inputs, &masks, saved, gradient);
        for (parent, gradient) in ops.parents.into_iter().zip(found) {
            if let Some(parent) = parent {
                gradients.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: MemoryParts + MemoryOps, C: CheckpointStrategy> MemoryOps for Autodiff<B, C> {
    fn memories(
        candidate: FloatTensor<Self>,
        retain_drive: FloatTensor<Self>,
        retain_of_memory: FloatTensor<Self>,
        retain_of_hidden: FloatTensor<Self>,
        retain_bias: FloatTensor<Self>,
        update_drive: FloatTensor<Self>,
        update_of_memory: FloatTensor<Self>,
        update_of_hidden: FloatTensor<Self>,
        update_bias: FloatTensor<Self>,
        masks: Masks,
    ) -> FloatTensor<Self> {
        let inputs = [
            candidate,
            retain_drive,
            retain_of_memory,
            retain_of_hidden,
            retain_bias,
            update_drive,
            update_of_memory,
            update_of_hidden,
            update_bias,
        ];
        let nodes = inputs.each_ref().map(|input| input.node());
        let inputs = inputs.map(|input| input.into_primitive());
        match Memories.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(preparation) => {
                let (memories, saved) = B::run_and_save(inputs.clone(), &masks);
                preparation.finish((inputs, masks, saved), memories)
            }
            OpsKind::UnTracked(preparation) => preparation.finish(B::run(inputs, &masks)),
        }
    }
}
