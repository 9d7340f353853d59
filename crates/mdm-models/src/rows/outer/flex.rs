//! The products on flex: one node in a graph, by the kernel. Burn repeats both factors on one thread.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::{Shape, Tensor};

use crate::rows::{Graph, contiguous, guard, plain, tensor, values};

/// As [`super::outer`]; none for tensors that are not flex's.
pub fn outer(slow: &Tensor<2>, fast: &Tensor<2>) -> Option<Tensor<2>> {
    let ([rows, slow_width], [_, fast_width]) = (slow.dims(), fast.dims());
    let widths = [slow_width, fast_width];
    let factors = [plain(slow)?, plain(fast)?];
    let nodes = match slow.is_tracked() || fast.is_tracked() {
        true => Some([guard(slow)?, guard(fast)?]),
        false => None,
    };
    let products = mdm_kernels::outer(values(&factors[0]), values(&factors[1]), widths);
    let products = tensor(products, Shape::new([rows, slow_width * fast_width]));
    let Some(nodes) = nodes else {
        return Some(Tensor::from_primitive::<Flex>(products));
    };
    let preparation = Outer.prepare::<NoCheckpointing>(nodes).compute_bound();
    Some(Tensor::from_primitive::<Graph>(
        match preparation.stateful() {
            OpsKind::Tracked(preparation) => preparation.finish(factors, products),
            OpsKind::UnTracked(preparation) => preparation.finish(products),
        },
    ))
}

#[derive(Debug)]
struct Outer;

impl Backward<Flex, 2> for Outer {
    /// Both factors.
    type State = [FlexTensor; 2];

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = contiguous(gradients.consume::<Flex>(&ops.node));
        let [slow, fast] = &ops.state;
        let shapes = [slow.shape(), fast.shape()];
        let widths = [shapes[0][1], shapes[1][1]];
        let found =
            mdm_kernels::outer_gradients(values(slow), values(fast), values(&gradient), widths);
        for (parent, (found, shape)) in ops.parents.into_iter().zip(found.into_iter().zip(shapes)) {
            if let Some(parent) = parent {
                gradients.register::<Flex>(parent.id, tensor(found, shape));
            }
        }
    }
}
