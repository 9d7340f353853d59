//! The operation in a graph.

use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;

use super::Read;
use super::operation::{LstmOps, LstmParts, Saved};

#[derive(Debug)]
struct Lstm;

impl<B: LstmParts> Backward<B, 3> for Lstm {
    /// W_hh, the first states, and what the forward pass left.
    type State = (FloatTensor<B>, Option<FloatTensor<B>>, Saved<B>, Read);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (weight_hh, initial, saved, read) = ops.state;
        let gradient = gradients.consume::<B>(&ops.node);
        let (drive, weight_hh, initial) = B::gradients(weight_hh, initial, saved, &read, gradient);
        let found = [Some(drive), Some(weight_hh), initial];
        for (parent, gradient) in ops.parents.into_iter().zip(found) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                gradients.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: LstmParts, C: CheckpointStrategy> LstmOps for Autodiff<B, C> {
    fn lstm(
        drive: FloatTensor<Self>,
        weight_hh: FloatTensor<Self>,
        initial: FloatTensor<Self>,
        has_initial: bool,
        read: Read,
    ) -> FloatTensor<Self> {
        let nodes = [drive.node(), weight_hh.node(), initial.node()];
        let (drive, weight_hh) = (drive.into_primitive(), weight_hh.into_primitive());
        let initial = has_initial.then(|| initial.into_primitive());
        match Lstm.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(preparation) => {
                let (states, saved) =
                    B::states_and_saved(drive, weight_hh.clone(), initial.clone(), &read);
                preparation.finish((weight_hh, initial, saved, read), states)
            }
            OpsKind::UnTracked(preparation) => {
                preparation.finish(B::states(drive, weight_hh, initial, &read))
            }
        }
    }
}
