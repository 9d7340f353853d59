//! From gradients of states to those of inputs and parameters.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::forward::Saved;
use super::{GATES, Read, Recursion, Shape};
use crate::matmul::{Matrix, transposed_product};
use crate::panels::{Lanes, Panels};
use crate::vector::{load, store};

/// What a backward pass gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Gradients {
    /// `[batch, steps, 4 · hidden]`
    pub drive: Vec<f32>,
    /// `[hidden, 4 · hidden]`
    pub weight_hh: Vec<f32>,
    /// `[batch, 2 · hidden]`; nothing where the first states were zeros.
    pub initial: Vec<f32>,
}

impl Recursion<'_> {
    /// The gradients from that of what was read, `[batch, read, hidden]`, or `[batch, read, 2 · hidden]`.
    ///
    /// # Panics
    ///
    /// When a slice has another length than [`Shape`] says, or a step is read that is not there, or twice.
    pub fn gradients(&self, saved: Saved, gradient: &[f32]) -> Gradients {
        let shape = self.shape;
        self.check();
        let rows = shape.batch * shape.steps;
        assert_eq!(saved.gates.len(), rows * shape.gates());
        assert_eq!(saved.before.len(), rows * shape.hidden);
        assert_eq!(saved.cells.len(), rows * shape.hidden);
        assert_eq!(
            gradient.len(),
            shape.batch * self.reads().width(shape.hidden)
        );
        let Saved {
            gates: mut drive,
            before,
            cells,
        } = saved;
        let initial = self.through_steps(&mut drive, &cells, gradient);
        let before = Matrix::new(&before, rows, shape.hidden);
        let weight_hh = transposed_product(before, Matrix::new(&drive, rows, shape.gates()));
        Gradients {
            drive,
            weight_hh,
            initial,
        }
    }

    /// Makes the gradients of the gates' sums of their values, in place, and gives that of the first states.
    fn through_steps(&self, gates: &mut [f32], cells: &[f32], gradient: &[f32]) -> Vec<f32> {
        let (shape, read) = (self.shape, self.reads());
        let mut initial = vec![0.0; self.initial.len()];
        if gradient.is_empty() {
            gates.fill(0.0);
            return initial;
        }
        let places = read.places(shape.steps);
        let arch = Arch::new();
        let lanes = arch.dispatch(Lanes);
        let weight_hh = Matrix::new(self.weight_hh, shape.hidden, shape.gates());
        let weight = Panels::of(weight_hh.transpose(), lanes);
        let rows = shape.rows_of_chunk();
        let steps = rows * shape.steps;
        let chunks = gates
            .par_chunks_mut(steps * shape.gates())
            .zip(cells.par_chunks(steps * shape.hidden))
            .zip(gradient.par_chunks(rows * read.width(shape.hidden)))
            .enumerate();
        let run = |chunk: usize, gates: &mut [f32], cells: &[f32], gradient: &[f32]| {
            let first = chunk * rows;
            let rows = gates.len() / (shape.steps * shape.gates());
            let [_, before_first] = self.initial_of(first, rows);
            arch.dispatch(Rows {
                recursion: self,
                weight: &weight,
                shape,
                read,
                places: &places,
                first,
                rows,
                gates,
                cells,
                before_first: &before_first,
                gradient,
                of_hidden: vec![0.0; rows * shape.hidden],
                of_cells: vec![0.0; rows * shape.hidden],
                sums: vec![0.0; rows * shape.gates()],
            })
        };
        if initial.is_empty() {
            chunks.for_each(|(chunk, ((gates, cells), gradient))| {
                run(chunk, gates, cells, gradient);
            });
        } else {
            chunks
                .zip(initial.par_chunks_mut(rows * 2 * shape.hidden))
                .for_each(|((chunk, ((gates, cells), gradient)), initial)| {
                    let [of_hidden, of_cells] = run(chunk, gates, cells, gradient);
                    let states = of_hidden
                        .chunks_exact(shape.hidden)
                        .zip(of_cells.chunks_exact(shape.hidden));
                    for (initial, (hidden, cells)) in
                        initial.chunks_exact_mut(2 * shape.hidden).zip(states)
                    {
                        initial[..shape.hidden].copy_from_slice(hidden);
                        initial[shape.hidden..].copy_from_slice(cells);
                    }
                });
        }
        initial
    }
}

/// Some rows of a batch on their way back through all steps.
struct Rows<'a> {
    recursion: &'a Recursion<'a>,
    /// W_hhᵀ
    weight: &'a Panels,
    shape: Shape,
    read: Read<'a>,
    places: &'a [Option<usize>],
    /// The first of them in the batch.
    first: usize,
    rows: usize,
    gates: &'a mut [f32],
    cells: &'a [f32],
    /// The cells before the first step, `[rows, hidden]`.
    before_first: &'a [f32],
    gradient: &'a [f32],
    /// What the later steps say about the states after this one, each `[rows, hidden]`.
    of_hidden: Vec<f32>,
    of_cells: Vec<f32>,
    /// The gradients of the gates' sums of this step, `[rows, 4 · hidden]`.
    sums: Vec<f32>,
}

impl WithSimd for Rows<'_> {
    /// What all steps say about the states before the first one.
    type Output = [Vec<f32>; 2];

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> Self::Output {
        let width = self.shape.hidden;
        let last = self.places.iter().rposition(Option::is_some);
        for step in (0..self.shape.steps).rev() {
            if last.is_none_or(|last| step > last) {
                // Nothing after this step was read: its gates had no say.
                for row in 0..self.rows {
                    let place = (row * self.shape.steps + step) * 4 * width;
                    self.gates[place..place + 4 * width].fill(0.0);
                }
                continue;
            }
            for row in 0..self.rows {
                let mut first = 0;
                while first < width {
                    self.cell(simd, step, row, first);
                    first += S::F32_LANES;
                }
            }
            if step > 0 || !self.recursion.initial.is_empty() {
                // What the gates say about the state before, beside what a state that was held hands on.
                let add = !self.recursion.held.is_empty();
                self.weight
                    .multiply(simd, &self.sums, &mut self.of_hidden, add);
            }
        }
        [self.of_hidden, self.of_cells]
    }
}

impl Rows<'_> {
    /// From the gradients of a vector of states to those of the gates' sums.
    #[inline(always)]
    fn cell<S: Simd>(&mut self, simd: S, step: usize, row: usize, first: usize) {
        let width = self.shape.hidden;
        let units = S::F32_LANES.min(width - first);
        let one = simd.splat_f32s(1.0);
        let place = (row * self.shape.steps + step) * width + first;
        let cell = load(simd, &self.cells[place..place + units]);
        let before = if step == 0 {
            load(simd, &self.before_first[row * width + first..][..units])
        } else {
            load(simd, &self.cells[place - width..place - width + units])
        };
        let states = row * width + first..row * width + first + units;
        let mut of_hidden = load(simd, &self.of_hidden[states.clone()]);
        let mut of_cell = load(simd, &self.of_cells[states.clone()]);
        if let Some(place) = self.places[step] {
            let of_step = self.read.of_step(width);
            let place = row * self.read.width(width) + place * of_step + first;
            let given = load(simd, &self.gradient[place..place + units]);
            of_hidden = simd.add_f32s(of_hidden, given);
            if self.read.cells {
                let given = load(simd, &self.gradient[place + width..place + width + units]);
                of_cell = simd.add_f32s(of_cell, given);
            }
        }

        let start = (row * self.shape.steps + step) * 4 * width + first;
        if !self.recursion.held.is_empty() {
            let zero = simd.splat_f32s(0.0);
            if self.recursion.holds(self.first + row, step) {
                store(simd, &mut self.of_hidden[states.clone()], of_hidden);
                store(simd, &mut self.of_cells[states], of_cell);
                for index in 0..GATES {
                    store(
                        simd,
                        &mut self.gates[start + index * width..][..units],
                        zero,
                    );
                    let here = (row * GATES + index) * width + first;
                    store(simd, &mut self.sums[here..here + units], zero);
                }
                return;
            }
            store(simd, &mut self.of_hidden[states.clone()], zero);
        }
        let mut gate = [one; GATES];
        for index in 0..GATES {
            gate[index] = load(simd, &self.gates[start + index * width..][..units]);
        }
        let [input, forget, candidate, output] = gate;
        let tanh = crate::vector::tanh(simd, cell);
        let slope = simd.negate_mul_add_e_f32s(tanh, tanh, one);
        let through = simd.mul_f32s(of_hidden, output);
        of_cell = simd.mul_add_e_f32s(through, slope, of_cell);
        store(
            simd,
            &mut self.of_cells[states],
            simd.mul_f32s(of_cell, forget),
        );

        // σ' = σ (1 − σ), tanh' = 1 − tanh².
        let of_input = simd.mul_f32s(of_cell, candidate);
        let of_forget = simd.mul_f32s(of_cell, before);
        let of_candidate = simd.mul_f32s(of_cell, input);
        let of_output = simd.mul_f32s(of_hidden, tanh);
        let squared = simd.negate_mul_add_e_f32s(candidate, candidate, one);
        let sums = [
            simd.mul_f32s(of_input, slope_of_sigmoid(simd, input)),
            simd.mul_f32s(of_forget, slope_of_sigmoid(simd, forget)),
            simd.mul_f32s(of_candidate, squared),
            simd.mul_f32s(of_output, slope_of_sigmoid(simd, output)),
        ];
        for index in 0..GATES {
            let sum = sums[index];
            store(simd, &mut self.gates[start + index * width..][..units], sum);
            let here = (row * GATES + index) * width + first;
            store(simd, &mut self.sums[here..here + units], sum);
        }
    }
}

#[inline(always)]
fn slope_of_sigmoid<S: Simd>(simd: S, value: S::f32s) -> S::f32s {
    simd.negate_mul_add_e_f32s(value, value, value)
}
