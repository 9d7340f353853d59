//! The hyperbolic tangent.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::vector::{Chunk, load, store};

/// The hyperbolic tangent of each number, in place.
pub fn tanh(values: &mut [f32]) {
    let arch = Arch::new();
    values
        .par_chunks_mut(Chunk::LENGTH)
        .for_each(|values| arch.dispatch(Tanh(values)));
}

/// The gradient of what went in from that of what came out, in place: `(1 − y²) g`.
///
/// # Panics
///
/// When the slices differ in length.
pub fn tanh_gradient(values: &[f32], gradient: &mut [f32]) {
    assert_eq!(values.len(), gradient.len());
    gradient
        .par_chunks_mut(Chunk::LENGTH)
        .zip(values.par_chunks(Chunk::LENGTH))
        .for_each(|(gradient, values)| {
            Arch::new().dispatch(|| slopes(values, gradient));
        });
}

struct Tanh<'a>(&'a mut [f32]);

impl WithSimd for Tanh<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for values in self.0.chunks_mut(S::F32_LANES) {
            let value = crate::vector::tanh(simd, load(simd, values));
            store(simd, values, value);
        }
    }
}

// Inlined into the closure that is compiled for the processor's vectors.
#[inline(always)]
fn slopes(values: &[f32], gradient: &mut [f32]) {
    for (gradient, value) in gradient.iter_mut().zip(values) {
        *gradient *= 1.0 - value * value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_gradients_are_those_in_double_precision() {
        let x: Vec<f32> = (0..2 * Chunk::LENGTH + 5)
            .map(|i| ((i % 4001) as f32 - 2000.0) / 300.0)
            .collect();
        let mut y = x.clone();
        tanh(&mut y);
        let mut gradient = vec![2.0; x.len()];
        tanh_gradient(&y, &mut gradient);
        for ((x, y), gradient) in x.iter().zip(&y).zip(gradient) {
            let expected = f64::from(*x).tanh();
            assert!((f64::from(*y) - expected).abs() < 2.4e-7);
            let slope = 2.0 * (1.0 - expected * expected);
            assert!((f64::from(gradient) - slope).abs() < 1e-6);
        }
    }
}
