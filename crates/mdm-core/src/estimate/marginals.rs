//! What is done to each variable before the critic sees it.

use serde::{Deserialize, Serialize};

use super::samples::Variable;
use crate::normal;

/// How the variables are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Scaling {
    /// Each column is replaced by the normal scores of its ranks, `Φ⁻¹((rank − ½) / n)`, ties by their middle rank.
    ///
    /// A monotone map of each column, so that no divergence between the joint law and the product of the marginals
    /// changes; outliers and heavy tails are gone, and what is left is the copula.
    NormalScores,
    /// Each column is shifted to mean 0 and divided by its standard deviation: a monotone map too, which keeps the
    /// shape of the marginals.
    Standard,
    /// Everything is divided by one number, the root of the mean column variance, after each column is shifted to mean
    /// 0. Distances stay distances: the choice for Wasserstein, whose value is multiplied by that number at the end.
    Common,
}

/// The scaled columns of a variable, row by row, and the unit of distance left in them.
pub(super) fn scale(variables: &[Variable], scaling: Scaling) -> (Vec<Vec<f32>>, f64) {
    let columns = |variable: &Variable, map: &dyn Fn(Vec<f32>) -> Vec<f32>| {
        let dims = variable.dims();
        let mut scaled = vec![0.0; variable.values().len()];
        for column in 0..dims {
            let values = variable.values()[column..].iter().step_by(dims).copied();
            for (row, value) in map(values.collect()).into_iter().enumerate() {
                scaled[row * dims + column] = value;
            }
        }
        scaled
    };
    let every = |map: &dyn Fn(Vec<f32>) -> Vec<f32>| -> Vec<Vec<f32>> {
        variables.iter().map(|one| columns(one, map)).collect()
    };
    match scaling {
        Scaling::NormalScores => (every(&normal_scores), 1.0),
        Scaling::Standard => (every(&|values| shifted(values, None)), 1.0),
        Scaling::Common => {
            let mut variance = 0.0;
            let mut count: f64 = 0.0;
            for variable in variables {
                for column in 0..variable.dims() {
                    let values = variable.values()[column..].iter().step_by(variable.dims());
                    variance += moments(values.copied()).1;
                    count += 1.0;
                }
            }
            let unit = (variance / count.max(1.0)).sqrt();
            let unit = if unit > 0.0 { unit } else { 1.0 };
            (every(&|values| shifted(values, Some(unit))), unit)
        }
    }
}

/// Mean and variance.
fn moments(values: impl Iterator<Item = f32> + Clone) -> (f64, f64) {
    let n = values.clone().count().max(1) as f64;
    let mean = values.clone().map(f64::from).sum::<f64>() / n;
    let variance = values.map(|v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n;
    (mean, variance)
}

/// Mean 0, divided by `unit` or else by the standard deviation; a constant column becomes 0.
fn shifted(values: Vec<f32>, unit: Option<f64>) -> Vec<f32> {
    let (mean, variance) = moments(values.iter().copied());
    let unit = unit.unwrap_or(if variance > 0.0 { variance.sqrt() } else { 1.0 });
    let map = |value: f32| ((f64::from(value) - mean) / unit) as f32;
    values.into_iter().map(map).collect()
}

/// `ln(1 + |x|² / d)` of each sample over the given variables together, `[n]`, shifted and scaled to mean 0 and variance
/// 1; x is taken from its median in units of its interquartile range, column by column.
pub(super) fn log_norms<'a>(variables: impl Iterator<Item = &'a Variable>, n: usize) -> Vec<f32> {
    let mut squares = vec![0.0; n];
    let mut dims = 0.0;
    for variable in variables {
        for column in 0..variable.dims() {
            let values = variable.values()[column..].iter().step_by(variable.dims());
            let mut sorted: Vec<f32> = values.clone().copied().collect();
            sorted.sort_by(f32::total_cmp);
            let quantile = |share: f64| f64::from(sorted[((n - 1) as f64 * share) as usize]);
            let (middle, range) = (quantile(0.5), quantile(0.75) - quantile(0.25));
            let range = if range > 0.0 { range } else { 1.0 };
            for (square, &value) in squares.iter_mut().zip(values) {
                *square += ((f64::from(value) - middle) / range).powi(2);
            }
            dims += 1.0;
        }
    }
    let logs = squares
        .into_iter()
        .map(|square: f64| (square / dims).ln_1p() as f32);
    shifted(logs.collect(), None)
}

fn normal_scores(values: Vec<f32>) -> Vec<f32> {
    let n = values.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut scores = vec![0.0; n];
    let mut start = 0;
    while start < n {
        let tied = order[start..]
            .iter()
            .take_while(|&&row| values[row] == values[order[start]])
            .count();
        let middle = start as f64 + tied as f64 / 2.0;
        let score = normal::quantile(middle / n as f64) as f32;
        for &row in &order[start..start + tied] {
            scores[row] = score;
        }
        start += tied;
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_scores_depend_on_the_order_alone() {
        let a = normal_scores(vec![3.0, -1.0, 7.0, 100.0]);
        let b = normal_scores(vec![0.3, 0.1, 0.7, 0.71]);
        assert_eq!(a, b);
        // Symmetric about 0, in the order of the values.
        assert!(a[1] < a[0] && a[0] < a[2] && a[2] < a[3]);
        assert!((a[1] + a[3]).abs() < 1e-6 && (a[0] + a[2]).abs() < 1e-6);
    }

    #[test]
    fn ties_share_their_middle_rank_and_constants_are_0() {
        let scores = normal_scores(vec![1.0, 0.0, 1.0, 2.0]);
        assert_eq!(scores[0], scores[2]);
        assert!(scores[0].abs() < 1e-6);
        assert!(normal_scores(vec![5.0; 3]).iter().all(|s| s.abs() < 1e-6));
        assert_eq!(shifted(vec![5.0; 3], None), [0.0; 3]);
    }

    #[test]
    fn a_common_unit_keeps_the_ratio_of_distances() {
        let variable = |name, values: Vec<f32>| Variable::new(name, 1, values).unwrap();
        let variables = [
            variable("x", vec![0.0, 2.0, 4.0]),
            variable("y", vec![10.0, 10.5, 11.0]),
        ];
        let (scaled, unit) = scale(&variables, Scaling::Common);
        for (variable, scaled) in variables.iter().zip(scaled) {
            let distance = f64::from(scaled[2] - scaled[0]) * unit;
            let want = f64::from(variable.values()[2] - variable.values()[0]);
            assert!((distance - want).abs() < 1e-5);
        }
    }
}
