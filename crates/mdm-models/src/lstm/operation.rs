//! The recursion as one operation of a backend.

// Burn has deprecated the backends `ndarray` and `tch`; their names stand here because an operation names its backends.
#![allow(deprecated)]
// What the macro makes of a build without any of them uses no argument.
#![cfg_attr(
    not(any(
        feature = "flex",
        feature = "ndarray",
        feature = "tch",
        feature = "wgpu",
        feature = "vulkan",
        feature = "metal",
        feature = "cuda"
    )),
    allow(unused_variables)
)]

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, DispatchTensor, DispatchTensorKind, backend_extension};
use burn::tensor::Tensor;

use super::{Read, composition, tensors};

/// The states that are read, `[batch, read, hidden]`, with the cells behind the hidden states where they are read too, from
/// what the inputs give to the gates, `[batch, steps, 4 · hidden]`.
pub(super) fn lstm(drive: Tensor<3>, weight_hh: Tensor<2>, read: Read) -> Tensor<3> {
    let drive = drive.into_dispatch();
    if !is_compiled(&drive) {
        return composition::lstm(Tensor::from_dispatch(drive), weight_hh, &read);
    }
    let weight_hh = weight_hh.into_dispatch();
    Tensor::from_dispatch(<Dispatch as LstmOps>::lstm(drive, weight_hh, read))
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
        drive: FloatTensor<Self>,
        weight_hh: FloatTensor<Self>,
        read: Read,
    ) -> FloatTensor<Self>;
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

/// The three parts of the operation on a backend without a graph. As they stand here they are made of operations that
/// every backend has.
pub trait LstmParts: Backend {
    /// The states that are read.
    fn states(
        drive: FloatTensor<Self>,
        weight_hh: FloatTensor<Self>,
        read: &Read,
    ) -> FloatTensor<Self> {
        tensors::states::<Self>(drive, weight_hh, read)
    }

    /// The states that are read, and what [`gradients`](Self::gradients) needs.
    fn states_and_saved(
        drive: FloatTensor<Self>,
        weight_hh: FloatTensor<Self>,
        read: &Read,
    ) -> (FloatTensor<Self>, Saved<Self>) {
        tensors::states_and_saved(drive, weight_hh, read)
    }

    /// The gradients of drive and W_hh, from that of the states that were read.
    fn gradients(
        weight_hh: FloatTensor<Self>,
        saved: Saved<Self>,
        read: &Read,
        gradient: FloatTensor<Self>,
    ) -> [FloatTensor<Self>; 2] {
        tensors::gradients(weight_hh, saved, read, gradient)
    }
}

macro_rules! on_backend {
    ($($cfg:meta => $backend:ident),* $(,)?) => {$(
        #[cfg($cfg)]
        impl LstmOps for burn::backend::$backend {
            fn lstm(
                drive: FloatTensor<Self>,
                weight_hh: FloatTensor<Self>,
                read: Read,
            ) -> FloatTensor<Self> {
                Self::states(drive, weight_hh, &read)
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
