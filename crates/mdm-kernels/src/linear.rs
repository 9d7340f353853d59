//! A linear layer over rows.

use rayon::prelude::*;

use crate::matmul::{Matrix, matmul, of_columns, transposed_product};

/// The gradients of a linear layer.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearGradients {
    /// `[rows, inputs]`, where it was asked for.
    pub x: Option<Vec<f32>>,
    /// `[inputs, outputs]`
    pub weight: Vec<f32>,
    /// `[outputs]`
    pub bias: Vec<f32>,
}

/// `x · weight + bias` for `x` `[rows, inputs]` and `weight` `[inputs, outputs]`; without a bias where that is empty.
///
/// # Panics
///
/// When the slices do not fit `inputs` and `outputs`, or one of these is 0.
pub fn linear(x: &[f32], weight: &[f32], bias: &[f32], [inputs, outputs]: [usize; 2]) -> Vec<f32> {
    let rows = rows(x, inputs);
    assert_eq!(weight.len(), inputs * outputs);
    assert!(bias.is_empty() || bias.len() == outputs);
    let weight = Matrix::new(weight, inputs, outputs);
    let x = Matrix::new(x, rows, inputs);
    let mut out = vec![0.0; rows * outputs];
    by_rows(&mut out, rows, outputs, |first, out| {
        if bias.is_empty() {
            return matmul(x.rows(first, out.len() / outputs), weight, out, false);
        }
        for row in out.chunks_exact_mut(outputs) {
            row.copy_from_slice(bias);
        }
        matmul(x.rows(first, out.len() / outputs), weight, out, true);
    });
    out
}

/// The gradients from that of what came out; that of `x` where `of_x`.
///
/// # Panics
///
/// When the slices do not fit `inputs` and `outputs`, or one of these is 0.
pub fn linear_gradients(
    x: &[f32],
    weight: &[f32],
    gradient: &[f32],
    [inputs, outputs]: [usize; 2],
    of_x: bool,
) -> LinearGradients {
    let rows = rows(x, inputs);
    assert_eq!(weight.len(), inputs * outputs);
    assert_eq!(gradient.len(), rows * outputs);
    let gradient = Matrix::new(gradient, rows, outputs);
    let weight = Matrix::new(weight, inputs, outputs);
    let of_x = of_x.then(|| {
        let mut of_x = vec![0.0; rows * inputs];
        by_rows(&mut of_x, rows, inputs, |first, of_x| {
            let gradient = gradient.rows(first, of_x.len() / inputs);
            matmul(gradient, weight.transpose(), of_x, false);
        });
        of_x
    });
    LinearGradients {
        x: of_x,
        weight: transposed_product(Matrix::new(x, rows, inputs), gradient),
        bias: of_columns(gradient),
    }
}

fn rows(x: &[f32], inputs: usize) -> usize {
    assert!(inputs > 0, "a layer has inputs");
    assert_eq!(x.len() % inputs, 0);
    x.len() / inputs
}

/// Does something for the rows of `out`, divided between the threads: with the first of some rows, and these.
fn by_rows(out: &mut [f32], rows: usize, width: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
    assert!(width > 0, "a layer has outputs");
    let of_chunk = rows.div_ceil(rayon::current_num_threads()).max(1);
    out.par_chunks_mut(of_chunk * width)
        .enumerate()
        .for_each(|(chunk, out)| work(chunk * of_chunk, out));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_gradients_of_a_small_layer() {
        // Three rows of two, to two outputs.
        let x = [1.0, 2.0, -1.0, 0.5, 0.0, 3.0];
        let weight = [1.0, -1.0, 2.0, 0.5];
        let out = linear(&x, &weight, &[0.5, 0.25], [2, 2]);
        assert_eq!(out, [5.5, 0.25, 0.5, 1.5, 6.5, 1.75]);
        let plain = linear(&x, &weight, &[], [2, 2]);
        assert_eq!(plain, [5.0, 0.0, 0.0, 1.25, 6.0, 1.5]);
        let gradient = [1.0, 0.0, 0.0, 2.0, -1.0, 1.0];
        let found = linear_gradients(&x, &weight, &gradient, [2, 2], true);
        assert_eq!(found.x.unwrap(), [1.0, 2.0, -2.0, 1.0, -2.0, -1.5]);
        assert_eq!(found.weight, [1.0, -2.0, -1.0, 4.0]);
        assert_eq!(found.bias, [0.0, 3.0]);
    }

    #[test]
    fn no_rows_give_nothing() {
        assert!(linear(&[], &[1.0; 6], &[0.0; 2], [3, 2]).is_empty());
        let found = linear_gradients(&[], &[1.0; 6], &[], [3, 2], true);
        assert_eq!(found.weight, [0.0; 6]);
        assert!(found.x.unwrap().is_empty());
    }
}
