//! From what the steps give to the memory after them.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::{MemoryGate, MemoryShape, Weights};
use crate::panels::{Lanes, Panels};
use crate::vector::{load, sigmoid, store};

/// The memory after every step.
#[derive(Debug, Clone, Copy)]
pub struct MemoryForward<'a> {
    /// Sizes.
    pub shape: MemoryShape,
    /// Retain and update.
    pub gates: [MemoryGate<'a>; 2],
    /// What may be written, `[batch, steps, memory]`.
    pub candidate: &'a [f32],
}

/// What a backward pass needs of a forward pass.
#[derive(Debug, Clone, PartialEq)]
pub struct MemorySaved {
    /// The memory before each step, `[batch, steps, memory]`.
    pub before: Vec<f32>,
    /// The hidden layers after their masks, `[batch, steps, hidden]`.
    pub hidden: [Vec<f32>; 2],
    /// The gates, `[batch, steps, memory]`.
    pub gates: [Vec<f32>; 2],
}

impl MemoryForward<'_> {
    /// The memory after every step, `[batch, steps, memory]`.
    ///
    /// # Panics
    ///
    /// When a slice has another length than [`MemoryShape`] says.
    pub fn memories(&self) -> Vec<f32> {
        let kernel = self.kernel();
        let shape = self.shape;
        let mut out = vec![0.0; shape.rows() * shape.memory];
        let steps = shape.rows_of_chunk() * shape.steps;
        out.par_chunks_mut((steps * shape.memory).max(1))
            .enumerate()
            .for_each(|(chunk, out)| kernel.run(chunk, out, None));
        out
    }

    /// The memory after every step, as [`memories`](Self::memories), and what
    /// [`MemoryBackward`](super::MemoryBackward) needs.
    ///
    /// # Panics
    ///
    /// As [`memories`](Self::memories).
    pub fn memories_and_saved(&self) -> (Vec<f32>, MemorySaved) {
        let kernel = self.kernel();
        let shape = self.shape;
        let zeros = |width: usize| vec![0.0; shape.rows() * width];
        let mut out = zeros(shape.memory);
        let mut before = zeros(shape.memory);
        let [mut hidden_0, mut hidden_1] = shape.hidden.map(zeros);
        let [mut gate_0, mut gate_1] = [zeros(shape.memory), zeros(shape.memory)];
        let steps = shape.rows_of_chunk() * shape.steps;
        if steps > 0 {
            let of_memory = steps * shape.memory;
            let [of_hidden_0, of_hidden_1] = shape.hidden.map(|width| steps * width);
            let hidden =
                (hidden_0.par_chunks_mut(of_hidden_0)).zip(hidden_1.par_chunks_mut(of_hidden_1));
            let gates = (gate_0.par_chunks_mut(of_memory)).zip(gate_1.par_chunks_mut(of_memory));
            out.par_chunks_mut(of_memory)
                .zip(before.par_chunks_mut(of_memory))
                .zip(hidden)
                .zip(gates)
                .enumerate()
                .for_each(|(chunk, (((out, before), hidden), gates))| {
                    let kept = Kept {
                        before,
                        hidden: hidden.into(),
                        gates: gates.into(),
                    };
                    kernel.run(chunk, out, Some(kept));
                });
        }
        let saved = MemorySaved {
            before,
            hidden: [hidden_0, hidden_1],
            gates: [gate_0, gate_1],
        };
        (out, saved)
    }

    fn kernel(&self) -> Kernel<'_> {
        let shape = self.shape;
        for which in 0..2 {
            self.gates[which].check(shape, shape.hidden[which]);
        }
        assert_eq!(self.candidate.len(), shape.rows() * shape.memory);
        assert!(shape.memory > 0, "a memory has a width");
        let arch = Arch::new();
        let lanes = arch.dispatch(Lanes);
        Kernel {
            forward: self,
            weights: [0, 1].map(|which| {
                let hidden = shape.hidden[which];
                Weights::new(self.gates[which], shape.memory, hidden, |matrix| {
                    Panels::of(matrix, lanes)
                })
            }),
            arch,
        }
    }
}

/// What all rows have in common.
struct Kernel<'a> {
    forward: &'a MemoryForward<'a>,
    weights: [Weights; 2],
    arch: Arch,
}

impl Kernel<'_> {
    fn run(&self, chunk: usize, out: &mut [f32], kept: Option<Kept>) {
        self.arch.dispatch(Rows {
            forward: self.forward,
            weights: &self.weights,
            first: chunk * self.forward.shape.rows_of_chunk(),
            out,
            kept,
        });
    }
}

/// What is kept of some rows.
struct Kept<'a> {
    before: &'a mut [f32],
    hidden: [&'a mut [f32]; 2],
    gates: [&'a mut [f32]; 2],
}

/// Some rows of a batch on their way through all steps.
struct Rows<'a> {
    forward: &'a MemoryForward<'a>,
    weights: &'a [Weights; 2],
    /// The first of the rows, in the batch.
    first: usize,
    out: &'a mut [f32],
    kept: Option<Kept<'a>>,
}

impl WithSimd for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let MemoryShape {
            steps,
            memory: width,
            hidden,
            ..
        } = self.forward.shape;
        let rows = self.out.len() / (steps * width);
        let mut memory = vec![0.0; rows * width];
        let mut layers = [vec![0.0; rows * hidden[0]], vec![0.0; rows * hidden[1]]];
        let mut sums = [vec![0.0; rows * width], vec![0.0; rows * width]];
        for step in 0..steps {
            if let Some(kept) = &mut self.kept {
                for row in 0..rows {
                    kept.before[(row * steps + step) * width..][..width]
                        .copy_from_slice(&memory[row * width..][..width]);
                }
            }
            for which in 0..2 {
                let gate = &self.forward.gates[which];
                let weights = &self.weights[which];
                weights
                    .of_memory
                    .multiply(simd, &memory, &mut layers[which], false);
                let layer = hidden[which];
                for row in 0..rows {
                    let place = ((self.first + row) * steps + step) * layer;
                    let drive = &gate.drive[place..place + layer];
                    let mask = match gate.mask.is_empty() {
                        true => None,
                        false => Some(&gate.mask[place..place + layer]),
                    };
                    let values = &mut layers[which][row * layer..][..layer];
                    activate(simd, values, drive, mask);
                    if let Some(kept) = &mut self.kept {
                        kept.hidden[which][(row * steps + step) * layer..][..layer]
                            .copy_from_slice(values);
                    }
                }
                weights
                    .of_hidden
                    .multiply(simd, &layers[which], &mut sums[which], false);
            }
            for row in 0..rows {
                let local = (row * steps + step) * width;
                let global = ((self.first + row) * steps + step) * width;
                let mut first = 0;
                while first < width {
                    let part = first..width.min(first + S::F32_LANES);
                    let count = part.len();
                    let of_row = row * width + first..row * width + first + count;
                    let of_step = local + first..local + first + count;
                    let [retain, update] = &self.forward.gates;
                    let retain =
                        gate_of(simd, &sums[0][of_row.clone()], &retain.bias[part.clone()]);
                    let update = gate_of(simd, &sums[1][of_row.clone()], &update.bias[part]);
                    if let Some(kept) = &mut self.kept {
                        store(simd, &mut kept.gates[0][of_step.clone()], retain);
                        store(simd, &mut kept.gates[1][of_step.clone()], update);
                    }
                    let candidate = &self.forward.candidate[global + first..][..count];
                    let state = &mut memory[of_row];
                    let kept = simd.mul_f32s(retain, load(simd, state));
                    let new = simd.mul_add_e_f32s(update, load(simd, candidate), kept);
                    store(simd, state, new);
                    store(simd, &mut self.out[of_step], new);
                    first += S::F32_LANES;
                }
            }
        }
    }
}

/// `ReLU(values + drive) ⊙ mask`
#[inline(always)]
fn activate<S: Simd>(simd: S, values: &mut [f32], drive: &[f32], mask: Option<&[f32]>) {
    let zero = simd.splat_f32s(0.0);
    let mut first = 0;
    while first < values.len() {
        let part = first..values.len().min(first + S::F32_LANES);
        let sum = simd.add_f32s(
            load(simd, &values[part.clone()]),
            load(simd, &drive[part.clone()]),
        );
        let mut value = simd.max_f32s(zero, sum);
        if let Some(mask) = mask {
            value = simd.mul_f32s(value, load(simd, &mask[part.clone()]));
        }
        store(simd, &mut values[part], value);
        first += S::F32_LANES;
    }
}

#[inline(always)]
fn gate_of<S: Simd>(simd: S, sum: &[f32], bias: &[f32]) -> S::f32s {
    sigmoid(simd, simd.add_f32s(load(simd, sum), load(simd, bias)))
}
