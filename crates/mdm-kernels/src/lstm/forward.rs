//! From sequences to states.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::{Read, Recursion, Shape};
use crate::matmul::{Matrix, matmul};
use crate::panels::{Lanes, Panels, WIDTH, product, rows_at_once};
use crate::vector::{load, store};

/// A part of what a layer reads: some columns of its inputs.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// `[batch, steps, columns]`
    pub x: &'a [f32],
    /// At least 1.
    pub columns: usize,
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
            .for_each(|(chunk, (out, drive))| kernel.run(chunk, Drive::Read(drive), out));
        out
    }

    /// The states that are read, as [`states`](Self::states), from the inputs themselves, whose columns stand side by side: the
    /// drive is their product with W_ih, `[columns of all, 4 · hidden]`, and a bias `[4 · hidden]`. It is made for as many
    /// sequences as a thread takes at once and is gone after them, so it never leaves the caches.
    ///
    /// # Panics
    ///
    /// As [`states`](Self::states), and when an input has no columns.
    pub fn states_of_inputs(&self, inputs: &[Input], weight_ih: &[f32], bias: &[f32]) -> Vec<f32> {
        let (shape, gates) = (self.shape, self.shape.gates());
        for Input { x, columns } in inputs {
            assert!(*columns > 0, "an input has columns");
            assert_eq!(x.len(), shape.batch * shape.steps * columns);
        }
        let columns = inputs.iter().map(|input| input.columns).sum();
        assert_eq!(weight_ih.len(), columns * gates);
        assert_eq!(bias.len(), gates);
        let weight_ih = Matrix::new(weight_ih, columns, gates);
        let kernel = Kernel::new(self);
        let width = self.reads().width(shape.hidden);
        let mut out = vec![0.0; shape.batch * width];
        if out.is_empty() {
            return out;
        }
        let rows = shape.rows_of_chunk();
        out.par_chunks_mut(rows * width).enumerate().for_each_init(
            Default::default,
            |(drive, joined), (chunk, out)| {
                let first = chunk * rows * shape.steps;
                let steps = out.len() / width * shape.steps;
                let x = side_by_side(inputs, first, steps, joined);
                let drive: &mut Vec<f32> = drive;
                drive.clear();
                for _ in 0..steps {
                    drive.extend_from_slice(bias);
                }
                matmul(Matrix::new(x, steps, columns), weight_ih, drive, true);
                kernel.run(chunk, Drive::Read(drive), out);
            },
        );
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
                let drive = Drive::Replace {
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

/// Some steps of all inputs, `[steps, columns of all]`; put into `joined` where there are several.
fn side_by_side<'a>(
    inputs: &[Input<'a>],
    first: usize,
    steps: usize,
    joined: &'a mut Vec<f32>,
) -> &'a [f32] {
    if let [Input { x, columns }] = inputs {
        return &x[first * columns..][..steps * columns];
    }
    joined.clear();
    for step in first..first + steps {
        for Input { x, columns } in inputs {
            joined.extend_from_slice(&x[step * columns..][..*columns]);
        }
    }
    joined
}

/// What the inputs of some rows give to the gates.
enum Drive<'a> {
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
    fn values(&self) -> &[f32] {
        match self {
            Self::Read(drive) => drive,
            Self::Replace { gates, .. } => gates,
        }
    }
}

/// What all rows have in common, with W_hh as it is read here.
struct Kernel<'a> {
    recursion: &'a Recursion<'a>,
    shape: Shape,
    read: Read<'a>,
    places: Vec<Option<usize>>,
    /// A panel holds the four gates of a vector of units.
    hh: Panels,
    arch: Arch,
}

impl<'a> Kernel<'a> {
    fn new(recursion: &'a Recursion<'a>) -> Self {
        let (shape, read) = (recursion.shape, recursion.reads());
        recursion.check();
        let arch = Arch::new();
        let lanes = arch.dispatch(Lanes);
        let hidden = shape.hidden;
        let units = |panel: usize, gate: usize| {
            let first = panel * lanes;
            gate * hidden + first..gate * hidden + hidden.min(first + lanes)
        };
        let count = hidden.div_ceil(lanes);
        let weight_hh = recursion.weight_hh;
        let at = |row: usize, column: usize| weight_hh[row * 4 * hidden + column];
        Self {
            recursion,
            shape,
            read,
            places: read.places(shape.steps),
            hh: Panels::new(hidden, lanes, count, units, at),
            arch,
        }
    }

    /// Some rows, and where their states go.
    fn run(&self, chunk: usize, drive: Drive, out: &mut [f32]) {
        let shape = self.shape;
        let rows = drive.values().len() / (shape.steps * shape.gates());
        let first = chunk * shape.rows_of_chunk();
        let [hidden, cells] = self.recursion.initial_of(first, rows);
        self.arch.dispatch(Rows {
            kernel: self,
            first,
            rows,
            drive,
            out,
            hidden,
            next: vec![0.0; rows * shape.hidden],
            cells,
        });
    }
}

/// Some rows of a batch on their way through all steps.
struct Rows<'a> {
    kernel: &'a Kernel<'a>,
    /// The first of them in the batch.
    first: usize,
    rows: usize,
    drive: Drive<'a>,
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
        let width = self.kernel.shape.hidden;
        // Nobody reads what comes after the last step that is read.
        let last = self.kernel.places.iter().rposition(Option::is_some);
        for step in 0..last.map_or(0, |last| last + 1) {
            if let Drive::Replace { before, .. } = &mut self.drive {
                for row in 0..self.rows {
                    let place = (row * self.kernel.shape.steps + step) * width;
                    before[place..place + width]
                        .copy_from_slice(&self.hidden[row * width..][..width]);
                }
            }
            for panel in 0..width.div_ceil(S::F32_LANES) {
                self.panel(simd, step, panel);
            }
            std::mem::swap(&mut self.hidden, &mut self.next);
            if let Some(place) = self.kernel.places[step] {
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
        let width = self.kernel.shape.hidden;
        let mut states: [&[f32]; R] = [&[]; R];
        for r in 0..R {
            states[r] = &self.hidden[(row + r) * width..][..width];
        }
        let sums = product(simd, states, self.kernel.hh.panel::<S>(panel));

        let first = panel * S::F32_LANES;
        let units = S::F32_LANES.min(width - first);
        for r in 0..R {
            let place = ((row + r) * self.kernel.shape.steps + step) * 4 * width;
            let drive = &self.drive.values()[place..place + 4 * width];
            let mut sums = sums[r];
            for gate in 0..WIDTH {
                let given = load(simd, &drive[gate * width + first..][..units]);
                sums[gate] = simd.add_f32s(sums[gate], given);
            }
            let cell = &mut self.cells[(row + r) * width + first..][..units];
            let before = load(simd, cell);
            let (gate, mut new, mut state) = cell_of(simd, sums, before);
            if self.kernel.recursion.holds(self.first + row + r, step) {
                new = before;
                state = load(simd, &self.hidden[(row + r) * width + first..][..units]);
            }
            store(simd, cell, new);
            let next = &mut self.next[(row + r) * width + first..][..units];
            store(simd, next, state);
            if let Drive::Replace { gates, cells, .. } = &mut self.drive {
                for index in 0..WIDTH {
                    let place = place + index * width + first;
                    store(simd, &mut gates[place..place + units], gate[index]);
                }
                let place = ((row + r) * self.kernel.shape.steps + step) * width + first;
                store(simd, &mut cells[place..place + units], new);
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
