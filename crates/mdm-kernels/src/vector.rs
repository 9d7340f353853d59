//! Elementary functions of vectors of `f32`, without branches.

use pulp::Simd;

/// 1.5 · 2²³: adding it to a small number rounds that to an integer, which then stands in the last bits.
const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts: the first has so few bits that its product with a small integer is exact.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
/// Taylor's coefficients of exp, from the sixth power down. |x| is at most ln 2 / 2: what is left out is below 2⁻²⁴.
const EXP: [f32; 7] = [
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
    1.0,
    1.0,
];

/// How a long slice is divided between the threads.
pub(crate) struct Chunk;

impl Chunk {
    /// Numbers of a chunk: enough to be worth a thread's while, few enough to stay in its cache.
    pub(crate) const LENGTH: usize = 1 << 14;

    /// Sequences of a batch that go through all steps together: all that a thread gets, or equal parts of it where that were
    /// so many that what belongs to them leaves the caches.
    pub(crate) fn sequences(batch: usize) -> usize {
        const MOST: usize = 24;
        let of_thread = batch.div_ceil(rayon::current_num_threads()).max(1);
        of_thread.div_ceil(of_thread.div_ceil(MOST))
    }

    /// Rows of a chunk.
    pub(crate) fn rows(width: usize) -> usize {
        (Self::LENGTH / width).max(1)
    }
}

/// A vector, or the part of one that `values` is.
#[inline(always)]
pub(crate) fn load<S: Simd>(simd: S, values: &[f32]) -> S::f32s {
    match S::as_simd_f32s(values).0 {
        [vector] if values.len() == S::F32_LANES => *vector,
        _ => simd.partial_load_f32s(values),
    }
}

/// Writes a vector, or as much of it as there is room for.
#[inline(always)]
pub(crate) fn store<S: Simd>(simd: S, values: &mut [f32], vector: S::f32s) {
    if values.len() == S::F32_LANES {
        S::as_mut_simd_f32s(values).0[0] = vector;
    } else {
        simd.partial_store_f32s(values, vector);
    }
}

/// `sum += term`, number by number.
#[inline]
pub(crate) fn add(sum: &mut [f32], term: &[f32]) {
    for (sum, term) in sum.iter_mut().zip(term) {
        *sum += term;
    }
}

/// `exp(x)` to two units in the last place; beyond ±87 what it is there, so that nothing overflows.
#[inline(always)]
pub(crate) fn exp<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let is_number = simd.equal_f32s(x, x);
    let nan = x;
    let x = simd.max_f32s(x, simd.splat_f32s(-87.0));
    let x = simd.min_f32s(x, simd.splat_f32s(87.0));
    let log_2_e = simd.splat_f32s(std::f32::consts::LOG2_E);
    let round = simd.splat_f32s(ROUND);
    let shifted = simd.mul_add_e_f32s(x, log_2_e, round);
    let power = simd.sub_f32s(shifted, round);
    let mut rest = simd.mul_add_e_f32s(power, simd.splat_f32s(-LN_2[0]), x);
    rest = simd.mul_add_e_f32s(power, simd.splat_f32s(-LN_2[1]), rest);
    let mut value = simd.splat_f32s(EXP[0]);
    for coefficient in &EXP[1..] {
        value = simd.mul_add_e_f32s(value, rest, simd.splat_f32s(*coefficient));
    }
    // Times 2^power: the integer goes to the exponent's place, and the bits of `ROUND` out on the left.
    let bits = simd.transmute_u32s_f32s(shifted);
    let exponent = simd.wrapping_dyn_shl_u32s(bits, simd.splat_u32s(23));
    let value = simd.transmute_u32s_f32s(value);
    let value = simd.transmute_f32s_u32s(simd.add_u32s(value, exponent));
    simd.select_f32s(is_number, value, nan)
}

/// `1 / (1 + exp(−x))`.
#[inline(always)]
pub(crate) fn sigmoid<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let one = simd.splat_f32s(1.0);
    let exp = exp(simd, simd.neg_f32s(x));
    simd.div_f32s(one, simd.add_f32s(one, exp))
}

/// `tanh(x) = 1 − 2 / (exp(2x) + 1)`, to about 1e-7.
#[inline(always)]
pub(crate) fn tanh<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let (one, two) = (simd.splat_f32s(1.0), simd.splat_f32s(2.0));
    let exp = exp(simd, simd.add_f32s(x, x));
    simd.sub_f32s(one, simd.div_f32s(two, simd.add_f32s(exp, one)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pulp::{Arch, WithSimd};

    /// Both functions of each number.
    struct Both<'a>(&'a mut [f32], &'a mut [f32]);

    impl WithSimd for Both<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            for (place, other) in self.0.iter_mut().zip(self.1) {
                let x = simd.splat_f32s(*place);
                simd.partial_store_f32s(std::slice::from_mut(place), sigmoid(simd, x));
                simd.partial_store_f32s(std::slice::from_mut(other), tanh(simd, x));
            }
        }
    }

    #[test]
    fn both_are_close_to_those_in_double_precision() {
        let x: Vec<f32> = (-20_000..=20_000).map(|i| i as f32 * 5e-3).collect();
        let (mut sigmoids, mut tanhs) = (x.clone(), x.clone());
        Arch::new().dispatch(Both(&mut sigmoids, &mut tanhs));
        for (index, &x) in x.iter().enumerate() {
            let x = f64::from(x);
            let sigmoid = 1.0 / (1.0 + (-x).exp());
            assert!((f64::from(sigmoids[index]) - sigmoid).abs() < 1.2e-7, "{x}");
            assert!((f64::from(tanhs[index]) - x.tanh()).abs() < 2.4e-7, "{x}");
        }
    }

    #[test]
    fn what_is_out_of_range_saturates_and_nan_stays() {
        let x = [1e30, f32::INFINITY, -1e30, f32::NEG_INFINITY];
        let (mut sigmoids, mut tanhs) = (x, x);
        Arch::new().dispatch(Both(&mut sigmoids, &mut tanhs));
        assert_eq!(tanhs, [1.0, 1.0, -1.0, -1.0]);
        assert_eq!(sigmoids[..2], [1.0, 1.0]);
        assert!(sigmoids[2..].iter().all(|&x| x < 1e-37));
        let (mut sigmoids, mut tanhs) = ([f32::NAN], [f32::NAN]);
        Arch::new().dispatch(Both(&mut sigmoids, &mut tanhs));
        assert!(sigmoids[0].is_nan() && tanhs[0].is_nan());
    }
}
