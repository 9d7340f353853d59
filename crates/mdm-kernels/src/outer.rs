//! Outer products of rows.

use pulp::Arch;
use rayon::prelude::*;

use crate::vector::Chunk;

/// For each row the products of all its numbers in `slow`, `[rows, widths[0]]`, with all in `fast`, `[rows, widths[1]]`, which
/// vary faster: `[rows, widths[0] · widths[1]]`.
///
/// # Panics
///
/// When a width is 0, or the slices have not as many rows.
pub fn outer(slow: &[f32], fast: &[f32], widths: [usize; 2]) -> Vec<f32> {
    let rows = rows(slow, fast, widths);
    let mut out = vec![0.0; rows * widths[0] * widths[1]];
    let of_chunk = Chunk::rows(widths[0] * widths[1]);
    out.par_chunks_mut(of_chunk * widths[0] * widths[1])
        .zip(slow.par_chunks(of_chunk * widths[0]))
        .zip(fast.par_chunks(of_chunk * widths[1]))
        .for_each(|((out, slow), fast)| {
            Arch::new().dispatch(|| {
                let out = out.chunks_exact_mut(widths[0] * widths[1]);
                let factors = slow
                    .chunks_exact(widths[0])
                    .zip(fast.chunks_exact(widths[1]));
                for (out, (slow, fast)) in out.zip(factors) {
                    for (out, &factor) in out.chunks_exact_mut(widths[1]).zip(slow) {
                        scaled(out, fast, factor);
                    }
                }
            });
        });
    out
}

/// The gradients of `slow` and `fast` from that of their products.
///
/// # Panics
///
/// As [`outer`], and when `gradient` is not as long as the products.
pub fn outer_gradients(
    slow: &[f32],
    fast: &[f32],
    gradient: &[f32],
    widths: [usize; 2],
) -> [Vec<f32>; 2] {
    let rows = rows(slow, fast, widths);
    assert_eq!(gradient.len(), rows * widths[0] * widths[1]);
    let (mut of_slow, mut of_fast) = (vec![0.0; slow.len()], vec![0.0; fast.len()]);
    let of_chunk = Chunk::rows(widths[0] * widths[1]);
    (of_slow.par_chunks_mut(of_chunk * widths[0]))
        .zip(of_fast.par_chunks_mut(of_chunk * widths[1]))
        .zip(gradient.par_chunks(of_chunk * widths[0] * widths[1]))
        .zip(slow.par_chunks(of_chunk * widths[0]))
        .zip(fast.par_chunks(of_chunk * widths[1]))
        .for_each(|((((of_slow, of_fast), gradient), slow), fast)| {
            Arch::new().dispatch(|| {
                let found = of_slow
                    .chunks_exact_mut(widths[0])
                    .zip(of_fast.chunks_exact_mut(widths[1]));
                let given = slow
                    .chunks_exact(widths[0])
                    .zip(fast.chunks_exact(widths[1]))
                    .zip(gradient.chunks_exact(widths[0] * widths[1]));
                for ((of_slow, of_fast), ((slow, fast), gradient)) in found.zip(given) {
                    let of_factors = gradient.chunks_exact(widths[1]);
                    for ((of_factor, &factor), gradient) in
                        of_slow.iter_mut().zip(slow).zip(of_factors)
                    {
                        *of_factor = dot(gradient, fast);
                        add_scaled(of_fast, gradient, factor);
                    }
                }
            });
        });
    [of_slow, of_fast]
}

fn rows(slow: &[f32], fast: &[f32], widths: [usize; 2]) -> usize {
    assert!(!widths.contains(&0), "rows have numbers");
    let rows = slow.len() / widths[0];
    assert_eq!(slow.len(), rows * widths[0]);
    assert_eq!(fast.len(), rows * widths[1]);
    rows
}

// Inlined into the closures that are compiled for the processor's vectors.
#[inline(always)]
fn scaled(out: &mut [f32], values: &[f32], factor: f32) {
    for (out, value) in out.iter_mut().zip(values) {
        *out = value * factor;
    }
}

#[inline(always)]
fn add_scaled(sum: &mut [f32], values: &[f32], factor: f32) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value * factor;
    }
}

/// In sixteen sums, which a compiler may keep in vectors.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0; 16];
    let (mut of_a, mut of_b) = (a.chunks_exact(16), b.chunks_exact(16));
    for (a, b) in (&mut of_a).zip(&mut of_b) {
        for place in 0..16 {
            sums[place] += a[place] * b[place];
        }
    }
    let rest = of_a.remainder().iter().zip(of_b.remainder());
    let rest: f32 = rest.map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_and_gradients_of_a_few_rows() {
        // Two rows of two and three.
        let (slow, fast) = ([1.0, 2.0, -1.0, 0.5], [1.0, 10.0, 100.0, 3.0, 2.0, 1.0]);
        let products = outer(&slow, &fast, [2, 3]);
        assert_eq!(products[..6], [1.0, 10.0, 100.0, 2.0, 20.0, 200.0]);
        assert_eq!(products[6..], [-3.0, -2.0, -1.0, 1.5, 1.0, 0.5]);
        let gradient = [1.0, 0.0, 2.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 2.0];
        let [of_slow, of_fast] = outer_gradients(&slow, &fast, &gradient, [2, 3]);
        assert_eq!(of_slow, [201.0, 10.0, 6.0, 2.0]);
        assert_eq!(of_fast, [1.0, 2.0, 2.0, -1.0, -1.0, 0.0]);
    }

    #[test]
    fn wide_rows_are_summed_like_narrow_ones() {
        let widths = [3, 37];
        let numbers = |count: usize, by: usize| -> Vec<f32> {
            (0..count).map(|i| ((i * by) % 13) as f32 - 6.0).collect()
        };
        let (slow, fast) = (numbers(500 * 3, 5), numbers(500 * 37, 7));
        let gradient = numbers(500 * 3 * 37, 11);
        let products = outer(&slow, &fast, widths);
        let [of_slow, of_fast] = outer_gradients(&slow, &fast, &gradient, widths);
        // Whole numbers: any order of adding gives the same.
        for row in 0..500 {
            for i in 0..3 {
                let at = |j: usize| (row * 3 + i) * 37 + j;
                let sum = (0..37).map(|j| gradient[at(j)] * fast[row * 37 + j]);
                assert_eq!(of_slow[row * 3 + i], sum.sum::<f32>());
                assert_eq!(products[at(5)], slow[row * 3 + i] * fast[row * 37 + 5]);
            }
            for j in 0..37 {
                let sum = (0..3).map(|i| gradient[(row * 3 + i) * 37 + j] * slow[row * 3 + i]);
                assert_eq!(of_fast[row * 37 + j], sum.sum::<f32>());
            }
        }
    }
}
