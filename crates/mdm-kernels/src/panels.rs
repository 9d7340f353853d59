//! A matrix laid out for the product of a few rows with it.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use crate::matmul::Matrix;
use crate::vector::{load, store};

/// Vectors of a panel.
pub(crate) const WIDTH: usize = 4;

/// Rows that go through a panel together, at most: as many as keep all sums in registers, with room for a row's element
/// each and a vector of the panel.
#[inline(always)]
const fn rows_at_once<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 6 } else { 3 }
}

/// Work on rows that are taken a few at a time.
pub(crate) trait Blocks<S: Simd> {
    /// `R` rows from `row` on.
    fn block<const R: usize>(&mut self, simd: S, row: usize);
}

/// All of `rows`, in blocks that are as large as they may be and as equal: a block's weights are read once, and a small one
/// has to wait for them.
#[inline(always)]
pub(crate) fn in_blocks<S: Simd>(simd: S, rows: usize, work: &mut impl Blocks<S>) {
    let most = rows_at_once::<S>();
    let mut row = 0;
    for left in (1..=rows.div_ceil(most)).rev() {
        let size = (rows - row).div_ceil(left);
        match size {
            1 => work.block::<1>(simd, row),
            2 => work.block::<2>(simd, row),
            3 => work.block::<3>(simd, row),
            4 if most == 6 => work.block::<4>(simd, row),
            5 if most == 6 => work.block::<5>(simd, row),
            6 if most == 6 => work.block::<6>(simd, row),
            _ => unreachable!("{size} rows of at most {most}"),
        }
        row += size;
    }
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
    panels: Vec<Lines>,
    rows: usize,
    lanes: usize,
}

impl Panels {
    /// `count` panels of a matrix; vector `v` of panel `p` holds its columns `columns(p, v)`, no more than `lanes`.
    pub(crate) fn new(
        matrix: Matrix,
        lanes: usize,
        count: usize,
        columns: impl Fn(usize, usize) -> Range<usize> + Sync,
    ) -> Self {
        let rows = matrix.rows;
        let panel = |panel: usize| {
            let mut lines = Lines::with_room(rows * WIDTH * lanes);
            let mut vectors = [(); WIDTH].map(|()| 0..0);
            for vector in 0..WIDTH {
                vectors[vector] = columns(panel, vector);
            }
            for row in 0..rows {
                for columns in &vectors {
                    let first = row * matrix.row_stride + columns.start * matrix.column_stride;
                    // A vector without columns may stand behind the last number.
                    let values = matrix.values.get(first..).unwrap_or_default();
                    lines.push(values, matrix.column_stride, columns.len(), lanes);
                }
            }
            lines
        };
        Self {
            panels: (0..count).into_par_iter().map(panel).collect(),
            rows,
            lanes,
        }
    }

    /// The columns of a matrix in their order.
    pub(crate) fn of(matrix: Matrix, lanes: usize) -> Self {
        let columns = matrix.columns;
        let vector = |panel: usize, vector: usize| {
            let first = columns.min((panel * WIDTH + vector) * lanes);
            first..columns.min(first + lanes)
        };
        Self::new(matrix, lanes, columns.div_ceil(WIDTH * lanes), vector)
    }

    /// `out = x · matrix`, or `out += x · matrix`, for panels of columns in their order.
    #[inline(always)]
    pub(crate) fn multiply<S: Simd>(&self, simd: S, x: &[f32], out: &mut [f32], add: bool) {
        let count = x.len() / self.rows;
        assert_eq!(x.len(), count * self.rows);
        let columns = out.len() / count;
        assert_eq!(out.len(), count * columns);
        for panel in 0..columns.div_ceil(WIDTH * S::F32_LANES) {
            let mut product = Product {
                panels: self,
                panel,
                x,
                columns,
                out,
                add,
            };
            in_blocks(simd, count, &mut product);
        }
    }

    #[inline(always)]
    pub(crate) fn panel<S: Simd>(&self, panel: usize) -> &[S::f32s] {
        assert_eq!(self.lanes, S::F32_LANES);
        S::as_simd_f32s(self.panels[panel].values()).0
    }
}

/// Numbers from the start of a cache line on, so that no vector lies in two.
struct Lines {
    values: Vec<f32>,
    start: usize,
}

impl Lines {
    const BYTES: usize = 64;

    /// Without any numbers, and with room for so many.
    fn with_room(count: usize) -> Self {
        let mut values: Vec<f32> = Vec::with_capacity(count + Self::BYTES / size_of::<f32>());
        let start = values.as_ptr().align_offset(Self::BYTES);
        values.resize(start, 0.0);
        Self { values, start }
    }

    /// `count` numbers, each `stride` after the one before, and zeros up to `lanes`.
    #[inline(always)]
    fn push(&mut self, from: &[f32], stride: usize, count: usize, lanes: usize) {
        if stride == 1 {
            // Most have the length of a vector, which is copied without a call.
            match <&[f32; 16]>::try_from(&from[..count]) {
                Ok(from) => self.values.extend_from_slice(from),
                Err(_) => self.values.extend_from_slice(&from[..count]),
            }
        } else {
            let places = (0..count).map(|place| from[place * stride]);
            self.values.extend(places);
        }
        self.values.extend((count..lanes).map(|_| 0.0));
    }

    fn values(&self) -> &[f32] {
        &self.values[self.start..]
    }
}

/// The product of rows with one panel of columns in their order.
struct Product<'a> {
    panels: &'a Panels,
    panel: usize,
    x: &'a [f32],
    columns: usize,
    out: &'a mut [f32],
    add: bool,
}

impl<S: Simd> Blocks<S> for Product<'_> {
    #[inline(always)]
    fn block<const R: usize>(&mut self, simd: S, row: usize) {
        let depth = self.panels.rows;
        let mut rows: [&[f32]; R] = [&[]; R];
        for r in 0..R {
            rows[r] = &self.x[(row + r) * depth..][..depth];
        }
        let sums = product(simd, rows, self.panels.panel::<S>(self.panel), zeros(simd));
        for r in 0..R {
            for vector in 0..WIDTH {
                let first = (self.panel * WIDTH + vector) * S::F32_LANES;
                if first < self.columns {
                    let count = S::F32_LANES.min(self.columns - first);
                    let out = &mut self.out[(row + r) * self.columns + first..][..count];
                    let mut sum = sums[r][vector];
                    if self.add {
                        sum = simd.add_f32s(sum, load(simd, out));
                    }
                    store(simd, out, sum);
                }
            }
        }
    }
}

/// A panel's vectors for each of `R` rows.
pub(crate) type Sums<S, const R: usize> = [[<S as Simd>::f32s; WIDTH]; R];

#[inline(always)]
pub(crate) fn zeros<S: Simd, const R: usize>(simd: S) -> Sums<S, R> {
    [[simd.splat_f32s(0.0); WIDTH]; R]
}

/// `sums` and the product of `R` rows with a panel.
#[inline(always)]
pub(crate) fn product<S: Simd, const R: usize>(
    simd: S,
    rows: [&[f32]; R],
    panel: &[S::f32s],
    mut sums: Sums<S, R>,
) -> Sums<S, R> {
    let depth = rows[0].len();
    assert_eq!(panel.len(), depth * WIDTH);
    for row in rows {
        assert_eq!(row.len(), depth);
    }
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
