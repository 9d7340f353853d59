//! An operation on flex that has as many inputs as there are modalities, as one node in a graph.

use std::fmt::Debug;
use std::marker::PhantomData;

use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::tensor::Tensor;

use super::{Graph, contiguous, guard, plain};

/// An operation whose inputs are all of one kind.
pub(crate) trait Many: Debug + Clone + Send + 'static {
    /// What comes out.
    fn forward(&self, inputs: &[FlexTensor]) -> FlexTensor;

    /// The gradient of each input that is wanted from that of what came out.
    fn gradients(&self, gradient: &FlexTensor, wanted: &[bool]) -> Vec<Option<FlexTensor>>;
}

/// What comes out of an operation; none where the inputs are not flex's, and in a graph for more of them than [`node`] counts.
pub(crate) fn apply<O: Many>(operation: O, inputs: &[Tensor<3>]) -> Option<Tensor<3>> {
    let plain: Vec<FlexTensor> = inputs.iter().map(plain).collect::<Option<_>>()?;
    if !inputs.iter().any(Tensor::is_tracked) {
        let out = operation.forward(&plain);
        return Some(Tensor::from_primitive::<Flex>(out));
    }
    // Before the work, which would be in vain in a graph of another kind.
    let guards = inputs.iter().map(guard).collect::<Option<Vec<_>>>()?;
    let out = node(guards, operation, &plain)?;
    Some(Tensor::from_primitive::<Graph>(out))
}

/// The node of what comes out. Its parents are the inputs: how many, the type must say.
fn node<O: Many>(
    guards: Vec<NodeGuard>,
    operation: O,
    inputs: &[FlexTensor],
) -> Option<FloatTensor<Graph>> {
    fn of<O: Many, const N: usize>(
        guards: Vec<NodeGuard>,
        operation: O,
        inputs: &[FlexTensor],
    ) -> Option<FloatTensor<Graph>> {
        let guards: [NodeGuard; N] = guards.try_into().ok()?;
        let out = operation.forward(inputs);
        let node = Node::<O>(PhantomData);
        let preparation = node.prepare::<NoCheckpointing>(guards).compute_bound();
        Some(match preparation.stateful() {
            OpsKind::Tracked(preparation) => preparation.finish(operation, out),
            OpsKind::UnTracked(preparation) => preparation.finish(out),
        })
    }
    match guards.len() {
        1 => of::<O, 1>(guards, operation, inputs),
        2 => of::<O, 2>(guards, operation, inputs),
        3 => of::<O, 3>(guards, operation, inputs),
        4 => of::<O, 4>(guards, operation, inputs),
        5 => of::<O, 5>(guards, operation, inputs),
        6 => of::<O, 6>(guards, operation, inputs),
        _ => None,
    }
}

#[derive(Debug)]
struct Node<O>(PhantomData<fn() -> O>);

impl<O: Many, const N: usize> Backward<Flex, N> for Node<O> {
    type State = O;

    fn backward(self, ops: Ops<O, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = contiguous(gradients.consume::<Flex>(&ops.node));
        let wanted: Vec<bool> = ops.parents.iter().map(Option::is_some).collect();
        let found = ops.state.gradients(&gradient, &wanted);
        for (parent, found) in ops.parents.into_iter().zip(found) {
            if let (Some(parent), Some(found)) = (parent, found) {
                gradients.register::<Flex>(parent.id, found);
            }
        }
    }
}
