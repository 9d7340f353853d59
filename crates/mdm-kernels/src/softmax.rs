//! Softmax over rows.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::vector::{Chunk, exp, load, store};

/// The softmax of each row of so many numbers, in place.
///
/// # Panics
///
/// When the length is no multiple of the width of a row.
pub fn softmax(rows: &mut [f32], width: usize) {
    if width == 0 {
        return;
    }
    assert_eq!(rows.len() % width, 0);
    rows.par_chunks_mut(Chunk::rows(width) * width)
        .for_each(|rows| softmax_here(rows, width));
}

/// The same on this thread.
pub(crate) fn softmax_here(rows: &mut [f32], width: usize) {
    Arch::new().dispatch(Softmax { rows, width });
}

/// The gradient of what went in from that of what came out, in place: `y (g − Σ y g)` of each row.
///
/// # Panics
///
/// When the slices differ in length or the length is no multiple of the width of a row.
pub fn softmax_gradient(values: &[f32], gradient: &mut [f32], width: usize) {
    if width == 0 {
        return;
    }
    assert_eq!(values.len(), gradient.len());
    assert_eq!(values.len() % width, 0);
    let size = Chunk::rows(width) * width;
    gradient
        .par_chunks_mut(size)
        .zip(values.par_chunks(size))
        .for_each(|(gradient, values)| softmax_gradient_here(values, gradient, width));
}

/// The same on this thread.
pub(crate) fn softmax_gradient_here(values: &[f32], gradient: &mut [f32], width: usize) {
    Arch::new().dispatch(Gradient {
        values,
        gradient,
        width,
    });
}

struct Softmax<'a> {
    rows: &'a mut [f32],
    width: usize,
}

impl WithSimd for Softmax<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for row in self.rows.chunks_exact_mut(self.width) {
            let mut most = simd.splat_f32s(f32::NEG_INFINITY);
            let (vectors, rest) = S::as_simd_f32s(row);
            for values in vectors {
                most = simd.max_f32s(most, *values);
            }
            let mut most = simd.reduce_max_f32s(most);
            for value in rest {
                most = most.max(*value);
            }
            let most = simd.splat_f32s(most);
            let mut sum = simd.splat_f32s(0.0);
            for values in row.chunks_mut(S::F32_LANES) {
                let value = exp(simd, simd.sub_f32s(load(simd, values), most));
                store(simd, values, value);
                // Again, for what a short vector lacks.
                sum = simd.add_f32s(sum, load(simd, values));
            }
            let share = simd.splat_f32s(1.0 / simd.reduce_sum_f32s(sum));
            for values in row.chunks_mut(S::F32_LANES) {
                let value = simd.mul_f32s(load(simd, values), share);
                store(simd, values, value);
            }
        }
    }
}

struct Gradient<'a> {
    values: &'a [f32],
    gradient: &'a mut [f32],
    width: usize,
}

impl WithSimd for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let rows = self.values.chunks_exact(self.width);
        for (values, gradient) in rows.zip(self.gradient.chunks_exact_mut(self.width)) {
            let mut sum = simd.splat_f32s(0.0);
            for (value, gradient) in values
                .chunks(S::F32_LANES)
                .zip(gradient.chunks(S::F32_LANES))
            {
                sum = simd.mul_add_e_f32s(load(simd, value), load(simd, gradient), sum);
            }
            let sum = simd.splat_f32s(simd.reduce_sum_f32s(sum));
            for (value, gradient) in values
                .chunks(S::F32_LANES)
                .zip(gradient.chunks_mut(S::F32_LANES))
            {
                let difference = simd.sub_f32s(load(simd, gradient), sum);
                let product = simd.mul_f32s(load(simd, value), difference);
                store(simd, gradient, product);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(row: &[f32]) -> Vec<f64> {
        let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let exp: Vec<f64> = row.iter().map(|x| f64::from(x - most).exp()).collect();
        let sum: f64 = exp.iter().sum();
        exp.into_iter().map(|x| x / sum).collect()
    }

    #[test]
    fn rows_of_any_width_add_up_to_1() {
        for width in [1, 3, 8, 16, 50, 67] {
            let rows: Vec<f32> = (0..width * 5)
                .map(|i| -3.0 - ((i * 37) % 101) as f32 / 9.0)
                .collect();
            let mut found = rows.clone();
            softmax(&mut found, width);
            for (row, found) in rows.chunks(width).zip(found.chunks(width)) {
                for (expected, found) in expected(row).into_iter().zip(found) {
                    assert!((f64::from(*found) - expected).abs() < 1e-6, "{width}");
                }
            }
            let given: Vec<f32> = (0..rows.len())
                .map(|i| ((i * 13) % 7) as f32 - 3.0)
                .collect();
            let mut gradient = given.clone();
            softmax_gradient(&found, &mut gradient, width);
            let rows = found.chunks(width).zip(given.chunks(width));
            for ((y, g), found) in rows.zip(gradient.chunks(width)) {
                let sum: f64 = y.iter().zip(g).map(|(y, g)| f64::from(y * g)).sum();
                for ((y, g), found) in y.iter().zip(g).zip(found) {
                    let expected = f64::from(*y) * (f64::from(*g) - sum);
                    assert!((f64::from(*found) - expected).abs() < 1e-5, "{width}");
                }
            }
        }
    }

    #[test]
    fn what_is_masked_gets_nothing() {
        let mut row = [1.0, -1e30, 1.0, -1e30, -1e30];
        softmax(&mut row, 5);
        assert!((row[0] - 0.5).abs() < 1e-6 && (row[2] - 0.5).abs() < 1e-6);
        assert!(row[1] < 1e-30);
        // A row in which everything is masked stays a number.
        let mut row = [-1e30; 4];
        softmax(&mut row, 4);
        assert_eq!(row, [0.25; 4]);
    }
}
