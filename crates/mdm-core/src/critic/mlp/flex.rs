//! The stack on flex: one node in a graph, by the kernel.
//!
//! A critic is small, and an update of it in Burn's operations is some hundred nodes whose own cost is several times that of
//! their products.

use std::sync::Arc;

use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::Tensor;
use mdm_kernels::{Mlp, MlpLayer, MlpSaved, MlpWanted};

use crate::flex::{contiguous, in_order, tensor, values};

type Graph = Autodiff<Flex, NoCheckpointing>;

/// Weight and bias of a layer.
pub type Layer = (Tensor<2>, Tensor<1>);

/// The output of the stack; none where the kernel does not serve, which is with another backend or number format, with
/// more layers than [`node`] counts, or with a negative slope.
pub fn forward(
    x: &Tensor<2>,
    layers: &[Layer],
    masks: &Arc<Vec<Vec<f32>>>,
    slope: f64,
) -> Option<Tensor<2>> {
    if slope < 0.0 || layers.len() > MOST_LAYERS {
        return None;
    }
    let stack = Stack {
        layers: layers
            .iter()
            .map(|(weight, bias)| {
                Some((
                    contiguous(weight.clone().inner())?,
                    contiguous(bias.clone().inner())?,
                ))
            })
            .collect::<Option<_>>()?,
        slope: slope as f32,
    };
    let inner = contiguous(x.clone().inner())?;
    let ([rows, width], [inputs, _]) = (x.dims(), layers.first()?.0.dims());
    assert_eq!(width, inputs, "rows are as wide as the first layer takes");
    let tracked = x.is_tracked()
        || layers
            .iter()
            .any(|(weight, bias)| weight.is_tracked() || bias.is_tracked());
    // Before the work, which would be in vain in a graph of another kind.
    let guards = match tracked {
        true => Some(guards(x, layers)?),
        false => None,
    };

    let saved = stack.mlp().forward(values(&inner), masks);
    let outputs = layers.last()?.1.dims()[0];
    let out = tensor(saved.output(), [rows, outputs]);
    let Some(guards) = guards else {
        return Some(Tensor::from_primitive::<Flex>(out));
    };
    let pass = Pass {
        stack,
        saved,
        masks: masks.clone(),
    };
    Some(Tensor::from_primitive::<Graph>(node(guards, pass, out)?))
}

/// The places in the graph of the rows, and of weight and bias of each layer.
fn guards(x: &Tensor<2>, layers: &[Layer]) -> Option<Vec<NodeGuard>> {
    let mut guards = vec![guard(x.clone())?];
    for (weight, bias) in layers {
        guards.push(guard(weight.clone())?);
        guards.push(guard(bias.clone())?);
    }
    Some(guards)
}

fn guard<const D: usize>(tensor: Tensor<D>) -> Option<NodeGuard> {
    let tensor = tensor.autodiff().try_into_primitive::<Graph>().ok()?;
    Some(tensor.node())
}

const MOST_LAYERS: usize = 8;

/// The node of the output. Its parents are the rows, and weight and bias of each layer: how many, the type must say.
fn node(guards: Vec<NodeGuard>, pass: Pass, out: FlexTensor) -> Option<FloatTensor<Graph>> {
    fn of<const N: usize>(
        guards: Vec<NodeGuard>,
        pass: Pass,
        out: FlexTensor,
    ) -> Option<FloatTensor<Graph>> {
        let guards: [NodeGuard; N] = guards.try_into().ok()?;
        let preparation = Critic.prepare::<NoCheckpointing>(guards).compute_bound();
        Some(match preparation.stateful() {
            OpsKind::Tracked(preparation) => preparation.finish(pass, out),
            OpsKind::UnTracked(preparation) => preparation.finish(out),
        })
    }
    match guards.len() {
        3 => of::<3>(guards, pass, out),
        5 => of::<5>(guards, pass, out),
        7 => of::<7>(guards, pass, out),
        9 => of::<9>(guards, pass, out),
        11 => of::<11>(guards, pass, out),
        13 => of::<13>(guards, pass, out),
        15 => of::<15>(guards, pass, out),
        17 => of::<17>(guards, pass, out),
        _ => None,
    }
}

#[derive(Debug, Clone)]
struct Stack {
    layers: Vec<(FlexTensor, FlexTensor)>,
    slope: f32,
}

impl Stack {
    fn mlp(&self) -> Mlp<'_> {
        let layers = self.layers.iter().map(|(weight, bias)| MlpLayer {
            weight: values(weight),
            bias: values(bias),
        });
        Mlp::new(layers.collect(), self.slope)
    }
}

/// What the way back needs.
#[derive(Debug, Clone)]
struct Pass {
    stack: Stack,
    saved: MlpSaved,
    masks: Arc<Vec<Vec<f32>>>,
}

#[derive(Debug)]
struct Critic;

impl<const N: usize> Backward<Flex, N> for Critic {
    type State = Pass;

    fn backward(self, ops: Ops<Pass, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = in_order(gradients.consume::<Flex>(&ops.node));
        let Pass {
            stack,
            saved,
            masks,
        } = ops.state;
        let mut parents = ops.parents.into_iter();
        let of_x = parents.next().flatten();
        let of_layers: Vec<_> = parents.collect();
        let wanted = MlpWanted {
            x: of_x.is_some(),
            layers: of_layers.iter().any(Option::is_some),
        };
        let found = (stack.mlp()).gradients(&saved, &masks, values(&gradient), wanted);
        if let Some(parent) = of_x {
            let inputs = stack.layers[0].0.shape()[0];
            let rows = found.x.len() / inputs;
            gradients.register::<Flex>(parent.id, tensor(found.x, [rows, inputs]));
        }
        let parameters = stack.layers.iter();
        let shapes = parameters.flat_map(|(weight, bias)| [weight.shape(), bias.shape()]);
        let found = found.layers.into_iter().flatten().zip(shapes);
        for (parent, (values, shape)) in of_layers.into_iter().zip(found) {
            if let Some(parent) = parent {
                gradients.register::<Flex>(parent.id, tensor(values, shape));
            }
        }
    }
}
