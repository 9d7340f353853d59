//! From sequences that are put together of parts of others to states.

use pulp::{Simd, WithSimd};

use super::Recursion;
use super::forward::{Drive, Kernel, Numbers, Rows};
use super::inputs::{Input, Products, panels, steps_at_once};
use crate::panels::{Panels, WIDTH};
use crate::vector::{load, store};

/// Inputs of rows of which each takes every part from a sequence of its own.
#[derive(Debug, Clone, Copy)]
pub struct Mixture<'a> {
    /// The parts, `[sequences, steps, columns]` each.
    pub parts: &'a [Input<'a>],
    /// Sequences of each part.
    pub sequences: usize,
    /// For each part, from which sequence each row takes it.
    pub rows: &'a [Vec<usize>],
    /// W_ih, `[columns of all, 4 · hidden]`
    pub weight_ih: &'a [f32],
    /// `[4 · hidden]`
    pub bias: &'a [f32],
}

impl Recursion<'_> {
    /// The states that are read of a mixture's rows, as [`states`](Self::states).
    ///
    /// What a sequence gives to the gates is one product, whoever takes it. It is made for a few steps of all sequences that
    /// rows take from, is added up for each of these, and is gone: nothing of it leaves the caches.
    ///
    /// All of it happens on the thread that asks: rows on several threads would each have the products made again. It is for
    /// batches that go side by side, or are small.
    ///
    /// # Panics
    ///
    /// As [`states`](Self::states), when the mixture has not as many rows and steps as [`Shape`](super::Shape) says, and when a
    /// sequence is taken that is not there.
    pub fn states_of_mixture(&self, mixture: &Mixture) -> Vec<f32> {
        let shape = self.shape;
        let kernel = Kernel::new(self);
        let Mixture {
            parts,
            sequences,
            rows,
            weight_ih,
            bias,
        } = *mixture;
        assert_eq!(bias.len(), shape.gates());
        assert_eq!(rows.len(), parts.len());
        for rows in rows {
            assert_eq!(rows.len(), shape.batch);
            assert!(rows.iter().all(|&row| row < sequences));
        }
        let steps = [sequences, shape.steps];
        let panels = panels(parts, steps, weight_ih, bias, kernel.arch);
        let width = self.reads().width(shape.hidden);
        let mut out = vec![0.0; shape.batch * width];
        if out.is_empty() {
            return out;
        }
        kernel.arch.dispatch(OfMixture {
            kernel: &kernel,
            rows: Rows::new(&kernel, 0, &mut out),
            mixture,
            panels: &panels,
        });
        out
    }
}

/// All rows with what they read.
struct OfMixture<'a> {
    kernel: &'a Kernel<'a>,
    rows: Rows<'a>,
    mixture: &'a Mixture<'a>,
    panels: &'a [Panels],
}

impl WithSimd for OfMixture<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let Mixture {
            parts,
            sequences,
            bias,
            ..
        } = *self.mixture;
        let (shape, steps) = (self.kernel.shape, self.kernel.steps());
        let width = WIDTH * shape.hidden;
        let at_once = steps_at_once(steps, sequences * width);
        let mut given = vec![vec![0.0; sequences * at_once * width]; parts.len()];
        let mut drive = vec![0.0; self.rows.rows * at_once * width];
        for first in (0..steps).step_by(at_once) {
            let steps = first..steps.min(first + at_once);
            let of_row = steps.len() * width;
            for part in 0..parts.len() {
                let products = Products {
                    inputs: &parts[part..part + 1],
                    panels: &self.panels[part..part + 1],
                    bias: if part == 0 { bias } else { &[] },
                    steps: shape.steps,
                    hidden: shape.hidden,
                };
                let given = &mut given[part][..sequences * of_row];
                products.write(simd, 0..sequences, steps.clone(), given);
            }
            for row in 0..self.rows.rows {
                let sum = &mut drive[row * of_row..][..of_row];
                for part in 0..parts.len() {
                    let taken = self.mixture.rows[part][row];
                    let term = &given[part][taken * of_row..][..of_row];
                    add(simd, sum, term, part > 0);
                }
            }
            let mut drive = Drive {
                steps,
                numbers: Numbers::Read(&drive[..self.rows.rows * of_row]),
            };
            self.rows.run(simd, &mut drive);
        }
    }
}

/// `sum = term`, or `sum += term`.
#[inline(always)]
fn add<S: Simd>(simd: S, sum: &mut [f32], term: &[f32], add: bool) {
    let vectors = sum.chunks_mut(S::F32_LANES).zip(term.chunks(S::F32_LANES));
    for (sum, term) in vectors {
        let mut value = load(simd, term);
        if add {
            value = simd.add_f32s(value, load(simd, sum));
        }
        store(simd, sum, value);
    }
}
