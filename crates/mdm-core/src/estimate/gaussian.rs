//! The Gaussian part of a critic: the log density ratio of the Gaussian law with the samples' correlations.

use burn::tensor::{Device, Tensor, TensorData};

use crate::linalg::Matrix;

/// `ln( N(z; 0, Σ) / Π_k N(z_k; 0, Σ_kk) )` = `½ zᵀ Q z + c` with `Q = blockdiag(Σ_kk⁻¹) − Σ⁻¹`.
///
/// The best critic when the variables are jointly Gaussian, and a start for the network when they are not: the network
/// then learns what is left. Whatever the law, adding it to a critic keeps every bound a bound.
#[derive(Debug, Clone)]
pub(super) struct GaussianLogRatio {
    quadratic: Matrix,
    constant: f64,
}

/// Which of the noisy correlations a candidate keeps.
#[derive(Debug, Clone, Copy)]
enum Shrinkage {
    /// Those above a multiple of their standard error `1/√n`.
    Threshold(f64),
    /// The largest canonical correlations between the two variables.
    Rank(usize),
    /// All, multiplied by a number.
    Scale(f64),
}

impl GaussianLogRatio {
    /// Fits the correlation matrix to the samples `train` and regularises it the way that makes the samples
    /// `validation` likeliest: correlations are noisy, and with p times q of them the plain fit loses about
    /// `p q / 2n` nats on new samples.
    ///
    /// # Shapes
    ///
    /// - `train`, `validation`: second moments `[d, d]` (see [`second_moments`]) of `n_train` samples and of others
    /// - `dims`: of each variable, adding up to d
    pub fn fit(train: &Matrix, n_train: usize, validation: &Matrix, dims: &[usize]) -> Self {
        let correlations = correlations(train);
        let mut candidates = vec![
            Shrinkage::Scale(0.0),
            Shrinkage::Scale(0.5),
            Shrinkage::Scale(0.8),
            Shrinkage::Scale(0.95),
        ];
        candidates.extend([0.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0].map(Shrinkage::Threshold));
        if let &[p, q] = dims {
            let ranks = (0..).map(|power| 1 << power);
            candidates.extend(ranks.take_while(|&r| r < p.min(q)).map(Shrinkage::Rank));
        }
        candidates
            .into_iter()
            .filter_map(|shrinkage| {
                let shrunk = shrunk(&correlations, shrinkage, n_train, dims)?;
                let factor = shrunk.cholesky()?;
                let inverse = factor.inverse_of_factor();
                let trace: f64 = (0..inverse.rows())
                    .map(|row| dot(inverse.row(row), validation.row(row)))
                    .sum();
                let loss = 0.5 * (trace + factor.log_det_of_factor());
                Some((loss, shrunk, factor.log_det_of_factor(), inverse))
            })
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, shrunk, log_det, inverse)| Self::of(&shrunk, log_det, &inverse, dims))
            .expect("the identity is always a candidate")
    }

    fn of(covariance: &Matrix, log_det: f64, inverse: &Matrix, dims: &[usize]) -> Self {
        let d = covariance.rows();
        let mut quadratic = vec![0.0; d * d];
        for (value, &inverse) in quadratic.iter_mut().zip(inverse.values()) {
            *value = -inverse;
        }
        let mut constant = -0.5 * log_det;
        let mut start = 0;
        for &dims in dims {
            let block = start..start + dims;
            let factor = covariance
                .block(block.clone(), block.clone())
                .cholesky()
                .expect("a block of a positive definite matrix is one too");
            constant += 0.5 * factor.log_det_of_factor();
            let inverse = factor.inverse_of_factor();
            for row in 0..dims {
                for column in 0..dims {
                    quadratic[(start + row) * d + start + column] += inverse.get(row, column);
                }
            }
            start += dims;
        }
        Self {
            quadratic: Matrix::new(d, d, quadratic),
            constant,
        }
    }

    /// The matrix Q `[d, d]` and the constant c.
    pub fn to_device(&self, device: &Device) -> (Tensor<2>, f64) {
        let d = self.quadratic.rows();
        let values: Vec<f32> = self.quadratic.values().iter().map(|&v| v as f32).collect();
        let quadratic = Tensor::from_data(TensorData::new(values, [d, d]), device);
        (quadratic, self.constant)
    }
}

/// `zᵀ z / n` `[d, d]` of the given rows of samples `[.., d]`.
pub(super) fn second_moments(samples: &[f32], d: usize, rows: &[usize]) -> Matrix {
    let mut sums = vec![0.0; d * d];
    let mut sample = vec![0.0; d];
    for &row in rows {
        for (wide, &value) in sample.iter_mut().zip(&samples[row * d..][..d]) {
            *wide = f64::from(value);
        }
        for (i, line) in sums.chunks_exact_mut(d).enumerate() {
            for (sum, &value) in line[..=i].iter_mut().zip(&sample) {
                *sum += sample[i] * value;
            }
        }
    }
    let n = rows.len().max(1) as f64;
    Matrix::from_fn(d, d, |i, j| sums[i.max(j) * d + i.min(j)] / n)
}

/// Second moments scaled to a unit diagonal. A constant column correlates with nothing.
fn correlations(moments: &Matrix) -> Matrix {
    Matrix::from_fn(moments.rows(), moments.rows(), |i, j| {
        let scale = (moments.get(i, i) * moments.get(j, j)).sqrt();
        if i == j {
            1.0
        } else if scale > 0.0 {
            moments.get(i, j) / scale
        } else {
            0.0
        }
    })
}

fn shrunk(correlations: &Matrix, shrinkage: Shrinkage, n: usize, dims: &[usize]) -> Option<Matrix> {
    let d = correlations.rows();
    let off_diagonal = |map: &dyn Fn(f64) -> f64| {
        Matrix::from_fn(d, d, |i, j| {
            let value = correlations.get(i, j);
            if i == j { value } else { map(value) }
        })
    };
    match shrinkage {
        Shrinkage::Scale(scale) => Some(off_diagonal(&|value| value * scale)),
        Shrinkage::Threshold(errors) => {
            let least = errors / (n.max(1) as f64).sqrt();
            Some(off_diagonal(&|value| {
                if value.abs() >= least { value } else { 0.0 }
            }))
        }
        Shrinkage::Rank(rank) => {
            let (p, x, y) = (dims[0], 0..dims[0], dims[0]..d);
            let left = correlations.block(x.clone(), x.clone()).cholesky()?;
            let right = correlations.block(y.clone(), y.clone()).cholesky()?;
            let cross = left.solve_lower(&correlations.block(x, y));
            let whitened = right.solve_lower(&cross.transpose()).transpose();
            let (u, sigma, v) = whitened.svd();
            let (u, v) = (left.matmul(&u), right.matmul(&v));
            let cross = |i: usize, j: usize| -> f64 {
                (0..rank)
                    .map(|k| u.get(i, k) * sigma[k] * v.get(j, k))
                    .sum()
            };
            Some(Matrix::from_fn(d, d, |i, j| match (i < p, j < p) {
                (true, false) => cross(i, j - p),
                (false, true) => cross(j, i - p),
                _ => correlations.get(i, j),
            }))
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
