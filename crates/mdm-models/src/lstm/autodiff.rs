//! The operation in a graph.

use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;

use super::Read;
use super::operation::{Inputs, LstmOps, LstmParts, Saved};

#[derive(Debug)]
struct Lstm;

impl<B: LstmParts> Backward<B, 4> for Lstm {
    type State = (Inputs<B>, Saved<B>, Read);

    fn backward(
        self,
        ops: Ops<Self::State, 4>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let (inputs, saved, read) = ops.state;
        let gradient = gradients.consume::<B>(&ops.node);
        let [x, weight_ih, weight_hh, bias] = ops.parents;
        let found = B::gradients(inputs, saved, &read, gradient, x.is_some());
        for (parent, gradient) in [
            (x, found.x),
            (weight_ih, Some(found.weight_ih)),
            (weight_hh, Some(found.weight_hh)),
            (bias, Some(found.bias)),
        ] {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                gradients.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: LstmParts, C: CheckpointStrategy> LstmOps for Autodiff<B, C> {
    fn lstm(
        x: FloatTensor<Self>,
        weight_ih: FloatTensor<Self>,
        weight_hh: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        read: Read,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), weight_ih.node(), weight_hh.node(), bias.node()];
        let inputs = Inputs {
            x: x.into_primitive(),
            weight_ih: weight_ih.into_primitive(),
            weight_hh: weight_hh.into_primitive(),
            bias: bias.into_primitive(),
        };
        match Lstm.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(preparation) => {
                let (states, saved) = B::states_and_saved(inputs.clone(), &read);
                preparation.finish((inputs, saved, read), states)
            }
            OpsKind::UnTracked(preparation) => preparation.finish(B::states(inputs, &read)),
        }
    }
}
