//! The little dense linear algebra that Gaussian baselines and ground truths need, on the host in `f64`.

/// A dense matrix, row by row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Matrix {
    rows: usize,
    columns: usize,
    values: Vec<f64>,
}

impl Matrix {
    /// # Panics
    ///
    /// When there are not `rows · columns` values.
    pub fn new(rows: usize, columns: usize, values: Vec<f64>) -> Self {
        assert_eq!(values.len(), rows * columns, "a {rows} × {columns} matrix");
        Self {
            rows,
            columns,
            values,
        }
    }

    pub fn from_fn(
        rows: usize,
        columns: usize,
        mut value: impl FnMut(usize, usize) -> f64,
    ) -> Self {
        let mut values = Vec::with_capacity(rows * columns);
        for row in 0..rows {
            values.extend((0..columns).map(|column| value(row, column)));
        }
        Self::new(rows, columns, values)
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn get(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.columns + column]
    }

    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..][..self.columns]
    }

    pub fn values(&self) -> &[f64] {
        &self.values
    }

    pub fn transpose(&self) -> Self {
        Self::from_fn(self.columns, self.rows, |row, column| self.get(column, row))
    }

    /// The block of the given rows and columns.
    pub fn block(&self, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> Self {
        Self::from_fn(rows.len(), columns.len(), |row, column| {
            self.get(rows.start + row, columns.start + column)
        })
    }

    pub fn matmul(&self, other: &Self) -> Self {
        assert_eq!(self.columns, other.rows);
        let mut values = vec![0.0; self.rows * other.columns];
        for (row, out) in values.chunks_exact_mut(other.columns.max(1)).enumerate() {
            for (&factor, line) in self
                .row(row)
                .iter()
                .zip(other.values.chunks_exact(other.columns.max(1)))
            {
                for (sum, &value) in out.iter_mut().zip(line) {
                    *sum += factor * value;
                }
            }
        }
        Self::new(self.rows, other.columns, values)
    }

    /// The lower triangular L with `L Lᵀ` = this matrix, of which only the lower half is read. `None` when it is not
    /// positive definite.
    pub fn cholesky(&self) -> Option<Self> {
        assert_eq!(self.rows, self.columns);
        let n = self.rows;
        let mut lower = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                let done: f64 = (0..j).map(|k| lower[i * n + k] * lower[j * n + k]).sum();
                let rest = self.get(i, j) - done;
                lower[i * n + j] = if i > j {
                    rest / lower[j * n + j]
                } else if rest > f64::EPSILON * self.get(i, i).abs() {
                    rest.sqrt()
                } else {
                    return None;
                };
            }
        }
        Some(Self::new(n, n, lower))
    }

    /// `ln det(L Lᵀ)` of a Cholesky factor L.
    pub fn log_det_of_factor(&self) -> f64 {
        2.0 * (0..self.rows).map(|i| self.get(i, i).ln()).sum::<f64>()
    }

    /// `L⁻¹ B` for a lower triangular L.
    pub fn solve_lower(&self, b: &Self) -> Self {
        let (n, m) = (self.rows, b.columns);
        let mut x = b.values.clone();
        for i in 0..n {
            let (done, rest) = x.split_at_mut(i * m);
            let line = &mut rest[..m];
            for (k, known) in done.chunks_exact(m.max(1)).enumerate() {
                let factor = self.get(i, k);
                for (value, &known) in line.iter_mut().zip(known) {
                    *value -= factor * known;
                }
            }
            for value in line {
                *value /= self.get(i, i);
            }
        }
        Self::new(n, m, x)
    }

    /// `(L Lᵀ)⁻¹` of a Cholesky factor L.
    pub fn inverse_of_factor(&self) -> Self {
        let inverse = self.solve_lower(&Self::identity(self.rows));
        inverse.transpose().matmul(&inverse)
    }

    pub fn identity(n: usize) -> Self {
        Self::from_fn(n, n, |row, column| f64::from(u8::from(row == column)))
    }

    /// `(U, σ, V)` with this matrix = `U diag(σ) Vᵀ`, σ in falling order, by one-sided Jacobi rotations. U is
    /// `[rows, k]`, V `[columns, k]` with k the smaller side; columns of U that belong to σ = 0 are 0.
    pub fn svd(&self) -> (Self, Vec<f64>, Self) {
        if self.rows < self.columns {
            let (u, sigma, v) = self.transpose().svd();
            return (v, sigma, u);
        }
        // Columns as rows, so that a rotation runs along memory.
        let k = self.columns;
        let mut a: Vec<Vec<f64>> = (0..k).map(|j| self.column(j)).collect();
        let mut v: Vec<Vec<f64>> = (0..k).map(|j| Self::identity(k).column(j)).collect();
        const SWEEPS: usize = 60;
        for _ in 0..SWEEPS {
            let mut largest: f64 = 0.0;
            for p in 0..k {
                for q in p + 1..k {
                    let (alpha, beta) = (dot(&a[p], &a[p]), dot(&a[q], &a[q]));
                    let gamma = dot(&a[p], &a[q]);
                    let scale = (alpha * beta).sqrt();
                    if scale == 0.0 || gamma.abs() <= 1e-14 * scale {
                        continue;
                    }
                    largest = largest.max(gamma.abs() / scale);
                    let zeta = (beta - alpha) / (2.0 * gamma);
                    let t = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
                    let cosine = 1.0 / (1.0 + t * t).sqrt();
                    rotate(&mut a, p, q, cosine, cosine * t);
                    rotate(&mut v, p, q, cosine, cosine * t);
                }
            }
            if largest < 1e-12 {
                break;
            }
        }
        let sigma: Vec<f64> = a.iter().map(|column| dot(column, column).sqrt()).collect();
        let mut order: Vec<usize> = (0..k).collect();
        order.sort_by(|&p, &q| sigma[q].total_cmp(&sigma[p]));
        let u = Self::from_fn(self.rows, k, |row, column| {
            let source = order[column];
            if sigma[source] > 0.0 {
                a[source][row] / sigma[source]
            } else {
                0.0
            }
        });
        let v = Self::from_fn(k, k, |row, column| v[order[column]][row]);
        (u, order.iter().map(|&source| sigma[source]).collect(), v)
    }

    fn column(&self, column: usize) -> Vec<f64> {
        (0..self.rows).map(|row| self.get(row, column)).collect()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn rotate(columns: &mut [Vec<f64>], p: usize, q: usize, cosine: f64, sine: f64) {
    let (left, right) = columns.split_at_mut(q);
    for (a, b) in left[p].iter_mut().zip(&mut right[0]) {
        (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(a: &Matrix, b: &Matrix) {
        assert_eq!((a.rows, a.columns), (b.rows, b.columns));
        for (x, y) in a.values.iter().zip(&b.values) {
            assert!((x - y).abs() < 1e-10, "{a:?}\n{b:?}");
        }
    }

    fn symmetric() -> Matrix {
        Matrix::new(3, 3, vec![4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0])
    }

    #[test]
    fn cholesky_factors_and_inverts() {
        let matrix = symmetric();
        let lower = matrix.cholesky().unwrap();
        assert_close(&lower.matmul(&lower.transpose()), &matrix);
        assert_close(
            &lower.inverse_of_factor().matmul(&matrix),
            &Matrix::identity(3),
        );
        // Along the first row: 4 · 14 − 2 · 5.4 + 0.6 · (−1).
        assert!((lower.log_det_of_factor() - 44.6_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn an_indefinite_matrix_has_no_factor() {
        assert!(
            Matrix::new(2, 2, vec![1.0, 2.0, 2.0, 1.0])
                .cholesky()
                .is_none()
        );
        assert!(
            Matrix::new(2, 2, vec![1.0, 1.0, 1.0, 1.0])
                .cholesky()
                .is_none()
        );
    }

    #[test]
    fn svd_gives_the_matrix_back() {
        let matrix = Matrix::from_fn(5, 3, |i, j| ((3 * i + 5 * j) as f64).sin());
        for matrix in [matrix.transpose(), matrix] {
            let (u, sigma, v) = matrix.svd();
            let scaled = Matrix::from_fn(u.rows, sigma.len(), |i, j| u.get(i, j) * sigma[j]);
            assert_close(&scaled.matmul(&v.transpose()), &matrix);
            assert!(sigma.windows(2).all(|pair| pair[0] >= pair[1]));
            assert_close(
                &v.transpose().matmul(&v).block(0..1, 0..1),
                &Matrix::identity(1),
            );
        }
    }
}
