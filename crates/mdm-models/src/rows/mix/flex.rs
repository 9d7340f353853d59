//! The sums on flex: one node in a graph, by the kernel. Burn's backward of a selection adds row after row on one thread.

use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::tensor::{Shape, Tensor};

use crate::rows::{Graph, contiguous, guard, plain, tensor, values};

/// As [`super::mix`]; none for tensors that are not flex's, and in a graph for more parts than [`node`] counts.
pub fn mix(parts: &[Tensor<3>], rows: &[Vec<usize>]) -> Option<Tensor<3>> {
    let [count, steps, width] = parts.first()?.dims();
    assert!(
        parts
            .iter()
            .all(|part| part.dims() == [count, steps, width])
    );
    let inner: Vec<FlexTensor> = parts.iter().map(plain).collect::<Option<_>>()?;
    let guards = match parts.iter().any(Tensor::is_tracked) {
        true => Some(parts.iter().map(guard).collect::<Option<Vec<_>>>()?),
        false => None,
    };
    let of_parts: Vec<&[f32]> = inner.iter().map(values).collect();
    let mixed = mdm_kernels::mix(&of_parts, rows, steps * width);
    let mixed = tensor(mixed, Shape::new([rows[0].len(), steps, width]));
    let Some(guards) = guards else {
        return Some(Tensor::from_primitive::<Flex>(mixed));
    };
    let taken = Taken {
        rows: rows.to_vec(),
        of_part: [count, steps, width],
    };
    Some(Tensor::from_primitive::<Graph>(node(guards, taken, mixed)?))
}

/// The node of the sums. Its parents are the parts: how many, the type must say.
fn node(guards: Vec<NodeGuard>, taken: Taken, mixed: FlexTensor) -> Option<FloatTensor<Graph>> {
    fn of<const N: usize>(
        guards: Vec<NodeGuard>,
        taken: Taken,
        mixed: FlexTensor,
    ) -> Option<FloatTensor<Graph>> {
        let guards: [NodeGuard; N] = guards.try_into().ok()?;
        let preparation = Mix.prepare::<NoCheckpointing>(guards).compute_bound();
        Some(match preparation.stateful() {
            OpsKind::Tracked(preparation) => preparation.finish(taken, mixed),
            OpsKind::UnTracked(preparation) => preparation.finish(mixed),
        })
    }
    match guards.len() {
        1 => of::<1>(guards, taken, mixed),
        2 => of::<2>(guards, taken, mixed),
        3 => of::<3>(guards, taken, mixed),
        4 => of::<4>(guards, taken, mixed),
        5 => of::<5>(guards, taken, mixed),
        6 => of::<6>(guards, taken, mixed),
        _ => None,
    }
}

/// What the way back needs.
#[derive(Debug, Clone)]
struct Taken {
    rows: Vec<Vec<usize>>,
    of_part: [usize; 3],
}

#[derive(Debug)]
struct Mix;

impl<const N: usize> Backward<Flex, N> for Mix {
    type State = Taken;

    fn backward(self, ops: Ops<Taken, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = contiguous(gradients.consume::<Flex>(&ops.node));
        let Taken { rows, of_part } = ops.state;
        let [count, steps, width] = of_part;
        for (parent, rows) in ops.parents.into_iter().zip(&rows) {
            if let Some(parent) = parent {
                let found =
                    mdm_kernels::mix_gradient(values(&gradient), rows, steps * width, count);
                gradients.register::<Flex>(parent.id, tensor(found, Shape::new(of_part)));
            }
        }
    }
}
