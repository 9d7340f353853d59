//! A point of a curve.

use mdm_core::DependencyMeasure;
use serde::Serialize;

use super::{Cell, MEASURES, Plan, truth};
use crate::grid::{mean_and_deviation, number};

/// A measure at a correlation, over the seeds.
#[derive(Debug, Clone, Serialize)]
pub struct Point {
    pub rho: f64,
    pub measure: DependencyMeasure,
    /// From below and from above.
    pub truth: [f64; 2],
    /// `None` where no seed gave an estimate.
    pub mean: Option<f64>,
    pub min: Option<f64>,
    pub max: Option<f64>,
}

impl Point {
    /// The points in the order of the measures and of the correlations.
    pub fn of_each(plan: &Plan, cells: &[&Cell]) -> anyhow::Result<Vec<Self>> {
        let mut points = Vec::new();
        for measure in MEASURES {
            for &rho in &plan.rhos {
                let values: Vec<f64> = (cells.iter())
                    .filter(|cell| cell.measure == measure && (cell.rho - rho).abs() < 1e-9)
                    .filter_map(|cell| cell.fit.value())
                    .collect();
                points.push(Self {
                    rho,
                    measure,
                    truth: truth(plan.dim, rho, measure)?,
                    mean: mean_and_deviation(&values).0,
                    min: values.iter().copied().reduce(f64::min),
                    max: values.iter().copied().reduce(f64::max),
                });
            }
        }
        Ok(points)
    }
}

/// A row for each correlation.
pub fn text(points: &[Point]) -> String {
    let mut text = format!(
        "{:>7} {:>10} {:>10} {:>10} {:>13} {:>16}\n",
        "rho", "truth", "kl", "f", "wasserstein", "between"
    );
    let rhos = points.len() / MEASURES.len();
    for row in 0..rhos {
        let [kl, f, wasserstein] = [0, 1, 2].map(|measure| &points[measure * rhos + row]);
        let mean = |point: &Point| match point.mean {
            Some(mean) => number(mean, 4),
            None => "failed".to_owned(),
        };
        let [lower, upper] = wasserstein.truth;
        text += &format!(
            "{:>7.3} {:>10.4} {:>10} {:>10} {:>13} {:>16}\n",
            kl.rho,
            kl.truth[0],
            mean(kl),
            mean(f),
            mean(wasserstein),
            format!("{lower:.4}, {upper:.4}"),
        );
    }
    text
}
