//! Kernels for processors, on plain slices of `f32`: what an operation of one's own for Burn's `flex` backend is made of. LSTM
//! ([`Recursion`]), the memory of MFN ([`MemoryForward`], [`MemoryBackward`]) and what it looks at ([`windows`]), [`Attention`],
//! the critic ([`Mlp`]), [`linear`] layers, sums ([`mix`]) and outer products ([`outer`]) of rows, [`gelu`], [`tanh`],
//! [`softmax`], [`layer_norm`] and [`adamw`].
//!
//! Nothing here knows a tensor. Vector instructions are chosen when the program runs (AVX2, AVX-512 with the feature
//! `x86-v4`, NEON, or none), the rows of a batch are divided between the threads of Rayon's pool, and a result is the same
//! bits from run to run.
//!
//! The one `unsafe` call is in `matmul.rs`, behind a function that checks its bounds.

// Around vectors, loops over indices and nothing else: what is not inlined (a closure) loses the vector instructions.
#![allow(clippy::needless_range_loop)]

mod adamw;
mod attention;
mod gelu;
mod layer_norm;
mod linear;
mod lstm;
mod matmul;
mod memory;
mod mix;
mod mlp;
mod outer;
mod panels;
mod softmax;
mod tanh;
mod vector;
mod window;

pub use adamw::{AdamWStep, adamw};
pub use attention::{Attention, AttentionGradients, AttentionShape};
pub use gelu::{gelu, gelu_and_slope};
pub use layer_norm::{LayerNormGradients, Normalised, layer_norm, layer_norm_gradients};
pub use linear::{LinearGradients, linear, linear_gradients};
pub use lstm::{Gradients, Input, Mixture, Recursion, Saved, Shape};
pub use memory::{
    GateGradients, MemoryBackward, MemoryForward, MemoryGate, MemoryGradients, MemorySaved,
    MemoryShape,
};
pub use mix::{mix, mix_gradient};
pub use mlp::{Mlp, MlpGradients, MlpLayer, MlpSaved, MlpWanted};
pub use outer::{outer, outer_gradients};
pub use softmax::{softmax, softmax_gradient};
pub use tanh::{tanh, tanh_gradient};
pub use window::{windows, windows_gradients};
