//! A stack of linear layers with leaky ReLU and dropout between them: the critic, forward and backward.
//!
//! A critic is small: what it costs is less its products than what stands around them. So each thread takes its rows through
//! the whole stack without waiting for another, and few rows stay on one thread.

use pulp::Arch;
use rayon::prelude::*;

use crate::matmul::{Matrix, matmul, of_columns};
use crate::vector::add;

/// A linear layer of a stack.
#[derive(Debug, Clone, Copy)]
pub struct MlpLayer<'a> {
    /// `[inputs, outputs]`
    pub weight: &'a [f32],
    /// `[outputs]`
    pub bias: &'a [f32],
}

impl MlpLayer<'_> {
    fn outputs(&self) -> usize {
        self.bias.len()
    }

    fn inputs(&self) -> usize {
        self.weight.len() / self.bias.len()
    }
}

/// Linear layers, with leaky ReLU and dropout after all but the last.
#[derive(Debug, Clone)]
pub struct Mlp<'a> {
    layers: Vec<MlpLayer<'a>>,
    /// Slope of the leaky ReLU below 0, and at 0.
    slope: f32,
}

/// What came out of the layers, and what went in.
#[derive(Debug, Clone, PartialEq)]
pub struct MlpSaved {
    /// Rows that went through the stack together, one after the other.
    chunks: Vec<Passed>,
}

/// Some rows: what goes into each layer, and what the last one gives.
#[derive(Debug, Clone, PartialEq)]
struct Passed {
    rows: usize,
    values: Vec<Vec<f32>>,
}

/// Which gradients are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MlpWanted {
    /// That of the rows.
    pub x: bool,
    /// Those of the layers.
    pub layers: bool,
}

/// The gradients of a stack.
#[derive(Debug, Clone, PartialEq)]
pub struct MlpGradients {
    /// `[rows, inputs]`; nothing where it was not asked for.
    pub x: Vec<f32>,
    /// Weight `[inputs, outputs]` and bias `[outputs]` of each layer, first to last; nothing where they were not asked for.
    pub layers: Vec<[Vec<f32>; 2]>,
}

/// Multiplications that are worth a thread of their own.
const WORTH_A_THREAD: usize = 1 << 18;

impl<'a> Mlp<'a> {
    /// A stack of these layers, first to last.
    ///
    /// # Panics
    ///
    /// Without a layer, for a width of 0, when a layer does not take what the one before it gives, or for a negative slope,
    /// whose sign the backward pass could not tell.
    pub fn new(layers: Vec<MlpLayer<'a>>, slope: f32) -> Self {
        assert!(!layers.is_empty(), "a stack has a layer");
        assert!(slope >= 0.0, "a slope is 0 or above, found {slope}");
        for layer in &layers {
            assert!(layer.outputs() > 0 && !layer.weight.is_empty());
            assert_eq!(layer.weight.len() % layer.outputs(), 0);
        }
        for pair in layers.windows(2) {
            assert_eq!(pair[0].outputs(), pair[1].inputs());
        }
        Self { layers, slope }
    }

    /// Takes rows `[rows, inputs]` through the stack. `masks` holds what each number after a layer but the last is
    /// multiplied with, `[rows, outputs]` of every layer; without dropout it is empty.
    ///
    /// # Panics
    ///
    /// When a slice does not fit.
    pub fn forward(&self, x: &[f32], masks: &[Vec<f32>]) -> MlpSaved {
        let rows = self.rows(x, masks);
        let size = self.rows_of_chunk(rows);
        let starts: Vec<usize> = (0..rows).step_by(size).collect();
        let chunk = |first: usize| {
            let rows = size.min(rows - first);
            let x = &x[first * self.layers[0].inputs()..][..rows * self.layers[0].inputs()];
            self.forward_of_chunk(x, rows, masks, first)
        };
        MlpSaved {
            chunks: starts.into_par_iter().map(chunk).collect(),
        }
    }

    /// The gradients from that of what came out, `[rows, outputs]`.
    ///
    /// # Panics
    ///
    /// When a slice does not fit, or `masks` are not those of the forward pass in their sizes.
    pub fn gradients(
        &self,
        saved: &MlpSaved,
        masks: &[Vec<f32>],
        gradient: &[f32],
        wanted: MlpWanted,
    ) -> MlpGradients {
        let outputs = self.layers[self.layers.len() - 1].outputs();
        let rows: usize = saved.chunks.iter().map(|chunk| chunk.rows).sum();
        assert_eq!(gradient.len(), rows * outputs);
        let mut starts = Vec::with_capacity(saved.chunks.len());
        let mut first = 0;
        for chunk in &saved.chunks {
            starts.push(first);
            first += chunk.rows;
        }
        let parts: Vec<MlpGradients> = (saved.chunks.par_iter())
            .zip(starts)
            .map(|(chunk, first)| {
                let gradient = &gradient[first * outputs..][..chunk.rows * outputs];
                self.gradients_of_chunk(chunk, masks, first, gradient, wanted)
            })
            .collect();
        let mut parts = parts.into_iter();
        // In their order: the same sums from run to run.
        let mut all = parts.next().unwrap_or_else(|| self.no_gradients(wanted));
        for part in parts {
            all.x.extend(part.x);
            for (sums, parts) in all.layers.iter_mut().zip(part.layers) {
                for (sum, part) in sums.iter_mut().zip(parts) {
                    add(sum, &part);
                }
            }
        }
        all
    }

    fn rows(&self, x: &[f32], masks: &[Vec<f32>]) -> usize {
        let inputs = self.layers[0].inputs();
        assert_eq!(x.len() % inputs, 0);
        let rows = x.len() / inputs;
        if !masks.is_empty() {
            assert_eq!(masks.len(), self.layers.len() - 1);
            for (mask, layer) in masks.iter().zip(&self.layers) {
                assert_eq!(mask.len(), rows * layer.outputs());
            }
        }
        rows
    }

    fn rows_of_chunk(&self, rows: usize) -> usize {
        let of_row: usize = self.layers.iter().map(|layer| layer.weight.len()).sum();
        let fewest = (WORTH_A_THREAD / of_row).max(1);
        rows.div_ceil(rayon::current_num_threads()).max(fewest)
    }

    fn forward_of_chunk(&self, x: &[f32], rows: usize, masks: &[Vec<f32>], first: usize) -> Passed {
        let mut values = Vec::with_capacity(self.layers.len() + 1);
        values.push(x.to_vec());
        for (index, layer) in self.layers.iter().enumerate() {
            let (inputs, outputs) = (layer.inputs(), layer.outputs());
            let mut out = Vec::with_capacity(rows * outputs);
            for _ in 0..rows {
                out.extend_from_slice(layer.bias);
            }
            let x = Matrix::new(&values[index], rows, inputs);
            matmul(
                x,
                Matrix::new(layer.weight, inputs, outputs),
                &mut out,
                true,
            );
            if index + 1 < self.layers.len() {
                let mask = part(masks, index, first, rows, outputs);
                Arch::new().dispatch(|| activate(&mut out, mask, self.slope));
            }
            values.push(out);
        }
        Passed { rows, values }
    }

    fn gradients_of_chunk(
        &self,
        chunk: &Passed,
        masks: &[Vec<f32>],
        first: usize,
        gradient: &[f32],
        wanted: MlpWanted,
    ) -> MlpGradients {
        let rows = chunk.rows;
        let mut found = self.no_gradients(wanted);
        let mut gradient = gradient.to_vec();
        for (index, layer) in self.layers.iter().enumerate().rev() {
            let (inputs, outputs) = (layer.inputs(), layer.outputs());
            if index + 1 < self.layers.len() {
                let mask = part(masks, index, first, rows, outputs);
                let values = &chunk.values[index + 1];
                Arch::new().dispatch(|| deactivate(&mut gradient, values, mask, self.slope));
            }
            let of_out = Matrix::new(&gradient, rows, outputs);
            if wanted.layers {
                let x = Matrix::new(&chunk.values[index], rows, inputs).transpose();
                let [weight, bias] = &mut found.layers[index];
                matmul(x, of_out, weight, false);
                *bias = of_columns(of_out);
            }
            if index > 0 || wanted.x {
                let mut of_x = vec![0.0; rows * inputs];
                let weight = Matrix::new(layer.weight, inputs, outputs);
                matmul(of_out, weight.transpose(), &mut of_x, false);
                gradient = of_x;
            }
        }
        if wanted.x {
            found.x = gradient;
        }
        found
    }

    /// Those of no rows.
    fn no_gradients(&self, wanted: MlpWanted) -> MlpGradients {
        let zeros = |layer: &MlpLayer| [layer.weight, layer.bias].map(|p| vec![0.0; p.len()]);
        MlpGradients {
            x: Vec::new(),
            layers: match wanted.layers {
                true => self.layers.iter().map(zeros).collect(),
                false => Vec::new(),
            },
        }
    }
}

impl MlpSaved {
    /// What the last layer gives, `[rows, outputs]`.
    pub fn output(&self) -> Vec<f32> {
        let last = |chunk: &Passed| chunk.values.last().expect("a layer").clone();
        self.chunks.iter().flat_map(last).collect()
    }
}

/// The mask after a layer for some rows; none without dropout.
fn part(masks: &[Vec<f32>], layer: usize, first: usize, rows: usize, width: usize) -> &[f32] {
    match masks.get(layer) {
        Some(mask) => &mask[first * width..][..rows * width],
        None => &[],
    }
}

// Inlined into the closures that are compiled for the processor's vectors.
#[inline(always)]
fn activate(values: &mut [f32], mask: &[f32], slope: f32) {
    for value in &mut *values {
        *value = if *value > 0.0 { *value } else { *value * slope };
    }
    for (value, mask) in values.iter_mut().zip(mask) {
        *value *= mask;
    }
}

/// The sign of a value after its function is the sign before it. Where the mask is 0 so is the gradient.
#[inline(always)]
fn deactivate(gradient: &mut [f32], values: &[f32], mask: &[f32], slope: f32) {
    for (gradient, value) in gradient.iter_mut().zip(values) {
        *gradient = if *value > 0.0 {
            *gradient
        } else {
            *gradient * slope
        };
    }
    for (gradient, mask) in gradient.iter_mut().zip(mask) {
        *gradient *= mask;
    }
}

#[cfg(test)]
mod tests;
