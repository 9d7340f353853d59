//! A stack of linear layers with leaky ReLU and dropout between them: the critic, forward and backward.
//!
//! A critic is small: what it costs is less its products than what stands around them. So each thread takes its rows through
//! the whole stack without waiting for another, and few rows stay on one thread.

use pulp::Arch;
use rayon::prelude::*;

use crate::matmul::{Matrix, matmul, of_columns};

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
    /// Weight `[inputs, outputs]` and bias `[outputs]` of each layer, first to last; zeros where they were not asked for.
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
        let mut all = parts.next().unwrap_or_else(|| self.no_gradients());
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
        let mut found = self.no_gradients();
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

    fn no_gradients(&self) -> MlpGradients {
        let zeros = |layer: &MlpLayer| [layer.weight, layer.bias].map(|p| vec![0.0; p.len()]);
        MlpGradients {
            x: Vec::new(),
            layers: self.layers.iter().map(zeros).collect(),
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

fn add(sum: &mut [f32], part: &[f32]) {
    for (sum, part) in sum.iter_mut().zip(part) {
        *sum += part;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers in [-0.5, 0.5).
    fn numbers(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32 - 0.5
        };
        (0..count).map(|_| next()).collect()
    }

    /// A stack with its parameters, rows, and masks where there is dropout.
    struct Case {
        widths: Vec<usize>,
        parameters: Vec<[Vec<f32>; 2]>,
        x: Vec<f32>,
        masks: Vec<Vec<f32>>,
    }

    const SLOPE: f32 = 0.01;

    impl Case {
        fn new(widths: &[usize], rows: usize, dropout: bool) -> Self {
            let layers = widths.windows(2).enumerate();
            let parameters = layers.map(|(index, pair)| {
                let seed = index as u32;
                let weight = numbers(pair[0] * pair[1], 2 * seed + 1);
                [weight, numbers(pair[1], 2 * seed + 2)]
            });
            let hidden = &widths[1..widths.len() - 1];
            let mask = |(index, width): (usize, &usize)| {
                let kept = numbers(rows * width, 100 + index as u32).into_iter();
                kept.map(|x| if x < 0.0 { 0.0 } else { 1.5 }).collect()
            };
            Self {
                widths: widths.to_vec(),
                parameters: parameters.collect(),
                x: numbers(rows * widths[0], 77),
                masks: match dropout {
                    true => hidden.iter().enumerate().map(mask).collect(),
                    false => Vec::new(),
                },
            }
        }

        fn mlp(&self) -> Mlp<'_> {
            let layers = self.parameters.iter();
            let layers = layers.map(|[weight, bias]| MlpLayer { weight, bias });
            Mlp::new(layers.collect(), SLOPE)
        }

        /// The outputs in double precision, with one parameter moved.
        fn output(&self, x: &[f64], moved: Option<(usize, usize, usize, f64)>) -> Vec<f64> {
            let rows = x.len() / self.widths[0];
            let parameter = |layer: usize, which: usize, place: usize| {
                let value = f64::from(self.parameters[layer][which][place]);
                match moved {
                    Some((l, w, p, by)) if (l, w, p) == (layer, which, place) => value + by,
                    _ => value,
                }
            };
            let mut x = x.to_vec();
            for layer in 0..self.parameters.len() {
                let (inputs, outputs) = (self.widths[layer], self.widths[layer + 1]);
                let mut out = vec![0.0; rows * outputs];
                for row in 0..rows {
                    for column in 0..outputs {
                        let mut sum = parameter(layer, 1, column);
                        for k in 0..inputs {
                            sum += x[row * inputs + k] * parameter(layer, 0, k * outputs + column);
                        }
                        if layer + 1 < self.parameters.len() {
                            if sum <= 0.0 {
                                sum *= f64::from(SLOPE);
                            }
                            if let Some(mask) = self.masks.get(layer) {
                                sum *= f64::from(mask[row * outputs + column]);
                            }
                        }
                        out[row * outputs + column] = sum;
                    }
                }
                x = out;
            }
            x
        }
    }

    fn wide(values: &[f32]) -> Vec<f64> {
        values.iter().map(|&x| f64::from(x)).collect()
    }

    const ALL: MlpWanted = MlpWanted {
        x: true,
        layers: true,
    };

    /// One layer, few rows, and rows that are worth several threads.
    fn cases() -> Vec<Case> {
        vec![
            Case::new(&[3, 2], 4, false),
            Case::new(&[5, 7, 3, 1], 6, false),
            Case::new(&[5, 7, 3, 1], 6, true),
            Case::new(&[64, 128, 64, 1], 57, true),
        ]
    }

    #[test]
    fn the_output_is_that_in_double_precision() {
        for case in cases() {
            let found = case.mlp().forward(&case.x, &case.masks).output();
            let expected = case.output(&wide(&case.x), None);
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                assert!(
                    (f64::from(*found) - expected).abs() < 2e-5,
                    "{found} {expected}"
                );
            }
        }
    }

    #[test]
    fn gradients_are_those_of_differences() {
        for case in cases() {
            let mlp = case.mlp();
            let saved = mlp.forward(&case.x, &case.masks);
            let weights = numbers(saved.output().len(), 9);
            let found = mlp.gradients(&saved, &case.masks, &weights, ALL);
            let sum = |output: Vec<f64>| -> f64 {
                let terms = output.iter().zip(&weights);
                terms.map(|(x, &weight)| x * f64::from(weight)).sum()
            };
            let x = wide(&case.x);
            let h = 1e-7;
            let check = |found: f32, up: f64, down: f64| {
                let expected = (up - down) / (2.0 * h);
                let difference = (f64::from(found) - expected).abs();
                assert!(
                    difference < 1e-4 * (1.0 + expected.abs()),
                    "{found} {expected}"
                );
            };
            for (layer, found) in found.layers.iter().enumerate() {
                for (which, found) in found.iter().enumerate() {
                    assert_eq!(found.len(), case.parameters[layer][which].len());
                    for place in (0..found.len()).step_by(found.len().div_ceil(40)) {
                        let moved = |by| sum(case.output(&x, Some((layer, which, place, by))));
                        check(found[place], moved(h), moved(-h));
                    }
                }
            }
            assert_eq!(found.x.len(), x.len());
            for place in (0..x.len()).step_by(x.len().div_ceil(40)) {
                let moved = |by| {
                    let mut x = x.clone();
                    x[place] += by;
                    sum(case.output(&x, None))
                };
                check(found.x[place], moved(h), moved(-h));
            }
        }
    }

    #[test]
    fn what_is_not_asked_for_is_not_there() {
        let case = Case::new(&[5, 7, 3, 1], 6, true);
        let mlp = case.mlp();
        let saved = mlp.forward(&case.x, &case.masks);
        let gradients = |wanted| mlp.gradients(&saved, &case.masks, &[1.0; 6], wanted);
        let all = gradients(ALL);
        let of_layers = gradients(MlpWanted { x: false, ..ALL });
        assert!(of_layers.x.is_empty() && of_layers.layers == all.layers);
        let of_x = gradients(MlpWanted {
            layers: false,
            ..ALL
        });
        assert_eq!(of_x.x, all.x);
        assert!(of_x.layers.iter().flatten().flatten().all(|&x| x == 0.0));
    }

    #[test]
    fn a_number_at_0_has_the_slope_of_below() {
        let layers = vec![
            MlpLayer {
                weight: &[1.0],
                bias: &[0.0],
            },
            MlpLayer {
                weight: &[1.0],
                bias: &[0.0],
            },
        ];
        let mlp = Mlp::new(layers, 0.25);
        let saved = mlp.forward(&[0.0], &[]);
        let found = mlp.gradients(&saved, &[], &[1.0], ALL);
        assert_eq!(found.layers[0][1], [0.25]);
    }

    #[test]
    fn no_rows_give_zeros() {
        let case = Case::new(&[3, 2, 1], 0, false);
        let saved = case.mlp().forward(&[], &[]);
        assert!(saved.output().is_empty());
        let found = case.mlp().gradients(&saved, &[], &[], ALL);
        assert_eq!(found.layers[0][0], [0.0; 6]);
    }
}
