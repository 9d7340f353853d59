//! A long short-term memory layer over whole sequences.
//!
//! ```text
//! [i f g o] = drive_t + h W_hh
//! c = σ(f) c + σ(i) tanh(g)
//! h = σ(o) tanh(c)
//! ```
//!
//! `drive` is what the inputs give to the gates, `x_t W_ih + bias`: a product for all steps, which is made here where nothing
//! is kept of it. A step is then a product of the states with W_hh, which stands ready in panels, and ends, while its sums are in registers,
//! with the gates, in the order input, forget, candidate, output.

mod backward;
mod forward;

pub use backward::{Backward, Gradients};
pub use forward::{Forward, Input, Saved};

use crate::vector::Chunk;

/// Input, forget, candidate, output.
const GATES: usize = 4;

/// Sizes of a layer and of what it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Sequences.
    pub batch: usize,
    /// Steps of each.
    pub steps: usize,
    /// Width of the state.
    pub hidden: usize,
}

impl Shape {
    fn gates(&self) -> usize {
        GATES * self.hidden
    }

    fn check_weight(&self, weight_hh: &[f32]) {
        assert!(self.hidden > 0, "a layer has a width");
        assert_eq!(weight_hh.len(), self.hidden * self.gates());
    }

    fn check(&self, weight_hh: &[f32], drive: &[f32]) {
        self.check_weight(weight_hh);
        assert_eq!(drive.len(), self.batch * self.steps * self.gates());
    }

    fn rows_of_chunk(&self) -> usize {
        Chunk::sequences(self.batch)
    }
}

/// Which states are read: after which steps, and of what.
#[derive(Debug, Clone, Copy)]
struct Read<'a> {
    steps: &'a [usize],
    cells: bool,
}

impl Read<'_> {
    /// Numbers that are read of a row.
    fn width(&self, hidden: usize) -> usize {
        self.steps.len() * self.of_step(hidden)
    }

    /// Numbers that are read of a row after one step.
    fn of_step(&self, hidden: usize) -> usize {
        if self.cells { 2 * hidden } else { hidden }
    }

    /// For each step, where its states stand among those that are read.
    fn places(&self, steps: usize) -> Vec<Option<usize>> {
        let mut places = vec![None; steps];
        for (place, &step) in self.steps.iter().enumerate() {
            assert!(step < steps, "step {step} of {steps}");
            assert!(places[step].is_none(), "step {step} is read twice");
            places[step] = Some(place);
        }
        places
    }
}

#[cfg(test)]
mod tests;
