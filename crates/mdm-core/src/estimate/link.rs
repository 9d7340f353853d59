//! The variables of one critic, on the device.

use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::Rng;

use super::{Samples, Scaling, marginals};
use crate::{Error, Shuffle, product_permutations};

/// Groups of variables whose dependence one critic measures: all of them, or one link `(X_1..X_k-1 ; X_k)` of the chain
/// rule.
pub(super) struct Link {
    pub name: String,
    groups: Vec<Group>,
    /// All groups side by side on the host, `[n, d]`.
    pub host: Vec<f32>,
}

/// Variables that stay together when the product of the marginals is sampled.
struct Group {
    /// The scaled columns, `[n, d]`.
    columns: Tensor<2>,
    /// The network's input: the columns and the logarithm of their norm, `[n, d + 1]`.
    ///
    /// The norm is that of the samples as they came, in robust units. Where heavy tails come together (Student-t) it
    /// carries the dependence, and ranks have lost it.
    inputs: Tensor<2>,
    dims: usize,
}

/// Samples picked from a [`Link`]: for each group its rows.
pub(super) type Rows = Vec<Vec<usize>>;

/// The links of the chain rule, or the one link of all variables; and the unit of distance in their columns.
pub(super) fn links(
    samples: &Samples,
    scaling: Scaling,
    chain: bool,
    device: &Device,
) -> (Vec<Link>, f64) {
    let variables = samples.variables();
    let (scaled, unit) = marginals::scale(variables, scaling);
    let n = samples.len();
    // Distances between inputs must be those of the data where distance is what is measured.
    let with_norms = scaling != Scaling::Common;
    let group = |members: &[usize]| {
        let parts: Vec<(&[f32], usize)> = members
            .iter()
            .map(|&k| (scaled[k].as_slice(), variables[k].dims()))
            .collect();
        let host = side_by_side(&parts, n);
        let dims = parts.iter().map(|part| part.1).sum();
        let upload = |values: Vec<f32>, width: usize| {
            Tensor::from_data(TensorData::new(values, [n, width]), device)
        };
        let columns = upload(host.clone(), dims);
        let inputs = if with_norms {
            let raw = members.iter().map(|&k| &variables[k]);
            let norms = upload(marginals::log_norms(raw, n), 1);
            Tensor::cat(vec![columns.clone(), norms], 1)
        } else {
            columns.clone()
        };
        let group = Group {
            columns,
            inputs,
            dims,
        };
        (group, host)
    };
    let link = |members: &[Vec<usize>]| {
        let names = |k: &usize| variables[*k].name();
        let name = members
            .iter()
            .map(|group| group.iter().map(names).collect::<Vec<_>>().join(", "))
            .collect::<Vec<_>>()
            .join(" ; ");
        let (groups, hosts): (Vec<Group>, Vec<Vec<f32>>) =
            members.iter().map(|members| group(members)).unzip();
        let parts: Vec<(&[f32], usize)> = hosts
            .iter()
            .zip(&groups)
            .map(|(host, group)| (host.as_slice(), group.dims))
            .collect();
        Link {
            name,
            host: side_by_side(&parts, n),
            groups,
        }
    };
    let count = variables.len();
    let links = if chain {
        let link = |k: usize| link(&[(0..k).collect(), vec![k]]);
        (1..count).map(link).collect()
    } else {
        let alone: Vec<Vec<usize>> = (0..count).map(|k| vec![k]).collect();
        vec![link(&alone)]
    };
    (links, unit)
}

/// Matrices of `n` rows joined to one.
fn side_by_side(parts: &[(&[f32], usize)], n: usize) -> Vec<f32> {
    let width: usize = parts.iter().map(|part| part.1).sum();
    let mut joined = Vec::with_capacity(n * width);
    for row in 0..n {
        for (values, width) in parts {
            joined.extend_from_slice(&values[row * width..][..*width]);
        }
    }
    joined
}

impl Link {
    /// Width of each group.
    pub fn dims(&self) -> Vec<usize> {
        self.groups.iter().map(|group| group.dims).collect()
    }

    /// Width of each group's network input.
    pub fn input_dims(&self) -> Vec<usize> {
        let width = |group: &Group| group.inputs.dims()[1];
        self.groups.iter().map(width).collect()
    }

    /// Joint samples.
    pub fn joint(&self, rows: &[usize]) -> Rows {
        vec![rows.to_vec(); self.groups.len()]
    }

    /// `products` samples of the product of the marginals for each of `rows`: sample j keeps the first group of row
    /// `rows[j mod rows.len()]` and takes the others from other rows.
    ///
    /// # Errors
    ///
    /// [`Error::TooFewSamples`] when there are fewer rows than groups.
    pub fn product(
        &self,
        rows: &[usize],
        products: usize,
        rng: &mut impl Rng,
    ) -> Result<Rows, Error> {
        let mut picked = vec![Vec::with_capacity(rows.len() * products); self.groups.len()];
        for _ in 0..products {
            let permutations =
                product_permutations(self.groups.len(), rows.len(), Shuffle::Derangement, rng)?;
            for (picked, permutation) in picked.iter_mut().zip(permutations) {
                picked.extend(permutation.into_iter().map(|place| rows[place]));
            }
        }
        Ok(picked)
    }

    /// The picked samples as the Gaussian part reads them, `[rows, d]`.
    pub fn columns(&self, rows: &Rows) -> Tensor<2> {
        let pick = |(group, rows): (&Group, &Vec<usize>)| select(&group.columns, rows);
        Tensor::cat(self.groups.iter().zip(rows).map(pick).collect(), 1)
    }

    /// The picked samples as the network reads them, a tensor for each group.
    pub fn inputs(&self, rows: &Rows) -> Vec<Tensor<2>> {
        let pick = |(group, rows): (&Group, &Vec<usize>)| select(&group.inputs, rows);
        self.groups.iter().zip(rows).map(pick).collect()
    }
}

fn select(values: &Tensor<2>, rows: &[usize]) -> Tensor<2> {
    let rows: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
    let rows = Tensor::<1, Int>::from_data(rows.as_slice(), &values.device());
    values.clone().select(0, rows)
}
