//! Attention on flex: one node in a graph, by the kernel.

use std::sync::Arc;

use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use mdm_kernels::AttentionShape;

use super::AttentionMask;
use crate::rows::{Graph, contiguous, guard, plain, tensor, values};

/// What each place takes from the others; none where the kernel does not serve.
pub fn attend(
    inputs: &[Tensor<3>; 3],
    heads: usize,
    mask: &AttentionMask,
    factors: &Option<Arc<Vec<f32>>>,
) -> Option<Tensor<3>> {
    let [query, key, value] = inputs;
    let [batch, places, width] = query.dims();
    let pass = Pass {
        shape: AttentionShape {
            batch,
            places,
            heads,
            d_head: width / heads,
        },
        inputs: [plain(query)?, plain(key)?, plain(value)?],
        hidden: mask.hidden.as_ref().map(|hidden| hidden.values.clone()),
        factors: factors.clone(),
    };
    let shape = query.shape();
    if !inputs.iter().any(Tensor::is_tracked) {
        let out = tensor(pass.kernel().forward(), shape);
        return Some(Tensor::from_primitive::<Flex>(out));
    }
    let nodes = [guard(query)?, guard(key)?, guard(value)?];
    let preparation = Attend.prepare::<NoCheckpointing>(nodes).compute_bound();
    let out = match preparation.stateful() {
        OpsKind::Tracked(preparation) => {
            let (out, shares) = pass.kernel().forward_and_shares();
            preparation.finish((pass, shares), tensor(out, shape))
        }
        OpsKind::UnTracked(preparation) => {
            preparation.finish(tensor(pass.kernel().forward(), shape))
        }
    };
    Some(Tensor::from_primitive::<Graph>(out))
}

#[derive(Debug, Clone)]
struct Pass {
    shape: AttentionShape,
    /// Queries, keys, values.
    inputs: [FlexTensor; 3],
    hidden: Option<Arc<Vec<bool>>>,
    /// Of the dropout.
    factors: Option<Arc<Vec<f32>>>,
}

impl Pass {
    fn kernel(&self) -> mdm_kernels::Attention<'_> {
        let [query, key, value] = &self.inputs;
        mdm_kernels::Attention {
            shape: self.shape,
            query: values(query),
            key: values(key),
            value: values(value),
            hidden: self.hidden.as_ref().map_or(&[], |hidden| hidden),
            dropout: self.factors.as_ref().map_or(&[], |factors| factors),
        }
    }
}

#[derive(Debug)]
struct Attend;

impl Backward<Flex, 3> for Attend {
    /// With the shares before dropout.
    type State = (Pass, Vec<f32>);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = contiguous(gradients.consume::<Flex>(&ops.node));
        let (pass, shares) = ops.state;
        let found = pass.kernel().gradients(&shares, values(&gradient));
        let found = [found.query, found.key, found.value];
        let [batch, places] = [pass.shape.batch, pass.shape.places];
        let shape = [batch, places, pass.shape.heads * pass.shape.d_head];
        for (parent, found) in ops.parents.into_iter().zip(found) {
            if let Some(parent) = parent {
                gradients.register::<Flex>(parent.id, tensor(found, shape.into()));
            }
        }
    }
}
