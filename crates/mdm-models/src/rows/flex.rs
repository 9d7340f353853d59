//! The functions on flex: one node in a graph each. Burn differentiates its own softmax and layer normalisation operation
//! by operation.

use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::{CheckpointStrategy, NoCheckpointing};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind, unary};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Backend, Dispatch, DispatchTensor, DispatchTensorKind, Flex, TensorMetadata, backend_extension,
};
use burn::tensor::{DType, Shape, Tensor, TensorData};
use mdm_kernels::Normalised;

/// Whether a tensor is one of flex's, of the kernels' precision.
pub fn serve<const D: usize>(x: &Tensor<D>) -> bool {
    let is_flex = |tensor: &DispatchTensor| match &tensor.kind {
        DispatchTensorKind::Autodiff(kind) => matches!(**kind, DispatchTensorKind::Flex(_)),
        kind => matches!(kind, DispatchTensorKind::Flex(_)),
    };
    x.dtype() == DType::F32 && is_flex(&x.clone().into_dispatch())
}

/// `x · weight + bias` over the last dimension.
pub fn linear<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
) -> Tensor<D> {
    let (x, weight) = (x.into_dispatch(), weight.into_dispatch());
    Tensor::from_dispatch(match bias {
        None => <Dispatch as RowOps>::product(x, weight),
        Some(bias) => <Dispatch as RowOps>::linear_of_rows(x, weight, bias.into_dispatch()),
    })
}

/// `x Φ(x)`.
pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(<Dispatch as RowOps>::exact_gelu(x.into_dispatch()))
}

/// The hyperbolic tangent.
pub fn tanh<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(<Dispatch as RowOps>::tanh_of_rows(x.into_dispatch()))
}

/// The softmax of the last dimension.
pub fn softmax<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(<Dispatch as RowOps>::softmax_of_rows(x.into_dispatch()))
}

/// Layer normalisation over the last dimension.
pub fn layer_norm<const D: usize>(
    x: Tensor<D>,
    scale: Tensor<1>,
    shift: Tensor<1>,
    epsilon: f64,
) -> Tensor<D> {
    Tensor::from_dispatch(<Dispatch as RowOps>::layer_norm_of_rows(
        x.into_dispatch(),
        scale.into_dispatch(),
        shift.into_dispatch(),
        epsilon,
    ))
}

#[backend_extension(Flex, Autodiff)]
pub trait RowOps: Backend {
    fn product(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;
    fn linear_of_rows(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
    fn exact_gelu(x: FloatTensor<Self>) -> FloatTensor<Self>;
    /// As [`tanh`].
    fn tanh_of_rows(x: FloatTensor<Self>) -> FloatTensor<Self>;
    fn softmax_of_rows(x: FloatTensor<Self>) -> FloatTensor<Self>;
    fn layer_norm_of_rows(
        x: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self>;
}

/// The operations without a graph, with what their gradients need.
pub trait RowParts: RowOps {
    /// The gradients of x, where it was asked for, weight and bias.
    fn linear_gradients(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        of_x: bool,
    ) -> [Option<FloatTensor<Self>>; 3];
    /// Value and slope.
    fn gelu_and_slope(x: FloatTensor<Self>) -> (FloatTensor<Self>, FloatTensor<Self>);
    /// From what came out and its gradient.
    fn softmax_gradient(y: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self>;
    fn tanh_gradient(y: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self>;
    /// What comes out, the normalised rows, and the inverse deviation of each.
    fn layer_norm_and_saved(
        x: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        epsilon: f64,
    ) -> [FloatTensor<Self>; 3];
    /// The gradients of x, scale and shift.
    fn layer_norm_gradients(
        saved: [FloatTensor<Self>; 2],
        scale: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> [FloatTensor<Self>; 3];
}

impl RowOps for Flex {
    fn product(x: FlexTensor, weight: FlexTensor) -> FlexTensor {
        let (x, weight) = (contiguous(x), contiguous(weight));
        linear_of(&x, &weight, &[])
    }

    fn linear_of_rows(x: FlexTensor, weight: FlexTensor, bias: FlexTensor) -> FlexTensor {
        let (x, weight, bias) = (contiguous(x), contiguous(weight), contiguous(bias));
        linear_of(&x, &weight, values(&bias))
    }

    fn exact_gelu(x: FlexTensor) -> FlexTensor {
        let x = contiguous(x);
        let mut value = vec![0.0; values(&x).len()];
        mdm_kernels::gelu(values(&x), &mut value);
        tensor(value, x.shape())
    }

    fn tanh_of_rows(x: FlexTensor) -> FlexTensor {
        let shape = x.shape();
        let mut values = vector(x);
        mdm_kernels::tanh(&mut values);
        tensor(values, shape)
    }

    fn softmax_of_rows(x: FlexTensor) -> FlexTensor {
        let shape = x.shape();
        let mut rows = vector(x);
        mdm_kernels::softmax(&mut rows, width(&shape));
        tensor(rows, shape)
    }

    fn layer_norm_of_rows(
        x: FlexTensor,
        scale: FlexTensor,
        shift: FlexTensor,
        epsilon: f64,
    ) -> FlexTensor {
        let [out, ..] = Self::layer_norm_and_saved(x, scale, shift, epsilon);
        out
    }
}

fn linear_of(x: &FlexTensor, weight: &FlexTensor, bias: &[f32]) -> FlexTensor {
    let sizes = sizes(weight);
    let out = mdm_kernels::linear(values(x), values(weight), bias, sizes);
    let mut shape = x.shape();
    let last = shape.num_dims() - 1;
    shape[last] = sizes[1];
    tensor(out, shape)
}

/// Inputs and outputs of a linear layer.
fn sizes(weight: &FlexTensor) -> [usize; 2] {
    let shape = weight.shape();
    [shape[0], shape[1]]
}

impl RowParts for Flex {
    fn linear_gradients(
        x: FlexTensor,
        weight: FlexTensor,
        gradient: FlexTensor,
        of_x: bool,
    ) -> [Option<FlexTensor>; 3] {
        let (x, weight, gradient) = (contiguous(x), contiguous(weight), contiguous(gradient));
        let sizes = sizes(&weight);
        let found = mdm_kernels::linear_gradients(
            values(&x),
            values(&weight),
            values(&gradient),
            sizes,
            of_x,
        );
        let bias = Shape::new([sizes[1]]);
        [
            found.x.map(|values| tensor(values, x.shape())),
            Some(tensor(found.weight, weight.shape())),
            Some(tensor(found.bias, bias)),
        ]
    }

    fn gelu_and_slope(x: FlexTensor) -> (FlexTensor, FlexTensor) {
        let x = contiguous(x);
        let count = values(&x).len();
        let (mut value, mut slope) = (vec![0.0; count], vec![0.0; count]);
        mdm_kernels::gelu_and_slope(values(&x), &mut value, &mut slope);
        (tensor(value, x.shape()), tensor(slope, x.shape()))
    }

    fn tanh_gradient(y: FlexTensor, gradient: FlexTensor) -> FlexTensor {
        let (y, shape) = (contiguous(y), gradient.shape());
        let mut gradient = vector(gradient);
        mdm_kernels::tanh_gradient(values(&y), &mut gradient);
        tensor(gradient, shape)
    }

    fn softmax_gradient(y: FlexTensor, gradient: FlexTensor) -> FlexTensor {
        let shape = y.shape();
        let mut gradient = vector(gradient);
        mdm_kernels::softmax_gradient(values(&y), &mut gradient, width(&shape));
        tensor(gradient, shape)
    }

    fn layer_norm_and_saved(
        x: FlexTensor,
        scale: FlexTensor,
        shift: FlexTensor,
        epsilon: f64,
    ) -> [FlexTensor; 3] {
        let (x, scale, shift) = (contiguous(x), contiguous(scale), contiguous(shift));
        let epsilon = epsilon as f32;
        let (out, saved) =
            mdm_kernels::layer_norm(values(&x), values(&scale), values(&shift), epsilon);
        let rows = Shape::new([saved.inverse_deviations.len()]);
        [
            tensor(out, x.shape()),
            tensor(saved.rows, x.shape()),
            tensor(saved.inverse_deviations, rows),
        ]
    }

    fn layer_norm_gradients(
        saved: [FlexTensor; 2],
        scale: FlexTensor,
        gradient: FlexTensor,
    ) -> [FlexTensor; 3] {
        let shape = gradient.shape();
        let (scale, gradient) = (contiguous(scale), contiguous(gradient));
        let [rows, inverse_deviations] = saved.map(vector);
        let saved = Normalised {
            rows,
            inverse_deviations,
        };
        let found = mdm_kernels::layer_norm_gradients(&saved, values(&scale), values(&gradient));
        [
            tensor(found.x, shape),
            tensor(found.scale, scale.shape()),
            tensor(found.shift, scale.shape()),
        ]
    }
}

fn width(shape: &Shape) -> usize {
    shape[shape.num_dims() - 1]
}

/// The same numbers one after the other; a part of a tensor that is so already stays where it is.
pub(crate) fn contiguous(tensor: FlexTensor) -> FlexTensor {
    match tensor.as_slice::<f32>() {
        Some(_) => tensor,
        None => tensor.to_contiguous(),
    }
}

/// The tensor of the backend off its graph, contiguous; none for another backend or number format.
pub(crate) fn plain<const D: usize>(tensor: &Tensor<D>) -> Option<FlexTensor> {
    let tensor = tensor.clone().inner();
    if tensor.dtype() != DType::F32 {
        return None;
    }
    tensor.try_into_primitive::<Flex>().ok().map(contiguous)
}

/// The graph of a tensor of flex, as an operation knows it that is no part of Burn's dispatch.
pub(crate) type Graph = Autodiff<Flex, NoCheckpointing>;

/// The place of a tensor in a graph; none for a tensor of another backend or in another kind of graph.
pub(crate) fn guard<const D: usize>(tensor: &Tensor<D>) -> Option<NodeGuard> {
    let tensor = tensor.clone().autodiff();
    Some(tensor.try_into_primitive::<Graph>().ok()?.node())
}

pub(crate) fn values(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice().expect("contiguous numbers of 32 bits")
}

/// The values, without a copy where nobody else holds them.
pub(crate) fn vector(tensor: FlexTensor) -> Vec<f32> {
    let data = tensor.into_data();
    data.try_into_vec().expect("numbers of 32 bits")
}

pub(crate) fn tensor(values: Vec<f32>, shape: Shape) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

#[derive(Debug)]
struct Linear;

impl<B: RowParts, const N: usize> Backward<B, N> for Linear {
    /// x and weight.
    type State = [FloatTensor<B>; 2];

    fn backward(self, ops: Ops<Self::State, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        let [x, weight] = ops.state;
        let found = B::linear_gradients(x, weight, gradient, ops.parents[0].is_some());
        // Without a bias there are two parents.
        for (parent, gradient) in ops.parents.into_iter().zip(found) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                gradients.register::<B>(parent.id, gradient);
            }
        }
    }
}

#[derive(Debug)]
struct Gelu;

impl<B: RowParts> Backward<B, 1> for Gelu {
    /// The slope.
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| {
            B::float_mul(gradient, ops.state)
        });
    }
}

#[derive(Debug)]
struct Tanh;

impl<B: RowParts> Backward<B, 1> for Tanh {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| {
            B::tanh_gradient(ops.state, gradient)
        });
    }
}

#[derive(Debug)]
struct Softmax;

impl<B: RowParts> Backward<B, 1> for Softmax {
    /// What came out.
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| {
            B::softmax_gradient(ops.state, gradient)
        });
    }
}

#[derive(Debug)]
struct LayerNorm;

impl<B: RowParts> Backward<B, 3> for LayerNorm {
    /// The normalised rows, their inverse deviations, and the scale.
    type State = ([FloatTensor<B>; 2], FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        let (saved, scale) = ops.state;
        let found = B::layer_norm_gradients(saved, scale, gradient);
        for (parent, gradient) in ops.parents.into_iter().zip(found) {
            if let Some(parent) = parent {
                gradients.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: RowParts, C: CheckpointStrategy> RowOps for Autodiff<B, C> {
    fn product(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [x.node(), weight.node()];
        let (x, weight) = (x.into_primitive(), weight.into_primitive());
        let out = B::product(x.clone(), weight.clone());
        match Linear.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(preparation) => preparation.finish([x, weight], out),
            OpsKind::UnTracked(preparation) => preparation.finish(out),
        }
    }

    fn linear_of_rows(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), weight.node(), bias.node()];
        let (x, weight) = (x.into_primitive(), weight.into_primitive());
        let out = B::linear_of_rows(x.clone(), weight.clone(), bias.into_primitive());
        match Linear.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(preparation) => preparation.finish([x, weight], out),
            OpsKind::UnTracked(preparation) => preparation.finish(out),
        }
    }

    fn exact_gelu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let node = [x.node()];
        match Gelu.prepare::<C>(node).compute_bound().stateful() {
            OpsKind::Tracked(preparation) => {
                let (value, slope) = B::gelu_and_slope(x.into_primitive());
                preparation.finish(slope, value)
            }
            OpsKind::UnTracked(preparation) => {
                preparation.finish(B::exact_gelu(x.into_primitive()))
            }
        }
    }

    fn tanh_of_rows(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let node = [x.node()];
        let y = B::tanh_of_rows(x.into_primitive());
        match Tanh.prepare::<C>(node).compute_bound().stateful() {
            OpsKind::Tracked(preparation) => preparation.finish(y.clone(), y),
            OpsKind::UnTracked(preparation) => preparation.finish(y),
        }
    }

    fn softmax_of_rows(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let node = [x.node()];
        let y = B::softmax_of_rows(x.into_primitive());
        match Softmax.prepare::<C>(node).compute_bound().stateful() {
            OpsKind::Tracked(preparation) => preparation.finish(y.clone(), y),
            OpsKind::UnTracked(preparation) => preparation.finish(y),
        }
    }

    fn layer_norm_of_rows(
        x: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), scale.node(), shift.node()];
        let (x, scale, shift) = (
            x.into_primitive(),
            scale.into_primitive(),
            shift.into_primitive(),
        );
        match LayerNorm.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(preparation) => {
                let [out, rows, deviations] =
                    B::layer_norm_and_saved(x, scale.clone(), shift, epsilon);
                preparation.finish(([rows, deviations], scale), out)
            }
            OpsKind::UnTracked(preparation) => {
                preparation.finish(B::layer_norm_of_rows(x, scale, shift, epsilon))
            }
        }
    }
}
