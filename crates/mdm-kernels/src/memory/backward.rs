//! From the gradient of the memory after every step to those of everything it was made of.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::{MemoryGate, MemorySaved, MemoryShape, Weights};
use crate::matmul::{Matrix, of_columns, transposed_product};
use crate::panels::{Lanes, Panels};
use crate::vector::{load, store};

/// The gradients of the recursion.
#[derive(Debug, Clone, Copy)]
pub struct MemoryBackward<'a> {
    /// Sizes.
    pub shape: MemoryShape,
    /// Retain and update.
    pub gates: [MemoryGate<'a>; 2],
    /// What could be written, `[batch, steps, memory]`.
    pub candidate: &'a [f32],
    /// The gradient of the memory after every step, `[batch, steps, memory]`.
    pub gradient: &'a [f32],
}

/// The gradients of a gate.
#[derive(Debug, Clone, PartialEq)]
pub struct GateGradients {
    /// `[batch, steps, hidden]`
    pub drive: Vec<f32>,
    /// `[memory, hidden]`
    pub of_memory: Vec<f32>,
    /// `[hidden, memory]`
    pub of_hidden: Vec<f32>,
    /// `[memory]`
    pub bias: Vec<f32>,
}

/// What a backward pass gives.
#[derive(Debug, Clone, PartialEq)]
pub struct MemoryGradients {
    /// Retain and update.
    pub gates: [GateGradients; 2],
    /// `[batch, steps, memory]`
    pub candidate: Vec<f32>,
}

impl MemoryBackward<'_> {
    /// The gradients.
    ///
    /// # Panics
    ///
    /// When a slice has another length than [`MemoryShape`] says.
    pub fn gradients(&self, saved: MemorySaved) -> MemoryGradients {
        let shape = self.shape;
        for which in 0..2 {
            self.gates[which].check(shape, shape.hidden[which]);
            assert_eq!(
                saved.hidden[which].len(),
                shape.rows() * shape.hidden[which]
            );
            assert_eq!(saved.gates[which].len(), shape.rows() * shape.memory);
        }
        for values in [self.candidate, self.gradient, &saved.before] {
            assert_eq!(values.len(), shape.rows() * shape.memory);
        }
        let arch = Arch::new();
        let lanes = arch.dispatch(Lanes);
        let weights = [0, 1].map(|which| {
            let hidden = shape.hidden[which];
            Weights::new(self.gates[which], shape.memory, hidden, |matrix| {
                Panels::of(matrix.transpose(), lanes)
            })
        });

        let MemorySaved {
            before,
            hidden,
            gates: [mut sums_0, mut sums_1],
        } = saved;
        let zeros = |width: usize| vec![0.0; shape.rows() * width];
        let [mut drive_0, mut drive_1] = shape.hidden.map(zeros);
        let mut candidate = zeros(shape.memory);
        let steps = shape.rows_of_chunk() * shape.steps;
        if steps > 0 {
            candidate
                .par_chunks_mut(steps * shape.memory)
                .zip(drive_0.par_chunks_mut(steps * shape.hidden[0]))
                .zip(drive_1.par_chunks_mut(steps * shape.hidden[1]))
                .zip(sums_0.par_chunks_mut(steps * shape.memory))
                .zip(sums_1.par_chunks_mut(steps * shape.memory))
                .enumerate()
                .for_each(
                    |(chunk, ((((candidate, drive_0), drive_1), sums_0), sums_1))| {
                        arch.dispatch(Rows {
                            backward: self,
                            weights: &weights,
                            before: &before,
                            hidden: &hidden,
                            first: chunk * shape.rows_of_chunk(),
                            candidate,
                            drives: [drive_0, drive_1],
                            sums: [sums_0, sums_1],
                        });
                    },
                );
        }
        let before = Matrix::new(&before, shape.rows(), shape.memory);
        let gate = |which: usize, drive: Vec<f32>, sums: Vec<f32>| {
            let hidden = Matrix::new(&hidden[which], shape.rows(), shape.hidden[which]);
            let of_sums = Matrix::new(&sums, shape.rows(), shape.memory);
            let of_drive = Matrix::new(&drive, shape.rows(), shape.hidden[which]);
            GateGradients {
                of_memory: transposed_product(before, of_drive),
                of_hidden: transposed_product(hidden, of_sums),
                bias: of_columns(of_sums),
                drive,
            }
        };
        MemoryGradients {
            gates: [gate(0, drive_0, sums_0), gate(1, drive_1, sums_1)],
            candidate,
        }
    }
}

/// Some rows of a batch on their way back through all steps.
struct Rows<'a> {
    backward: &'a MemoryBackward<'a>,
    weights: &'a [Weights; 2],
    before: &'a [f32],
    hidden: &'a [Vec<f32>; 2],
    /// The first of the rows, in the batch.
    first: usize,
    candidate: &'a mut [f32],
    drives: [&'a mut [f32]; 2],
    /// Before: the gates. After: the gradients of their sums.
    sums: [&'a mut [f32]; 2],
}

impl WithSimd for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let MemoryShape {
            steps,
            memory: width,
            hidden,
            ..
        } = self.backward.shape;
        let rows = self.candidate.len() / (steps * width);
        let one = simd.splat_f32s(1.0);
        let mut of_memory = vec![0.0; rows * width];
        let mut of_sums = [vec![0.0; rows * width], vec![0.0; rows * width]];
        let mut of_layers = [vec![0.0; rows * hidden[0]], vec![0.0; rows * hidden[1]]];
        for step in (0..steps).rev() {
            for row in 0..rows {
                let local = (row * steps + step) * width;
                let global = ((self.first + row) * steps + step) * width;
                let mut first = 0;
                while first < width {
                    let count = S::F32_LANES.min(width - first);
                    let of_row = row * width + first..row * width + first + count;
                    let of_step = local + first..local + first + count;
                    let of_batch = global + first..global + first + count;
                    let state = &mut of_memory[of_row.clone()];
                    let given = load(simd, &self.backward.gradient[of_batch.clone()]);
                    let total = simd.add_f32s(load(simd, state), given);
                    let retain = load(simd, &self.sums[0][of_step.clone()]);
                    let update = load(simd, &self.sums[1][of_step.clone()]);
                    store(simd, state, simd.mul_f32s(total, retain));
                    let of_candidate = simd.mul_f32s(total, update);
                    store(simd, &mut self.candidate[of_step.clone()], of_candidate);
                    let before = load(simd, &self.before[of_batch.clone()]);
                    let candidate = load(simd, &self.backward.candidate[of_batch]);
                    // σ' = σ (1 − σ).
                    let slope = simd.mul_f32s(retain, simd.sub_f32s(one, retain));
                    let of_retain = simd.mul_f32s(simd.mul_f32s(total, before), slope);
                    let slope = simd.mul_f32s(update, simd.sub_f32s(one, update));
                    let of_update = simd.mul_f32s(simd.mul_f32s(total, candidate), slope);
                    store(simd, &mut self.sums[0][of_step.clone()], of_retain);
                    store(simd, &mut self.sums[1][of_step], of_update);
                    store(simd, &mut of_sums[0][of_row.clone()], of_retain);
                    store(simd, &mut of_sums[1][of_row], of_update);
                    first += S::F32_LANES;
                }
            }
            for which in 0..2 {
                let (weights, layer) = (&self.weights[which], hidden[which]);
                let of_layer = &mut of_layers[which];
                weights
                    .of_hidden
                    .multiply(simd, &of_sums[which], of_layer, false);
                let mask = self.backward.gates[which].mask;
                for row in 0..rows {
                    let global = ((self.first + row) * steps + step) * layer;
                    let values = &self.hidden[which][global..global + layer];
                    let mask = match mask.is_empty() {
                        true => None,
                        false => Some(&mask[global..global + layer]),
                    };
                    let gradient = &mut of_layer[row * layer..][..layer];
                    deactivate(simd, gradient, values, mask);
                    self.drives[which][(row * steps + step) * layer..][..layer]
                        .copy_from_slice(gradient);
                }
                if step > 0 {
                    weights
                        .of_memory
                        .multiply(simd, of_layer, &mut of_memory, true);
                }
            }
        }
    }
}

/// The gradient before mask and ReLU, in place: where the value is 0, one of them let nothing through.
#[inline(always)]
fn deactivate<S: Simd>(simd: S, gradient: &mut [f32], values: &[f32], mask: Option<&[f32]>) {
    let zero = simd.splat_f32s(0.0);
    let mut first = 0;
    while first < gradient.len() {
        let part = first..gradient.len().min(first + S::F32_LANES);
        let mut value = load(simd, &gradient[part.clone()]);
        if let Some(mask) = mask {
            value = simd.mul_f32s(value, load(simd, &mask[part.clone()]));
        }
        let active = simd.greater_than_f32s(load(simd, &values[part.clone()]), zero);
        let value = simd.select_f32s(active, value, zero);
        store(simd, &mut gradient[part], value);
        first += S::F32_LANES;
    }
}
