//! The layer as one operation of a backend.

// Burn has deprecated the backends `ndarray` and `tch`; their names stand here because an operation names its backends.
#![allow(deprecated)]

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, DispatchTensor, DispatchTensorKind, backend_extension};
use burn::tensor::Tensor;

use super::{Read, composition, tensors};

/// The states that are read, `[batch, read, hidden]`, with the cells behind the hidden states where they are read too.
pub(super) fn lstm(
    x: Tensor<3>,
    weight_ih: Tensor<2>,
    weight_hh: Tensor<2>,
    bias: Tensor<1>,
    read: Read,
) -> Tensor<3> {
    let dispatched = x.clone().into_dispatch();
    if !is_compiled(&dispatched) || read.steps.is_empty() {
        return composition::lstm(x, weight_ih, weight_hh, bias, &read);
    }
    Tensor::from_dispatch(<Dispatch as LstmOps>::lstm(
        dispatched,
        weight_ih.into_dispatch(),
        weight_hh.into_dispatch(),
        bias.into_dispatch(),
        read,
    ))
}

/// Whether the operation is compiled for the backend of a tensor: a program can enable a backend of Burn's without
/// enabling it in this crate.
fn is_compiled(tensor: &DispatchTensor) -> bool {
    let kind = match &tensor.kind {
        DispatchTensorKind::Autodiff(kind) => kind,
        kind => kind,
    };
    match kind {
        #[cfg(feature = "flex")]
        DispatchTensorKind::Flex(_) => true,
        #[cfg(feature = "ndarray")]
        DispatchTensorKind::NdArray(_) => true,
        #[cfg(feature = "tch")]
        DispatchTensorKind::LibTorch(_) => true,
        #[cfg(any(
            feature = "wgpu",
            feature = "vulkan",
            feature = "metal",
            feature = "cuda"
        ))]
        DispatchTensorKind::Cube(_) => true,
        _ => false,
    }
}

#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(any(feature = "wgpu", feature = "vulkan", feature = "metal", feature = "cuda")),
    Autodiff,
)]
pub trait LstmOps: Backend {
    /// As [`lstm`].
    fn lstm(
        x: FloatTensor<Self>,
        weight_ih: FloatTensor<Self>,
        weight_hh: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        read: Read,
    ) -> FloatTensor<Self>;
}

/// What the layer reads, and its parameters.
#[derive(Debug, Clone)]
pub struct Inputs<B: Backend> {
    /// `[batch, steps, input]`
    pub x: FloatTensor<B>,
    /// `[input, 4 · hidden]`
    pub weight_ih: FloatTensor<B>,
    /// `[hidden, 4 · hidden]`
    pub weight_hh: FloatTensor<B>,
    /// `[4 · hidden]`
    pub bias: FloatTensor<B>,
}

/// What a backward pass needs of a forward pass, in the layout of whoever made it.
#[derive(Debug, Clone)]
pub struct Saved<B: Backend> {
    /// The gates after their functions.
    pub gates: FloatTensor<B>,
    /// The hidden state before each step.
    pub before: FloatTensor<B>,
    /// The cells after each step.
    pub cells: FloatTensor<B>,
}

/// Gradients of [`Inputs`], in the same shapes; that of `x` where it was asked for.
#[derive(Debug)]
pub struct Gradients<B: Backend> {
    pub x: Option<FloatTensor<B>>,
    pub weight_ih: FloatTensor<B>,
    pub weight_hh: FloatTensor<B>,
    pub bias: FloatTensor<B>,
}

/// The three parts of the operation on a backend without a graph. As they stand here they are made of operations that
/// every backend has.
pub trait LstmParts: Backend {
    /// The states that are read.
    fn states(inputs: Inputs<Self>, read: &Read) -> FloatTensor<Self> {
        tensors::states(inputs, read)
    }

    /// The states that are read, and what [`gradients`](Self::gradients) needs.
    fn states_and_saved(inputs: Inputs<Self>, read: &Read) -> (FloatTensor<Self>, Saved<Self>) {
        tensors::states_and_saved(inputs, read)
    }

    /// The gradients from that of the states that were read.
    fn gradients(
        inputs: Inputs<Self>,
        saved: Saved<Self>,
        read: &Read,
        gradient: FloatTensor<Self>,
        of_x: bool,
    ) -> Gradients<Self> {
        tensors::gradients(inputs, saved, read, gradient, of_x)
    }
}

macro_rules! on_backend {
    ($($cfg:meta => $backend:ident),* $(,)?) => {$(
        #[cfg($cfg)]
        impl LstmOps for burn::backend::$backend {
            fn lstm(
                x: FloatTensor<Self>,
                weight_ih: FloatTensor<Self>,
                weight_hh: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                read: Read,
            ) -> FloatTensor<Self> {
                let inputs = Inputs { x, weight_ih, weight_hh, bias };
                Self::states(inputs, &read)
            }
        }
    )*};
}

on_backend! {
    feature = "flex" => Flex,
    feature = "ndarray" => NdArray,
    feature = "tch" => LibTorch,
    any(feature = "wgpu", feature = "vulkan", feature = "metal", feature = "cuda") => Cube,
}

#[cfg(feature = "ndarray")]
impl LstmParts for burn::backend::NdArray {}

#[cfg(feature = "tch")]
impl LstmParts for burn::backend::LibTorch {}

#[cfg(any(
    feature = "wgpu",
    feature = "vulkan",
    feature = "metal",
    feature = "cuda"
))]
impl LstmParts for burn::backend::Cube {}
