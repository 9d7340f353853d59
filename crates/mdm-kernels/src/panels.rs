//! A matrix laid out for the product of a few rows with it.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::vector::{load, store};

/// Vectors of a panel.
pub(crate) const WIDTH: usize = 4;

/// Rows that go through a panel together: as many as keep all sums in registers, with room for a row's element each and
/// a vector of the panel.
#[inline(always)]
pub(crate) const fn rows_at_once<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 6 } else { 3 }
}

/// Numbers in a vector of this processor.
pub(crate) struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> usize {
        S::F32_LANES
    }
}

/// A matrix `[rows, columns]` in panels of [`WIDTH`] vectors of columns, a panel's rows one after the other, with zeros
/// where there is no column.
pub(crate) struct Panels {
    values: Vec<f32>,
    rows: usize,
    lanes: usize,
}

impl Panels {
    /// `count` panels of a matrix of `rows` rows, whose elements are `at(row, column)`; vector `v` of panel `p` holds the
    /// columns `columns(p, v)`, no more than `lanes`.
    pub(crate) fn new(
        rows: usize,
        lanes: usize,
        count: usize,
        columns: impl Fn(usize, usize) -> Range<usize>,
        at: impl Fn(usize, usize) -> f32,
    ) -> Self {
        let mut values = vec![0.0; count * rows * WIDTH * lanes];
        for (panel, values) in values.chunks_exact_mut(rows * WIDTH * lanes).enumerate() {
            for vector in 0..WIDTH {
                let columns = columns(panel, vector);
                for (row, values) in values.chunks_exact_mut(WIDTH * lanes).enumerate() {
                    let values = &mut values[vector * lanes..][..columns.len()];
                    for (value, column) in values.iter_mut().zip(columns.clone()) {
                        *value = at(row, column);
                    }
                }
            }
        }
        Self {
            values,
            rows,
            lanes,
        }
    }

    /// The columns of a matrix `[rows, columns]` in their order.
    pub(crate) fn of(matrix: &[f32], rows: usize, columns: usize, lanes: usize) -> Self {
        assert_eq!(matrix.len(), rows * columns);
        Self::in_order(rows, columns, lanes, |row, column| {
            matrix[row * columns + column]
        })
    }

    /// The same of its transpose, `[columns, rows]`.
    pub(crate) fn of_transpose(matrix: &[f32], rows: usize, columns: usize, lanes: usize) -> Self {
        assert_eq!(matrix.len(), rows * columns);
        Self::in_order(columns, rows, lanes, |row, column| {
            matrix[column * columns + row]
        })
    }

    fn in_order(
        rows: usize,
        columns: usize,
        lanes: usize,
        at: impl Fn(usize, usize) -> f32,
    ) -> Self {
        let vector = |panel: usize, vector: usize| {
            let first = columns.min((panel * WIDTH + vector) * lanes);
            first..columns.min(first + lanes)
        };
        Self::new(rows, lanes, columns.div_ceil(WIDTH * lanes), vector, at)
    }

    /// `out = x · matrix`, or `out += x · matrix`, for panels of columns in their order.
    #[inline(always)]
    pub(crate) fn multiply<S: Simd>(&self, simd: S, x: &[f32], out: &mut [f32], add: bool) {
        let count = x.len() / self.rows;
        assert_eq!(x.len(), count * self.rows);
        let columns = out.len() / count;
        assert_eq!(out.len(), count * columns);
        for panel in 0..columns.div_ceil(WIDTH * S::F32_LANES) {
            let mut row = 0;
            while row < count {
                let left = count - row;
                if rows_at_once::<S>() == 6 && left >= 6 {
                    self.block::<S, 6>(simd, x, out, add, panel, row);
                    row += 6;
                } else if left >= 3 {
                    self.block::<S, 3>(simd, x, out, add, panel, row);
                    row += 3;
                } else if left == 2 {
                    self.block::<S, 2>(simd, x, out, add, panel, row);
                    row += 2;
                } else {
                    self.block::<S, 1>(simd, x, out, add, panel, row);
                    row += 1;
                }
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    #[inline(always)]
    fn block<S: Simd, const R: usize>(
        &self,
        simd: S,
        x: &[f32],
        out: &mut [f32],
        add: bool,
        panel: usize,
        row: usize,
    ) {
        let columns = out.len() / (x.len() / self.rows);
        let mut rows: [&[f32]; R] = [&[]; R];
        for r in 0..R {
            rows[r] = &x[(row + r) * self.rows..][..self.rows];
        }
        let sums = product(simd, rows, self.panel::<S>(panel));
        for r in 0..R {
            for vector in 0..WIDTH {
                let first = (panel * WIDTH + vector) * S::F32_LANES;
                if first < columns {
                    let count = S::F32_LANES.min(columns - first);
                    let out = &mut out[(row + r) * columns + first..][..count];
                    let mut sum = sums[r][vector];
                    if add {
                        sum = simd.add_f32s(sum, load(simd, out));
                    }
                    store(simd, out, sum);
                }
            }
        }
    }

    #[inline(always)]
    pub(crate) fn panel<S: Simd>(&self, panel: usize) -> &[S::f32s] {
        assert_eq!(self.lanes, S::F32_LANES);
        let size = self.rows * WIDTH * self.lanes;
        S::as_simd_f32s(&self.values[panel * size..][..size]).0
    }
}

/// The product of `R` rows with a panel.
#[inline(always)]
pub(crate) fn product<S: Simd, const R: usize>(
    simd: S,
    rows: [&[f32]; R],
    panel: &[S::f32s],
) -> [[S::f32s; WIDTH]; R] {
    let depth = rows[0].len();
    assert_eq!(panel.len(), depth * WIDTH);
    for row in rows {
        assert_eq!(row.len(), depth);
    }
    let mut sums = [[simd.splat_f32s(0.0); WIDTH]; R];
    for (place, weights) in (0..depth).zip(panel.chunks_exact(WIDTH)) {
        // The elements of the rows stay in registers and the panel's vectors pass by: 12 sums, 3 elements and 1 vector
        // are the 16 registers of AVX2.
        let mut values = [simd.splat_f32s(0.0); R];
        for r in 0..R {
            values[r] = simd.splat_f32s(rows[r][place]);
        }
        for v in 0..WIDTH {
            for r in 0..R {
                sums[r][v] = simd.mul_add_e_f32s(values[r], weights[v], sums[r][v]);
            }
        }
    }
    sums
}
