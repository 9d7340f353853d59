//! From what the inputs give to the gates to states.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::{Read, Recursion, Shape};
use crate::matmul::Matrix;
use crate::panels::{Blocks, Lanes, Panels, WIDTH, in_blocks, product, zeros};
use crate::vector::{load, store};

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

impl Recursion<'_> {
    /// The states that are read, `[batch, read, hidden]`, or `[batch, read, 2 · hidden]` with the cells behind the
    /// hidden states, from a drive `[batch, steps, 4 · hidden]`.
    ///
    /// # Panics
    ///
    /// When a slice has another length than [`Shape`] says, or a step is read that is not there, or twice.
    pub fn states(&self, drive: &[f32]) -> Vec<f32> {
        let shape = self.shape;
        let kernel = self.kernel(drive);
        let width = self.reads().width(shape.hidden);
        let mut out = vec![0.0; shape.batch * width];
        let rows = shape.rows_of_chunk();
        if out.is_empty() {
            return out;
        }
        out.par_chunks_mut(rows * width)
            .zip(drive.par_chunks(rows * shape.steps * shape.gates()))
            .enumerate()
            .for_each(|(chunk, (out, drive))| kernel.run(chunk, Numbers::Read(drive), out));
        out
    }

    /// The states that are read, as [`states`](Self::states), and what [`gradients`](Self::gradients) needs.
    ///
    /// # Panics
    ///
    /// As [`states`](Self::states).
    pub fn states_and_saved(&self, drive: Vec<f32>) -> (Vec<f32>, Saved) {
        let shape = self.shape;
        let kernel = self.kernel(&drive);
        let width = self.reads().width(shape.hidden);
        let all = shape.batch * shape.steps;
        let mut saved = Saved {
            gates: drive,
            before: vec![0.0; all * shape.hidden],
            cells: vec![0.0; all * shape.hidden],
        };
        let mut out = vec![0.0; shape.batch * width];
        let rows = shape.rows_of_chunk();
        let steps = rows * shape.steps;
        if out.is_empty() {
            return (out, saved);
        }
        out.par_chunks_mut(rows * width)
            .zip(saved.gates.par_chunks_mut(steps * shape.gates()))
            .zip(saved.before.par_chunks_mut(steps * shape.hidden))
            .zip(saved.cells.par_chunks_mut(steps * shape.hidden))
            .enumerate()
            .for_each(|(chunk, (((out, gates), before), cells))| {
                let drive = Numbers::Replace {
                    gates,
                    before,
                    cells,
                };
                kernel.run(chunk, drive, out);
            });
        (out, saved)
    }

    fn kernel(&self, drive: &[f32]) -> Kernel<'_> {
        let steps = self.shape.batch * self.shape.steps;
        assert_eq!(drive.len(), steps * self.shape.gates());
        Kernel::new(self)
    }
}

/// What the inputs of some rows give to the gates of some steps.
pub(super) struct Drive<'a> {
    pub(super) steps: Range<usize>,
    pub(super) numbers: Numbers<'a>,
}

/// `[rows, steps, 4 · hidden]`
pub(super) enum Numbers<'a> {
    /// To be read alone.
    Read(&'a [f32]),
    /// To be replaced by the gates after their functions, beside what else is kept.
    Replace {
        gates: &'a mut [f32],
        before: &'a mut [f32],
        cells: &'a mut [f32],
    },
}

impl Drive<'_> {
    fn numbers(&self) -> &[f32] {
        match &self.numbers {
            Numbers::Read(drive) => drive,
            Numbers::Replace { gates, .. } => gates,
        }
    }

    /// Where a step of a row stands among those of all rows.
    #[inline(always)]
    fn place(&self, row: usize, step: usize) -> usize {
        row * self.steps.len() + step - self.steps.start
    }
}

/// What all rows have in common, with W_hh as it is read here.
pub(super) struct Kernel<'a> {
    recursion: &'a Recursion<'a>,
    pub(super) shape: Shape,
    read: Read<'a>,
    places: Vec<Option<usize>>,
    hh: Panels,
    pub(super) arch: Arch,
}

impl<'a> Kernel<'a> {
    pub(super) fn new(recursion: &'a Recursion<'a>) -> Self {
        let (shape, read) = (recursion.shape, recursion.reads());
        recursion.check();
        let arch = Arch::new();
        let hh = Matrix::new(recursion.weight_hh, shape.hidden, shape.gates());
        Self {
            recursion,
            shape,
            read,
            places: read.places(shape.steps),
            hh: panels_of_gates(hh, arch),
            arch,
        }
    }

    /// The steps up to the last one that is read: nobody reads what comes after.
    pub(super) fn steps(&self) -> usize {
        (self.places.iter().rposition(Option::is_some)).map_or(0, |last| last + 1)
    }

    /// Some rows, and where their states go.
    fn run(&self, chunk: usize, numbers: Numbers, out: &mut [f32]) {
        let drive = Drive {
            steps: 0..self.shape.steps,
            numbers,
        };
        self.arch.dispatch(Driven {
            rows: Rows::new(self, chunk * self.shape.rows_of_chunk(), out),
            drive,
        });
    }
}

/// Columns of four gates in panels, each of which holds the four gates of a vector of units.
pub(super) fn panels_of_gates(matrix: Matrix, arch: Arch) -> Panels {
    let lanes = arch.dispatch(Lanes);
    let hidden = matrix.columns / WIDTH;
    let units = |panel: usize, gate: usize| {
        let first = panel * lanes;
        gate * hidden + first..gate * hidden + hidden.min(first + lanes)
    };
    Panels::new(matrix, lanes, hidden.div_ceil(lanes), units)
}

/// Some rows with all that drives them.
struct Driven<'a> {
    rows: Rows<'a>,
    drive: Drive<'a>,
}

impl WithSimd for Driven<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        self.rows.run(simd, &mut self.drive);
    }
}

/// Some rows of a batch on their way through the steps.
pub(super) struct Rows<'a> {
    kernel: &'a Kernel<'a>,
    /// The first of them in the batch.
    pub(super) first: usize,
    pub(super) rows: usize,
    out: &'a mut [f32],
    /// States before a step, after it, and cells, each `[rows, hidden]`.
    hidden: Vec<f32>,
    next: Vec<f32>,
    cells: Vec<f32>,
}

impl<'a> Rows<'a> {
    /// Those from `first` on, as many as `out` has room for, before the first step.
    pub(super) fn new(kernel: &'a Kernel<'a>, first: usize, out: &'a mut [f32]) -> Self {
        let shape = kernel.shape;
        let rows = out.len() / kernel.read.width(shape.hidden);
        let [hidden, cells] = kernel.recursion.initial_of(first, rows);
        Self {
            kernel,
            first,
            rows,
            out,
            hidden,
            next: vec![0.0; rows * shape.hidden],
            cells,
        }
    }

    /// Through the steps of `drive`.
    #[inline(always)]
    pub(super) fn run<S: Simd>(&mut self, simd: S, drive: &mut Drive) {
        let width = self.kernel.shape.hidden;
        for step in drive.steps.start..drive.steps.end.min(self.kernel.steps()) {
            for row in 0..self.rows {
                let place = drive.place(row, step) * width;
                if let Numbers::Replace { before, .. } = &mut drive.numbers {
                    before[place..place + width]
                        .copy_from_slice(&self.hidden[row * width..][..width]);
                }
            }
            for panel in 0..width.div_ceil(S::F32_LANES) {
                let mut units = Units {
                    rows: self,
                    drive,
                    step,
                    panel,
                };
                let rows = units.rows.rows;
                in_blocks(simd, rows, &mut units);
            }
            std::mem::swap(&mut self.hidden, &mut self.next);
            if let Some(place) = self.kernel.places[step] {
                self.write(place);
            }
        }
    }

    /// The states as they are now, to where they are read.
    fn write(&mut self, place: usize) {
        let width = self.kernel.shape.hidden;
        let of_step = self.kernel.read.of_step(width);
        for row in 0..self.rows {
            let out =
                &mut self.out[row * self.kernel.read.width(width) + place * of_step..][..of_step];
            let states = row * width..(row + 1) * width;
            out[..width].copy_from_slice(&self.hidden[states.clone()]);
            if self.kernel.read.cells {
                out[width..].copy_from_slice(&self.cells[states]);
            }
        }
    }
}

/// A step for the units of one panel.
struct Units<'r, 'a, 'd, 'n> {
    rows: &'r mut Rows<'a>,
    drive: &'d mut Drive<'n>,
    step: usize,
    panel: usize,
}

impl<S: Simd> Blocks<S> for Units<'_, '_, '_, '_> {
    #[inline(always)]
    fn block<const R: usize>(&mut self, simd: S, row: usize) {
        let Self {
            rows,
            drive,
            step,
            panel,
        } = self;
        let kernel = rows.kernel;
        let width = kernel.shape.hidden;
        let mut states: [&[f32]; R] = [&[]; R];
        for r in 0..R {
            states[r] = &rows.hidden[(row + r) * width..][..width];
        }
        let sums = product(simd, states, kernel.hh.panel::<S>(*panel), zeros(simd));

        let first = *panel * S::F32_LANES;
        let units = S::F32_LANES.min(width - first);
        for r in 0..R {
            let step_of_row = drive.place(row + r, *step);
            let place = step_of_row * 4 * width;
            let given = &drive.numbers()[place..place + 4 * width];
            let mut sums = sums[r];
            for gate in 0..WIDTH {
                let given = load(simd, &given[gate * width + first..][..units]);
                sums[gate] = simd.add_f32s(sums[gate], given);
            }
            let cell = &mut rows.cells[(row + r) * width + first..][..units];
            let before = load(simd, cell);
            let (gate, mut new, mut state) = cell_of(simd, sums, before);
            if kernel.recursion.holds(rows.first + row + r, *step) {
                new = before;
                state = load(simd, &rows.hidden[(row + r) * width + first..][..units]);
            }
            store(simd, cell, new);
            let next = &mut rows.next[(row + r) * width + first..][..units];
            store(simd, next, state);
            if let Numbers::Replace { gates, cells, .. } = &mut drive.numbers {
                for index in 0..WIDTH {
                    let place = place + index * width + first;
                    store(simd, &mut gates[place..place + units], gate[index]);
                }
                let place = step_of_row * width + first;
                store(simd, &mut cells[place..place + units], new);
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
