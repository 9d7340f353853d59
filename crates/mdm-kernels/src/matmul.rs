//! Matrix products over whole sequences, by the `gemm` crate on one thread.

use gemm::Parallelism;
use rayon::prelude::*;

use crate::vector::Chunk;

/// A matrix inside a slice.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) row_stride: usize,
    pub(crate) column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// Rows one after the other.
    pub(crate) fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self {
            values,
            rows,
            columns,
            row_stride: columns,
            column_stride: 1,
        }
    }

    pub(crate) fn transpose(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// `count` rows from `first` on.
    pub(crate) fn rows(self, first: usize, count: usize) -> Self {
        assert!(first + count <= self.rows);
        // A matrix without columns has no values at all.
        let start = self.values.len().min(first * self.row_stride);
        Self {
            values: &self.values[start..],
            rows: count,
            ..self
        }
    }

    fn contains_its_last(&self) -> bool {
        let last = (self.rows - 1) * self.row_stride + (self.columns - 1) * self.column_stride;
        last < self.values.len()
    }
}

/// Where a product goes: rows in a slice, each so far from the one before.
pub(crate) struct Out<'a> {
    pub(crate) values: &'a mut [f32],
    pub(crate) row_stride: usize,
}

/// `out = a · b`, or `out += a · b`, `out` with its rows one after the other.
pub(crate) fn matmul(a: Matrix, b: Matrix, out: &mut [f32], add: bool) {
    assert_eq!(out.len(), a.rows * b.columns);
    let out = Out {
        values: out,
        row_stride: b.columns,
    };
    scaled_product(a, b, out, 1.0, add);
}

/// `out = scale · a · b`, or `out += scale · a · b`.
#[allow(unsafe_code)]
pub(crate) fn scaled_product(a: Matrix, b: Matrix, out: Out, scale: f32, add: bool) {
    assert_eq!(a.columns, b.rows);
    let (m, n, k) = (a.rows, b.columns, a.columns);
    if m == 0 || n == 0 {
        return;
    }
    assert!(n <= out.row_stride && (m - 1) * out.row_stride + n <= out.values.len());
    if k == 0 {
        if !add {
            for row in out.values.chunks_mut(out.row_stride).take(m) {
                row[..n].fill(0.0);
            }
        }
        return;
    }
    assert!(a.contains_its_last() && b.contains_its_last());
    // SAFETY: every element that is read is inside `a.values` or `b.values` (the last one is, strides are not negative)
    // and every element that is written inside `out.values`, which nothing else borrows.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.values.as_mut_ptr(),
            1,
            out.row_stride as isize,
            add,
            a.values.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.values.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            1.0,
            scale,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

/// `aᵀ · b` over many rows, its own rows divided between the threads.
pub(crate) fn transposed_product(a: Matrix, b: Matrix) -> Vec<f32> {
    let mut out = vec![0.0; a.columns * b.columns];
    let rows = a.columns.div_ceil(rayon::current_num_threads()).max(1);
    out.par_chunks_mut((rows * b.columns).max(1))
        .enumerate()
        .for_each(|(chunk, out)| {
            let count = out.len() / b.columns;
            let a = a.transpose().rows(chunk * rows, count);
            matmul(a, b, out, false);
        });
    out
}

/// The sum of each column, rows one after the other, these divided between the threads.
pub(crate) fn of_columns(matrix: Matrix) -> Vec<f32> {
    let width = matrix.columns.max(1);
    let parts = matrix.values.par_chunks(Chunk::rows(width) * width);
    let parts: Vec<Vec<f32>> = parts.map(|rows| sums_of_columns(rows, width)).collect();
    let parts = parts.into_iter();
    // In their order: the same sums from run to run.
    let all = parts.reduce(|mut sums, part| {
        for (sum, part) in sums.iter_mut().zip(part) {
            *sum += part;
        }
        sums
    });
    all.unwrap_or_else(|| vec![0.0; matrix.columns])
}

fn sums_of_columns(rows: &[f32], width: usize) -> Vec<f32> {
    let mut sums = vec![0.0; width];
    for row in rows.chunks_exact(width) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += value;
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_of_pieces_of_transposes() {
        // [2, 3] and its transpose.
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let a = Matrix::new(&values, 2, 3);
        let mut out = [1.0; 4];
        matmul(a, a.transpose(), &mut out, false);
        assert_eq!(out, [14.0, 32.0, 32.0, 77.0]);
        matmul(a, a.transpose(), &mut out, true);
        assert_eq!(out, [28.0, 64.0, 64.0, 154.0]);
        let mut out = [0.0; 3];
        matmul(a.transpose().rows(1, 2).rows(0, 1), a, &mut out, false);
        assert_eq!(out, [2.0 + 20.0, 4.0 + 25.0, 6.0 + 30.0]);
    }

    #[test]
    fn a_product_over_many_rows_and_the_sums_of_columns() {
        for rows in [1, 3, 700, 1025] {
            let numbers = |count: usize, by: usize| -> Vec<f32> {
                (0..count).map(|i| ((i * by) % 17) as f32 - 8.0).collect()
            };
            let (a, b) = (numbers(rows * 3, 5), numbers(rows * 2, 7));
            let found = transposed_product(Matrix::new(&a, rows, 3), Matrix::new(&b, rows, 2));
            // Whole numbers: any order of adding gives the same.
            for (place, found) in found.iter().enumerate() {
                let (i, j) = (place / 2, place % 2);
                let expected: f32 = (0..rows).map(|row| a[row * 3 + i] * b[row * 2 + j]).sum();
                assert_eq!(*found, expected);
            }
            let sums = of_columns(Matrix::new(&a, rows, 3));
            for (column, sum) in sums.iter().enumerate() {
                assert_eq!(*sum, (0..rows).map(|row| a[row * 3 + column]).sum::<f32>());
            }
        }
    }

    #[test]
    fn a_product_goes_between_other_numbers() {
        let a = Matrix::new(&[1.0, 2.0], 2, 1);
        let mut values = [9.0; 5];
        let out = Out {
            values: &mut values,
            row_stride: 3,
        };
        scaled_product(a, Matrix::new(&[3.0, 5.0], 1, 2), out, 0.5, false);
        assert_eq!(values, [1.5, 2.5, 9.0, 3.0, 5.0]);
    }

    #[test]
    #[should_panic]
    fn what_lies_outside_is_not_written() {
        let a = Matrix::new(&[1.0, 2.0], 2, 1);
        let out = Out {
            values: &mut [0.0; 4],
            row_stride: 3,
        };
        scaled_product(a, Matrix::new(&[3.0, 5.0], 1, 2), out, 1.0, false);
    }

    #[test]
    #[should_panic]
    fn what_lies_outside_is_not_read() {
        let a = Matrix::new(&[1.0, 2.0], 2, 2);
        matmul(a, a, &mut [0.0; 4], false);
    }
}
