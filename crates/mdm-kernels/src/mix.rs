//! Rows that are put together of rows of several matrices.

use rayon::prelude::*;

use crate::vector::add;

/// Row j of the result is the sum of row `rows[k][j]` of each part k, `[rows, width]`.
///
/// # Panics
///
/// When there is no part, not one list of rows a part, lists differ in length, or a row is not there.
pub fn mix(parts: &[&[f32]], rows: &[Vec<usize>], width: usize) -> Vec<f32> {
    assert_eq!(parts.len(), rows.len());
    let count = rows[0].len();
    assert!(rows.iter().all(|rows| rows.len() == count));
    let mut out = vec![0.0; count * width];
    out.par_chunks_mut(width.max(1))
        .enumerate()
        .for_each(|(row, out)| {
            let of_part = |part: usize| &parts[part][rows[part][row] * width..][..width];
            out.copy_from_slice(of_part(0));
            for part in 1..parts.len() {
                add(out, of_part(part));
            }
        });
    out
}

/// The gradient of a part of `count` rows from that of the result: each row has what the rows got that took it.
///
/// # Panics
///
/// When `gradient` has not as many rows as `rows`, or a row is not there.
pub fn mix_gradient(gradient: &[f32], rows: &[usize], width: usize, count: usize) -> Vec<f32> {
    assert_eq!(gradient.len(), rows.len() * width);
    let mut takers = vec![Vec::new(); count];
    for (taker, &row) in rows.iter().enumerate() {
        takers[row].push(taker);
    }
    let mut out = vec![0.0; count * width];
    out.par_chunks_mut(width.max(1))
        .zip(takers)
        .for_each(|(out, takers)| {
            let of = |taker: usize| &gradient[taker * width..][..width];
            let Some((&first, others)) = takers.split_first() else {
                return;
            };
            out.copy_from_slice(of(first));
            for &other in others {
                add(out, of(other));
            }
        });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sums_and_gradients_go_back_to_all_that_were_taken() {
        let (a, b) = ([1.0, 2.0, 3.0, 4.0], [10.0, 20.0, 30.0, 40.0, 50.0, 60.0]);
        let rows = [vec![0, 1, 1], vec![2, 0, 2]];
        let mixed = mix(&[&a, &b], &rows, 2);
        assert_eq!(mixed, [51.0, 62.0, 13.0, 24.0, 53.0, 64.0]);
        let gradient = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let of = |part: usize, count| mix_gradient(&gradient, &rows[part], 2, count);
        assert_eq!(of(0, 2), [1.0, 2.0, 8.0, 10.0]);
        assert_eq!(of(1, 3), [3.0, 4.0, 0.0, 0.0, 6.0, 8.0]);
    }
}
