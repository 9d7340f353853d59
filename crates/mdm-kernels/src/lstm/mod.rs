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
mod inputs;
mod mixture;

pub use backward::Gradients;
pub use forward::Saved;
pub use inputs::Input;
pub use mixture::Mixture;

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

    fn rows_of_chunk(&self) -> usize {
        Chunk::sequences(self.batch)
    }
}

/// A layer and what is read of it.
///
/// [`states`](Self::states), [`states_of_inputs`](Self::states_of_inputs), [`states_of_mixture`](Self::states_of_mixture) and
/// [`states_and_saved`](Self::states_and_saved) go forward, [`gradients`](Self::gradients) back.
#[derive(Debug, Clone, Copy)]
pub struct Recursion<'a> {
    /// Sizes.
    pub shape: Shape,
    /// W_hh, `[hidden, 4 · hidden]`
    pub weight_hh: &'a [f32],
    /// After which steps the states are read, each in 0..steps and named once.
    pub read: &'a [usize],
    /// Whether the cells are read too, beside the hidden states.
    pub cells: bool,
    /// The states before the first step, `[batch, 2 · hidden]`, hidden states and behind them cells; empty: zeros.
    pub initial: &'a [f32],
    /// At which steps a sequence keeps its state, whatever its drive, `[batch, steps]`; empty: at none.
    pub held: &'a [bool],
}

impl Recursion<'_> {
    fn reads(&self) -> Read<'_> {
        Read {
            steps: self.read,
            cells: self.cells,
        }
    }

    fn check(&self) {
        let Shape { batch, hidden, .. } = self.shape;
        assert!(hidden > 0, "a layer has a width");
        assert_eq!(self.weight_hh.len(), hidden * self.shape.gates());
        assert!([0, 2 * batch * hidden].contains(&self.initial.len()));
        assert!([0, batch * self.shape.steps].contains(&self.held.len()));
    }

    /// The states before the first step of some rows, hidden states and cells.
    fn initial_of(&self, first: usize, rows: usize) -> [Vec<f32>; 2] {
        let hidden = self.shape.hidden;
        if self.initial.is_empty() {
            return [(); 2].map(|()| vec![0.0; rows * hidden]);
        }
        let of_rows =
            self.initial[2 * first * hidden..][..2 * rows * hidden].chunks_exact(2 * hidden);
        let part = |from: usize| {
            let parts = of_rows.clone().map(|row| &row[from..from + hidden]);
            parts.collect::<Vec<_>>().concat()
        };
        [part(0), part(hidden)]
    }

    /// Whether a row keeps its state at a step.
    #[inline(always)]
    fn holds(&self, row: usize, step: usize) -> bool {
        !self.held.is_empty() && self.held[row * self.shape.steps + step]
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
