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
/// what the inputs give to the gates, `[batch, steps, 4 · hidden]`, and the states before the first step,
/// `[batch, 2 · hidden]`.
pub(super) fn lstm(
    drive: Tensor<3>,
    weight_hh: Tensor<2>,
    initial: Option<Tensor<2>>,
    read: Read,
) -> Tensor<3> {
    let device = drive.device();
    let drive = drive.into_dispatch();
    if !is_compiled(&drive) {
        return composition::lstm(Tensor::from_dispatch(drive), weight_hh, initial, &read);
    }
    let weight_hh = weight_hh.into_dispatch();
    // An operation has all its tensors always.
    let has_initial = initial.is_some();
    let initial = initial.unwrap_or_else(|| Tensor::zeros([1, 1], &device));
    let initial = initial.into_dispatch();
    Tensor::from_dispatch(<Dispatch as LstmOps>::lstm(
        drive,
        weight_hh,
        initial,
        has_initial,
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
        drive: FloatTensor<Self>,
        weight_hh: FloatTensor<Self>,
        initial: FloatTensor<Self>,
        has_initial: bool,
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

/// The gradients of drive, W_hh, and the first states where these were given.
pub type Gradients<B> = (FloatTensor<B>, FloatTensor<B>, Option<FloatTensor<B>>);

/// The three parts of the operation on a backend without a graph. As they stand here they are made of operations that
/// every backend has.
pub trait LstmParts: Backend {
    /// The states that are read.
    fn states(
        drive: FloatTensor<Self>,
        weight_hh: FloatTensor<Self>,
        initial: Option<FloatTensor<Self>>,
        read: &Read,
    ) -> FloatTensor<Self> {
        tensors::states::<Self>(drive, weight_hh, initial, read)
    }

    /// The states that are read, and what [`gradients`](Self::gradients) needs.
    fn states_and_saved(
        drive: FloatTensor<Self>,
        weight_hh: FloatTensor<Self>,
        initial: Option<FloatTensor<Self>>,
        read: &Read,
    ) -> (FloatTensor<Self>, Saved<Self>) {
        tensors::states_and_saved(drive, weight_hh, initial, read)
    }

    /// The gradients of drive, W_hh and the first states, from that of the states that were read.
    fn gradients(
        weight_hh: FloatTensor<Self>,
        initial: Option<FloatTensor<Self>>,
        saved: Saved<Self>,
        read: &Read,
        gradient: FloatTensor<Self>,
    ) -> Gradients<Self> {
        tensors::gradients(weight_hh, initial, saved, read, gradient)
    }
}

macro_rules! on_backend {
    ($($cfg:meta => $backend:ident),* $(,)?) => {$(
        #[cfg($cfg)]
        impl LstmOps for burn::backend::$backend {
            fn lstm(
                drive: FloatTensor<Self>,
                weight_hh: FloatTensor<Self>,
                initial: FloatTensor<Self>,
                has_initial: bool,
                read: Read,
            ) -> FloatTensor<Self> {
                Self::states(drive, weight_hh, has_initial.then_some(initial), &read)
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
