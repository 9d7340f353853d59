//! The exact GELU, `x Φ(x)`.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::vector::{Chunk, exp};

/// `x Φ(x)` of each number, to 1e-7.
///
/// # Panics
///
/// When the slices differ in length.
pub fn gelu(x: &[f32], value: &mut [f32]) {
    assert_eq!(x.len(), value.len());
    let arch = Arch::new();
    let chunks = x.par_chunks(Chunk::LENGTH);
    chunks
        .zip(value.par_chunks_mut(Chunk::LENGTH))
        .for_each(|(x, value)| {
            arch.dispatch(Gelu {
                x,
                value,
                slope: None,
            });
        });
}

/// `x Φ(x)` and its derivative `Φ(x) + x φ(x)` of each number, to 1e-7.
///
/// # Panics
///
/// When the slices differ in length.
pub fn gelu_and_slope(x: &[f32], value: &mut [f32], slope: &mut [f32]) {
    assert_eq!(x.len(), value.len());
    assert_eq!(x.len(), slope.len());
    let arch = Arch::new();
    let chunks = x.par_chunks(Chunk::LENGTH);
    chunks
        .zip(value.par_chunks_mut(Chunk::LENGTH))
        .zip(slope.par_chunks_mut(Chunk::LENGTH))
        .for_each(|((x, value), slope)| {
            arch.dispatch(Gelu {
                x,
                value,
                slope: Some(slope),
            });
        });
}

struct Gelu<'a> {
    x: &'a [f32],
    value: &'a mut [f32],
    slope: Option<&'a mut [f32]>,
}

impl WithSimd for Gelu<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (x, x_rest) = S::as_simd_f32s(self.x);
        let (value, value_rest) = S::as_mut_simd_f32s(self.value);
        match self.slope {
            None => {
                for (x, value) in x.iter().zip(value) {
                    *value = value_and_slope(simd, *x).0;
                }
                let rest = value_and_slope(simd, simd.partial_load_f32s(x_rest)).0;
                simd.partial_store_f32s(value_rest, rest);
            }
            Some(slope) => {
                let (slope, slope_rest) = S::as_mut_simd_f32s(slope);
                for ((x, value), slope) in x.iter().zip(value).zip(slope) {
                    (*value, *slope) = value_and_slope(simd, *x);
                }
                let (rest, of_rest) = value_and_slope(simd, simd.partial_load_f32s(x_rest));
                simd.partial_store_f32s(value_rest, rest);
                simd.partial_store_f32s(slope_rest, of_rest);
            }
        }
    }
}

/// The tail `1 − Φ(|x|)` is Abramowitz and Stegun's 7.1.26 (error below 7.5e-8): a polynomial in `1 / (1 + p |x|)` times
/// `exp(−x²/2)`, which the slope needs as well.
#[inline(always)]
fn value_and_slope<S: Simd>(simd: S, x: S::f32s) -> (S::f32s, S::f32s) {
    const P: f32 = 0.327_591_1 * std::f32::consts::FRAC_1_SQRT_2;
    const COEFFICIENTS: [f32; 5] = [
        0.530_702_7,
        -0.726_576,
        0.710_706_9,
        -0.142_248_37,
        0.127_414_8,
    ];
    const DENSITY_AT_0: f32 = 0.398_942_3;
    let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
    let size = simd.abs_f32s(x);
    let half = simd.mul_f32s(x, simd.splat_f32s(-0.5));
    let bell = exp(simd, simd.mul_f32s(half, x));
    let t = simd.div_f32s(one, simd.mul_add_e_f32s(size, simd.splat_f32s(P), one));
    let mut polynomial = simd.splat_f32s(COEFFICIENTS[0]);
    for coefficient in &COEFFICIENTS[1..] {
        polynomial = simd.mul_add_e_f32s(polynomial, t, simd.splat_f32s(*coefficient));
    }
    let tail = simd.mul_f32s(simd.mul_f32s(polynomial, t), bell);
    // x Φ(x) = max(x, 0) − |x| tail, for either sign.
    let value = simd.negate_mul_add_e_f32s(size, tail, simd.max_f32s(zero, x));
    let negative = simd.less_than_f32s(x, zero);
    let cumulative = simd.select_f32s(negative, tail, simd.sub_f32s(one, tail));
    let density = simd.mul_f32s(bell, simd.splat_f32s(DENSITY_AT_0));
    (value, simd.mul_add_e_f32s(x, density, cumulative))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Φ(x) in double precision, by the series of its integral.
    fn cumulative(x: f64) -> f64 {
        let (mut term, mut sum, mut odd) = (x, x, 1.0);
        while term.abs() > 1e-18 {
            odd += 2.0;
            term *= x * x / odd;
            sum += term;
        }
        0.5 + density(x) * sum
    }

    fn density(x: f64) -> f64 {
        (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt()
    }

    #[test]
    fn value_and_slope_are_close_to_those_in_double_precision() {
        // No multiple of any vector's length.
        let x: Vec<f32> = (-50_001..=50_001).map(|i| i as f32 * 1e-4).collect();
        let (mut value, mut slope) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        gelu_and_slope(&x, &mut value, &mut slope);
        for (place, &x) in x.iter().enumerate() {
            let x = f64::from(x);
            let cumulative = cumulative(x);
            let off = (f64::from(value[place]) - x * cumulative).abs();
            assert!(off < 6e-7, "{x}: {off}");
            let off = (f64::from(slope[place]) - cumulative - x * density(x)).abs();
            assert!(off < 4e-7, "{x}: {off}");
        }
        let mut alone = vec![0.0; x.len()];
        gelu(&x, &mut alone);
        assert_eq!(alone, value);
    }

    #[test]
    fn far_away_it_is_a_ramp_and_nan_stays() {
        let x = [-1e3, -40.0, 40.0, 1e3, f32::NAN];
        let (mut value, mut slope) = ([0.0; 5], [0.0; 5]);
        gelu_and_slope(&x, &mut value, &mut slope);
        for (place, expected) in [0.0, 0.0, 40.0, 1e3].into_iter().enumerate() {
            assert!((value[place] - expected).abs() < 1e-36);
            assert!((slope[place] - expected.min(1.0)).abs() < 1e-35);
        }
        assert!(value[4].is_nan() && slope[4].is_nan());
    }
}
