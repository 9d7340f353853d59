//! Layer normalisation of rows.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::vector::{Chunk, load, store};

/// What the gradient of a layer normalisation needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalised {
    /// The rows with mean 0 and variance 1, before scale and shift.
    pub rows: Vec<f32>,
    /// What each row was divided by, inverted: `1 / √(variance + ε)`.
    pub inverse_deviations: Vec<f32>,
}

/// The gradients of a layer normalisation.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerNormGradients {
    /// As long as what went in.
    pub x: Vec<f32>,
    /// `[width]`
    pub scale: Vec<f32>,
    /// `[width]`
    pub shift: Vec<f32>,
}

/// Rows normalised to mean 0 and variance 1, then `scale · row + shift`; with what the gradient needs.
///
/// # Panics
///
/// When scale and shift differ in length or the length of `x` is no multiple of theirs.
pub fn layer_norm(x: &[f32], scale: &[f32], shift: &[f32], epsilon: f32) -> (Vec<f32>, Normalised) {
    let width = scale.len();
    assert!(width > 0, "a row has a width");
    assert_eq!(shift.len(), width);
    assert_eq!(x.len() % width, 0);
    let mut out = vec![0.0; x.len()];
    let mut normalised = Normalised {
        rows: vec![0.0; x.len()],
        inverse_deviations: vec![0.0; x.len() / width],
    };
    let arch = Arch::new();
    let rows = Chunk::rows(width);
    out.par_chunks_mut(rows * width)
        .zip(x.par_chunks(rows * width))
        .zip(normalised.rows.par_chunks_mut(rows * width))
        .zip(normalised.inverse_deviations.par_chunks_mut(rows))
        .for_each(|(((out, x), normal), inverse_deviations)| {
            arch.dispatch(Forward {
                x,
                scale,
                shift,
                epsilon,
                out,
                normal,
                inverse_deviations,
            });
        });
    (out, normalised)
}

/// The gradients from that of what came out.
///
/// # Panics
///
/// When a slice has another length than in the forward pass.
pub fn layer_norm_gradients(
    normalised: &Normalised,
    scale: &[f32],
    gradient: &[f32],
) -> LayerNormGradients {
    let width = scale.len();
    assert_eq!(gradient.len(), normalised.rows.len());
    assert_eq!(gradient.len(), normalised.inverse_deviations.len() * width);
    let mut x = vec![0.0; gradient.len()];
    let arch = Arch::new();
    let rows = Chunk::rows(width);
    let sums: Vec<(Vec<f32>, Vec<f32>)> = x
        .par_chunks_mut(rows * width)
        .zip(gradient.par_chunks(rows * width))
        .zip(normalised.rows.par_chunks(rows * width))
        .zip(normalised.inverse_deviations.par_chunks(rows))
        .map(|(((x, gradient), normal), inverse_deviations)| {
            let (mut of_scale, mut of_shift) = (vec![0.0; width], vec![0.0; width]);
            arch.dispatch(Backward {
                normal,
                inverse_deviations,
                scale,
                gradient,
                x,
                of_scale: &mut of_scale,
                of_shift: &mut of_shift,
            });
            (of_scale, of_shift)
        })
        .collect();
    let (mut scale, mut shift) = (vec![0.0; width], vec![0.0; width]);
    for (of_scale, of_shift) in sums {
        let sums = scale.iter_mut().chain(&mut shift);
        for (sum, value) in sums.zip(of_scale.into_iter().chain(of_shift)) {
            *sum += value;
        }
    }
    LayerNormGradients { x, scale, shift }
}

struct Forward<'a> {
    x: &'a [f32],
    scale: &'a [f32],
    shift: &'a [f32],
    epsilon: f32,
    out: &'a mut [f32],
    normal: &'a mut [f32],
    inverse_deviations: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (width, lanes) = (self.scale.len(), S::F32_LANES);
        let rows = self.x.chunks_exact(width);
        let out = self.out.chunks_exact_mut(width);
        let normal = self.normal.chunks_exact_mut(width);
        let deviations = self.inverse_deviations.iter_mut();
        for (((x, out), normal), deviation) in rows.zip(out).zip(normal).zip(deviations) {
            let mut sum = simd.splat_f32s(0.0);
            for x in x.chunks(lanes) {
                sum = simd.add_f32s(sum, load(simd, x));
            }
            let mean = simd.reduce_sum_f32s(sum) / width as f32;
            let mean = simd.splat_f32s(mean);
            let mut squares = simd.splat_f32s(0.0);
            for (x, normal) in x.chunks(lanes).zip(normal.chunks_mut(lanes)) {
                store(simd, normal, simd.sub_f32s(load(simd, x), mean));
                // Read back, so that what a short vector lacks is 0.
                let centred = load(simd, normal);
                squares = simd.mul_add_e_f32s(centred, centred, squares);
            }
            let variance = simd.reduce_sum_f32s(squares) / width as f32;
            *deviation = 1.0 / (variance + self.epsilon).sqrt();
            let inverse = simd.splat_f32s(*deviation);
            let parameters = self.scale.chunks(lanes).zip(self.shift.chunks(lanes));
            for ((normal, out), (scale, shift)) in normal
                .chunks_mut(lanes)
                .zip(out.chunks_mut(lanes))
                .zip(parameters)
            {
                let value = simd.mul_f32s(load(simd, normal), inverse);
                store(simd, normal, value);
                let value = simd.mul_add_e_f32s(value, load(simd, scale), load(simd, shift));
                store(simd, out, value);
            }
        }
    }
}

struct Backward<'a> {
    normal: &'a [f32],
    inverse_deviations: &'a [f32],
    scale: &'a [f32],
    gradient: &'a [f32],
    x: &'a mut [f32],
    of_scale: &'a mut [f32],
    of_shift: &'a mut [f32],
}

impl WithSimd for Backward<'_> {
    type Output = ();

    /// `x̂` the normalised row, `g` the gradient times the scale: `(g − mean g − x̂ mean(g x̂)) / deviation`.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (width, lanes) = (self.scale.len(), S::F32_LANES);
        let rows = self.normal.chunks_exact(width);
        let gradients = self.gradient.chunks_exact(width);
        let out = self.x.chunks_exact_mut(width);
        let deviations = self.inverse_deviations.iter();
        for (((normal, gradient), x), deviation) in rows.zip(gradients).zip(out).zip(deviations) {
            let mut sum = simd.splat_f32s(0.0);
            let mut product = simd.splat_f32s(0.0);
            let mut first = 0;
            while first < width {
                let part = first..width.min(first + lanes);
                let given = load(simd, &gradient[part.clone()]);
                let value = load(simd, &normal[part.clone()]);
                let scaled = simd.mul_f32s(given, load(simd, &self.scale[part.clone()]));
                sum = simd.add_f32s(sum, scaled);
                product = simd.mul_add_e_f32s(scaled, value, product);
                let total = load(simd, &self.of_scale[part.clone()]);
                let total = simd.mul_add_e_f32s(given, value, total);
                store(simd, &mut self.of_scale[part.clone()], total);
                let total = load(simd, &self.of_shift[part.clone()]);
                store(simd, &mut self.of_shift[part], simd.add_f32s(total, given));
                first += lanes;
            }
            let sum = simd.splat_f32s(simd.reduce_sum_f32s(sum) / width as f32);
            let product = simd.splat_f32s(simd.reduce_sum_f32s(product) / width as f32);
            let inverse = simd.splat_f32s(*deviation);
            let mut first = 0;
            while first < width {
                let part = first..width.min(first + lanes);
                let given = load(simd, &gradient[part.clone()]);
                let scaled = simd.mul_f32s(given, load(simd, &self.scale[part.clone()]));
                let value = load(simd, &normal[part.clone()]);
                let centred = simd.sub_f32s(scaled, sum);
                let left = simd.negate_mul_add_e_f32s(value, product, centred);
                store(simd, &mut x[part], simd.mul_f32s(left, inverse));
                first += lanes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPSILON: f64 = 1e-5;

    fn reference(x: &[f64], scale: &[f64], shift: &[f64]) -> Vec<f64> {
        let width = scale.len();
        let row = |row: &[f64]| {
            let mean = row.iter().sum::<f64>() / width as f64;
            let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / width as f64;
            let deviation = (variance + EPSILON).sqrt();
            let scaled = row.iter().zip(scale).zip(shift);
            scaled
                .map(|((x, scale), shift)| (x - mean) / deviation * scale + shift)
                .collect::<Vec<f64>>()
        };
        x.chunks(width).flat_map(row).collect()
    }

    #[test]
    fn values_and_gradients_are_those_of_differences() {
        for width in [1, 5, 8, 13, 24] {
            let numbers = |count: usize, step: usize| -> Vec<f64> {
                (0..count)
                    .map(|i| ((i * step) % 23) as f64 / 7.0 - 1.5)
                    .collect()
            };
            let mut inputs = [numbers(3 * width, 11), numbers(width, 5), numbers(width, 3)];
            let weights = numbers(3 * width, 17);
            let single =
                |values: &[f64]| -> Vec<f32> { values.iter().map(|&x| x as f32).collect() };
            let [x, scale, shift] = inputs.each_ref().map(|values| single(values));
            let (out, normalised) = layer_norm(&x, &scale, &shift, EPSILON as f32);
            let expected = reference(&inputs[0], &inputs[1], &inputs[2]);
            for (out, expected) in out.iter().zip(expected) {
                assert!((f64::from(*out) - expected).abs() < 1e-5, "{width}");
            }
            let found = layer_norm_gradients(&normalised, &scale, &single(&weights));
            for (which, found) in [found.x, found.scale, found.shift].iter().enumerate() {
                assert_eq!(found.len(), inputs[which].len());
                for place in 0..found.len() {
                    let original = inputs[which][place];
                    let mut loss = |value| {
                        inputs[which][place] = value;
                        let out = reference(&inputs[0], &inputs[1], &inputs[2]);
                        out.iter().zip(&weights).map(|(y, w)| y * w).sum::<f64>()
                    };
                    let slope = (loss(original + 1e-6) - loss(original - 1e-6)) / 2e-6;
                    loss(original);
                    let off = (f64::from(found[place]) - slope).abs();
                    assert!(off < 1e-4 * (1.0 + slope.abs()), "{width}: {off}");
                }
            }
        }
    }
}
