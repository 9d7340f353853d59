//! From sequences to states.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::{Layer, Read, Shape};
use crate::matmul::{Matrix, matmul};
use crate::panels::{Panels, WIDTH, product, rows_at_once};
use crate::vector::{load, store};

/// The states of a layer after some steps.
#[derive(Debug, Clone, Copy)]
pub struct Forward<'a> {
    /// Sizes.
    pub shape: Shape,
    /// Parameters.
    pub layer: Layer<'a>,
    /// `[batch, steps, input]`
    pub x: &'a [f32],
    /// After which steps the states are read, each in 0..steps and named once.
    pub read: &'a [usize],
    /// Whether the cells are read too, beside the hidden states.
    pub cells: bool,
}

/// What a backward pass needs of a forward pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Saved {
    /// The gates after their functions, `[batch, steps, 4 · hidden]`.
    pub gates: Vec<f32>,
    /// The hidden state *before* each step, `[batch, steps, hidden]`.
    pub before: Vec<f32>,
    /// The cells after each step, `[batch, steps, hidden]`.
    pub cells: Vec<f32>,
}

/// What is kept of some rows.
struct Kept<'a> {
    before: &'a mut [f32],
    cells: &'a mut [f32],
}

impl Forward<'_> {
    /// The states that are read, `[batch, read, hidden]`, or `[batch, read, 2 · hidden]` with the cells behind the
    /// hidden states.
    ///
    /// # Panics
    ///
    /// When a slice has another length than [`Shape`] says, or a step is read that is not there, or twice.
    pub fn states(&self) -> Vec<f32> {
        let (shape, read) = (self.shape, self.checked());
        let kernel = Kernel::new(self.layer, shape, read);
        let mut out = vec![0.0; shape.batch * read.width(shape.hidden)];
        let rows = shape.rows_of_chunk();
        if out.is_empty() {
            return out;
        }
        out.par_chunks_mut(rows * read.width(shape.hidden))
            .zip(self.x.par_chunks(rows * shape.steps * shape.input))
            .for_each_init(Vec::new, |gates, (out, x)| {
                let rows = x.len() / (shape.steps * shape.input);
                gates.resize(rows * shape.steps * shape.gates(), 0.0);
                kernel.run(x, gates, None, out);
            });
        out
    }

    /// The states that are read, as [`states`](Self::states), and what [`Backward`](super::Backward) needs.
    ///
    /// # Panics
    ///
    /// As [`states`](Self::states).
    pub fn states_and_saved(&self) -> (Vec<f32>, Saved) {
        let (shape, read) = (self.shape, self.checked());
        let kernel = Kernel::new(self.layer, shape, read);
        let all = shape.batch * shape.steps;
        let mut saved = Saved {
            gates: vec![0.0; all * shape.gates()],
            before: vec![0.0; all * shape.hidden],
            cells: vec![0.0; all * shape.hidden],
        };
        let mut out = vec![0.0; shape.batch * read.width(shape.hidden)];
        let rows = shape.rows_of_chunk();
        let steps = rows * shape.steps;
        if out.is_empty() {
            return (out, saved);
        }
        out.par_chunks_mut(rows * read.width(shape.hidden))
            .zip(self.x.par_chunks(steps * shape.input))
            .zip(saved.gates.par_chunks_mut(steps * shape.gates()))
            .zip(saved.before.par_chunks_mut(steps * shape.hidden))
            .zip(saved.cells.par_chunks_mut(steps * shape.hidden))
            .for_each(|((((out, x), gates), before), cells)| {
                let kept = Some(Kept { before, cells });
                kernel.run(x, gates, kept, out);
            });
        (out, saved)
    }

    fn checked(&self) -> Read<'_> {
        let shape = self.shape;
        self.layer.check(shape);
        assert!(shape.input > 0, "a step has a width");
        assert_eq!(self.x.len(), shape.batch * shape.steps * shape.input);
        Read {
            steps: self.read,
            cells: self.cells,
        }
    }
}

/// What all rows have in common: sizes, and the parameters as they are read here.
struct Kernel<'a> {
    shape: Shape,
    read: Read<'a>,
    places: Vec<Option<usize>>,
    ih: Matrix<'a>,
    /// A panel holds the four gates of a vector of units.
    hh: Panels,
    bias: &'a [f32],
    arch: Arch,
}

impl<'a> Kernel<'a> {
    fn new(layer: Layer<'a>, shape: Shape, read: Read<'a>) -> Self {
        let arch = Arch::new();
        let lanes = arch.dispatch(Lanes);
        let hidden = shape.hidden;
        let units = |panel: usize, gate: usize| {
            let first = panel * lanes;
            gate * hidden + first..gate * hidden + hidden.min(first + lanes)
        };
        let hh = Panels::new(
            hidden,
            lanes,
            hidden.div_ceil(lanes),
            units,
            |row, column| layer.weight_hh[row * 4 * hidden + column],
        );
        Self {
            shape,
            read,
            places: read.places(shape.steps),
            ih: Matrix::new(layer.weight_ih, shape.input, shape.gates()),
            hh,
            bias: layer.bias,
            arch,
        }
    }

    /// Some rows: their inputs, and where their gates, what is kept and their states go.
    fn run(&self, x: &[f32], gates: &mut [f32], kept: Option<Kept>, out: &mut [f32]) {
        let shape = self.shape;
        let steps = x.len() / shape.input;
        let rows = steps / shape.steps;
        matmul(Matrix::new(x, steps, shape.input), self.ih, gates, false);
        self.arch.dispatch(Rows {
            hh: &self.hh,
            bias: self.bias,
            shape,
            read: self.read,
            places: &self.places,
            rows,
            gates,
            kept,
            out,
            hidden: vec![0.0; rows * shape.hidden],
            next: vec![0.0; rows * shape.hidden],
            cells: vec![0.0; rows * shape.hidden],
        });
    }
}

/// Numbers in a vector.
pub(super) struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> usize {
        S::F32_LANES
    }
}

/// Some rows of a batch on their way through all steps.
struct Rows<'a> {
    hh: &'a Panels,
    bias: &'a [f32],
    shape: Shape,
    read: Read<'a>,
    places: &'a [Option<usize>],
    rows: usize,
    /// Before: what the inputs give to the gates. After, where something is kept: the gates.
    gates: &'a mut [f32],
    kept: Option<Kept<'a>>,
    out: &'a mut [f32],
    /// States before a step, after it, and cells, each `[rows, hidden]`.
    hidden: Vec<f32>,
    next: Vec<f32>,
    cells: Vec<f32>,
}

impl WithSimd for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let width = self.shape.hidden;
        // Nobody reads what comes after the last step that is read.
        let last = self.places.iter().rposition(Option::is_some);
        for step in 0..last.map_or(0, |last| last + 1) {
            if let Some(kept) = &mut self.kept {
                for row in 0..self.rows {
                    let place = (row * self.shape.steps + step) * width;
                    kept.before[place..place + width]
                        .copy_from_slice(&self.hidden[row * width..][..width]);
                }
            }
            for panel in 0..width.div_ceil(S::F32_LANES) {
                self.panel(simd, step, panel);
            }
            std::mem::swap(&mut self.hidden, &mut self.next);
            if let Some(place) = self.places[step] {
                self.write(place);
            }
        }
    }
}

impl Rows<'_> {
    /// A step for the units of one panel.
    #[inline(always)]
    fn panel<S: Simd>(&mut self, simd: S, step: usize, panel: usize) {
        let mut row = 0;
        while row < self.rows {
            let left = self.rows - row;
            if rows_at_once::<S>() == 6 && left >= 6 {
                self.block::<S, 6>(simd, step, panel, row);
                row += 6;
            } else if left >= 3 {
                self.block::<S, 3>(simd, step, panel, row);
                row += 3;
            } else if left == 2 {
                self.block::<S, 2>(simd, step, panel, row);
                row += 2;
            } else {
                self.block::<S, 1>(simd, step, panel, row);
                row += 1;
            }
        }
    }

    /// A step for the units of one panel in `R` rows.
    #[inline(always)]
    fn block<S: Simd, const R: usize>(&mut self, simd: S, step: usize, panel: usize, row: usize) {
        let width = self.shape.hidden;
        let mut states: [&[f32]; R] = [&[]; R];
        for r in 0..R {
            states[r] = &self.hidden[(row + r) * width..][..width];
        }
        let sums = product(simd, states, self.hh.panel::<S>(panel));

        let first = panel * S::F32_LANES;
        let units = S::F32_LANES.min(width - first);
        for r in 0..R {
            let place = ((row + r) * self.shape.steps + step) * 4 * width;
            let gates = &mut self.gates[place..place + 4 * width];
            let mut sums = sums[r];
            for gate in 0..WIDTH {
                let range = gate * width + first..gate * width + first + units;
                let input = simd.add_f32s(
                    load(simd, &gates[range.clone()]),
                    load(simd, &self.bias[range]),
                );
                sums[gate] = simd.add_f32s(sums[gate], input);
            }
            let cell = &mut self.cells[(row + r) * width + first..][..units];
            let (gate, new, state) = cell_of(simd, sums, load(simd, cell));
            store(simd, cell, new);
            store(
                simd,
                &mut self.next[(row + r) * width + first..][..units],
                state,
            );
            if let Some(kept) = &mut self.kept {
                for (index, gate) in gate.into_iter().enumerate() {
                    store(simd, &mut gates[index * width + first..][..units], gate);
                }
                let place = ((row + r) * self.shape.steps + step) * width + first;
                store(simd, &mut kept.cells[place..place + units], new);
            }
        }
    }

    /// The states as they are now, to where they are read.
    fn write(&mut self, place: usize) {
        let width = self.shape.hidden;
        let of_step = self.read.of_step(width);
        for row in 0..self.rows {
            let out = &mut self.out[row * self.read.width(width) + place * of_step..][..of_step];
            let states = row * width..(row + 1) * width;
            out[..width].copy_from_slice(&self.hidden[states.clone()]);
            if self.read.cells {
                out[width..].copy_from_slice(&self.cells[states]);
            }
        }
    }
}

/// The gates, the cell and the hidden state from the sums of the gates and the cell before.
#[inline(always)]
fn cell_of<S: Simd>(
    simd: S,
    sums: [S::f32s; WIDTH],
    cell: S::f32s,
) -> ([S::f32s; WIDTH], S::f32s, S::f32s) {
    use crate::vector::{sigmoid, tanh};
    let input = sigmoid(simd, sums[0]);
    let forget = sigmoid(simd, sums[1]);
    let candidate = tanh(simd, sums[2]);
    let output = sigmoid(simd, sums[3]);
    let written = simd.mul_f32s(input, candidate);
    let cell = simd.mul_add_e_f32s(forget, cell, written);
    let state = simd.mul_f32s(output, tanh(simd, cell));
    ([input, forget, candidate, output], cell, state)
}
