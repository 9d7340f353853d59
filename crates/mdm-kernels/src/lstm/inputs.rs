//! From the inputs themselves to states.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::Recursion;
use super::forward::{Drive, Kernel, Numbers, Rows, panels_of_gates};
use crate::matmul::Matrix;
use crate::panels::{Blocks, Panels, WIDTH, in_blocks, product, zeros};
use crate::vector::{load, store};

/// Numbers of a drive that are there at once: of a second-level cache they leave most to weights and inputs.
const AT_ONCE: usize = 1 << 16;

/// How many steps are driven at once, of so many, when one is so many numbers.
pub(super) fn steps_at_once(steps: usize, of_step: usize) -> usize {
    (AT_ONCE / of_step).clamp(1, steps.max(1))
}

/// A part of what a layer reads: some columns of its inputs.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// `[batch, steps, columns]`
    pub x: &'a [f32],
    /// At least 1.
    pub columns: usize,
}

impl Recursion<'_> {
    /// The states that are read, as [`states`](Self::states), from the inputs themselves, whose columns stand side by side: the
    /// drive is their product with W_ih, `[columns of all, 4 · hidden]`, and a bias `[4 · hidden]`. It is made for a few steps
    /// of as many sequences as a thread takes at once and is gone after them, so it never leaves the caches.
    ///
    /// # Panics
    ///
    /// As [`states`](Self::states), and when an input has no columns.
    pub fn states_of_inputs(&self, inputs: &[Input], weight_ih: &[f32], bias: &[f32]) -> Vec<f32> {
        let shape = self.shape;
        let kernel = Kernel::new(self);
        let steps = [shape.batch, shape.steps];
        let panels = panels(inputs, steps, weight_ih, bias, kernel.arch);
        let width = self.reads().width(shape.hidden);
        let mut out = vec![0.0; shape.batch * width];
        if out.is_empty() {
            return out;
        }
        let of_chunk = shape.rows_of_chunk();
        out.par_chunks_mut(of_chunk * width)
            .enumerate()
            .for_each(|(chunk, out)| {
                kernel.arch.dispatch(OfInputs {
                    kernel: &kernel,
                    rows: Rows::new(&kernel, chunk * of_chunk, out),
                    products: Products {
                        inputs,
                        panels: &panels,
                        bias,
                        steps: shape.steps,
                        hidden: shape.hidden,
                    },
                });
            });
        out
    }
}

/// W_ih in panels, the rows of each input.
///
/// # Panics
///
/// When inputs of so many sequences and steps, weights and bias do not fit each other.
pub(super) fn panels(
    inputs: &[Input],
    [sequences, steps]: [usize; 2],
    weight_ih: &[f32],
    bias: &[f32],
    arch: Arch,
) -> Vec<Panels> {
    for Input { x, columns } in inputs {
        assert!(*columns > 0, "an input has columns");
        assert_eq!(x.len(), sequences * steps * columns);
    }
    let columns = inputs.iter().map(|input| input.columns).sum();
    assert_eq!(weight_ih.len(), columns * bias.len());
    let weight_ih = Matrix::new(weight_ih, columns, bias.len());
    let mut first = 0;
    let panels = inputs.iter().map(|input| {
        let rows = weight_ih.rows(first, input.columns);
        first += input.columns;
        panels_of_gates(rows, arch)
    });
    panels.collect()
}

/// Some rows with what they read.
struct OfInputs<'a> {
    kernel: &'a Kernel<'a>,
    rows: Rows<'a>,
    products: Products<'a>,
}

impl WithSimd for OfInputs<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let steps = self.kernel.steps();
        let of_step = self.rows.rows * WIDTH * self.kernel.shape.hidden;
        let at_once = steps_at_once(steps, of_step);
        let sequences = self.rows.first..self.rows.first + self.rows.rows;
        let mut drive = vec![0.0; at_once * of_step];
        for first in (0..steps).step_by(at_once) {
            let steps = first..steps.min(first + at_once);
            let drive = &mut drive[..steps.len() * of_step];
            self.products
                .write(simd, sequences.clone(), steps.clone(), drive);
            let mut drive = Drive {
                steps,
                numbers: Numbers::Read(drive),
            };
            self.rows.run(simd, &mut drive);
        }
    }
}

/// What some inputs give to the gates: their products with W_ih.
#[derive(Clone, Copy)]
pub(super) struct Products<'a> {
    pub(super) inputs: &'a [Input<'a>],
    /// W_ih, the rows of each input.
    pub(super) panels: &'a [Panels],
    /// Added to the products; empty: nothing.
    pub(super) bias: &'a [f32],
    /// Of a sequence.
    pub(super) steps: usize,
    pub(super) hidden: usize,
}

impl Products<'_> {
    /// Those of some steps of some sequences, `[sequences, steps, 4 · hidden]`.
    #[inline(always)]
    pub(super) fn write<S: Simd>(
        &self,
        simd: S,
        sequences: Range<usize>,
        steps: Range<usize>,
        out: &mut [f32],
    ) {
        for panel in 0..self.hidden.div_ceil(S::F32_LANES) {
            let mut of_panel = OfPanel {
                products: self,
                first: [sequences.start, steps.start],
                steps: steps.len(),
                panel,
                out,
            };
            in_blocks(simd, sequences.len() * steps.len(), &mut of_panel);
        }
    }
}

/// The products for the units of one panel.
struct OfPanel<'p, 'a, 'o> {
    products: &'p Products<'a>,
    /// Sequence and step.
    first: [usize; 2],
    steps: usize,
    panel: usize,
    out: &'o mut [f32],
}

impl<S: Simd> Blocks<S> for OfPanel<'_, '_, '_> {
    #[inline(always)]
    fn block<const R: usize>(&mut self, simd: S, row: usize) {
        let Products {
            inputs,
            panels,
            bias,
            steps,
            hidden,
        } = *self.products;
        let mut places = [0; R];
        for r in 0..R {
            let (sequence, step) = ((row + r) / self.steps, (row + r) % self.steps);
            places[r] = (self.first[0] + sequence) * steps + self.first[1] + step;
        }
        let mut sums = zeros::<S, R>(simd);
        for part in 0..inputs.len() {
            let Input { x, columns } = inputs[part];
            let mut of_steps: [&[f32]; R] = [&[]; R];
            for r in 0..R {
                of_steps[r] = &x[places[r] * columns..][..columns];
            }
            sums = product(simd, of_steps, panels[part].panel::<S>(self.panel), sums);
        }
        let first = self.panel * S::F32_LANES;
        let units = S::F32_LANES.min(hidden - first);
        for gate in 0..WIDTH {
            let place = gate * hidden + first;
            let bias = match bias.is_empty() {
                true => simd.splat_f32s(0.0),
                false => load(simd, &bias[place..place + units]),
            };
            for r in 0..R {
                let place = (row + r) * WIDTH * hidden + place;
                let sum = simd.add_f32s(sums[r][gate], bias);
                store(simd, &mut self.out[place..place + units], sum);
            }
        }
    }
}
