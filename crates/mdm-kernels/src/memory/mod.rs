//! The memory of MFN: a state with two gates, each a network with one hidden layer over what is known of the step and the
//! state itself.
//!
//! ```text
//! hidden  = ReLU(drive + memory W₁) ⊙ mask          for each gate
//! gate    = σ(hidden W₂ + bias)
//! memory  = retain ⊙ memory + update ⊙ candidate
//! ```
//!
//! `drive` is what the step gives to the hidden layer, its bias included.

mod backward;
mod forward;

pub use backward::{GateGradients, MemoryBackward, MemoryGradients};
pub use forward::{MemoryForward, MemorySaved};

use crate::matmul::Matrix;
use crate::panels::Panels;
use crate::vector::Chunk;

/// Sizes of the recursion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryShape {
    /// Sequences.
    pub batch: usize,
    /// Steps of each.
    pub steps: usize,
    /// Width of the memory.
    pub memory: usize,
    /// Widths of the hidden layers of the two gates: retain, update.
    pub hidden: [usize; 2],
}

impl MemoryShape {
    fn rows(&self) -> usize {
        self.batch * self.steps
    }

    fn rows_of_chunk(&self) -> usize {
        Chunk::sequences(self.batch)
    }
}

/// What a gate reads, and its parameters.
#[derive(Debug, Clone, Copy)]
pub struct MemoryGate<'a> {
    /// `[batch, steps, hidden]`
    pub drive: &'a [f32],
    /// What each number of the hidden layer is multiplied by, `[batch, steps, hidden]`; empty for 1.
    pub mask: &'a [f32],
    /// W₁, `[memory, hidden]`
    pub of_memory: &'a [f32],
    /// W₂, `[hidden, memory]`
    pub of_hidden: &'a [f32],
    /// `[memory]`
    pub bias: &'a [f32],
}

impl MemoryGate<'_> {
    fn check(&self, shape: MemoryShape, hidden: usize) {
        assert!(hidden > 0, "a hidden layer has a width");
        assert_eq!(self.drive.len(), shape.rows() * hidden);
        assert!(self.mask.is_empty() || self.mask.len() == self.drive.len());
        assert_eq!(self.of_memory.len(), shape.memory * hidden);
        assert_eq!(self.of_hidden.len(), hidden * shape.memory);
        assert_eq!(self.bias.len(), shape.memory);
    }
}

/// A gate's parameters in panels, as they are for the way forward or transposed for the way back.
struct Weights {
    of_memory: Panels,
    of_hidden: Panels,
}

impl Weights {
    fn new(
        gate: MemoryGate,
        memory: usize,
        hidden: usize,
        panels: impl Fn(Matrix) -> Panels,
    ) -> Self {
        Self {
            of_memory: panels(Matrix::new(gate.of_memory, memory, hidden)),
            of_hidden: panels(Matrix::new(gate.of_hidden, hidden, memory)),
        }
    }
}

#[cfg(test)]
mod tests;
