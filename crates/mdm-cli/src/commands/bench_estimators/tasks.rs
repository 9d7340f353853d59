//! The tasks, and what is true of them.

use std::fmt;

use anyhow::bail;
use mdm_core::ground_truth::{
    Gaussian, Task, bmi_tasks, total_correlation_ladder, wasserstein_lower_bound,
    wasserstein_upper_bound,
};
use mdm_core::{DependencyMeasure, FDivergence};
use serde::Serialize;

use super::divergence::divergence;

/// The tasks of `--quick`: a few of each kind.
const QUICK: [&str; 8] = [
    "bivariate_normal_rho_0.75",
    "additive_uniform_eps_0.75",
    "dense_0.5_5x5",
    "student_identity_2x2_dof1",
    "spiral_sparse_two_pair_rho_0.8_3x3",
    "equicorrelated_rho_0.5",
    "line_4x20_tc_4",
    "gaussian_pair_rho_0.5",
];

/// Tasks of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// The 40 tasks of Czyż et al.
    Bmi,
    /// Three scalars with one correlation.
    Equicorrelated,
    /// Four variables of 20 components with 2 to 10 nats.
    Ladder,
    /// Pairs of scalars, for the measures other than total correlation.
    Pairs,
}

impl Group {
    pub const ALL: [Self; 4] = [Self::Bmi, Self::Equicorrelated, Self::Ladder, Self::Pairs];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Bmi => "Mutual information, the tasks of Czyż et al. (2023)",
            Self::Equicorrelated => "Total correlation of three equicorrelated Gaussian scalars",
            Self::Ladder => "Total correlation of four Gaussian variables of 20 components",
            Self::Pairs => "Other measures on pairs of Gaussian scalars",
        }
    }
}

/// A task in its group.
#[derive(Debug, Clone)]
pub struct BenchTask {
    group: Group,
    law: Task,
    /// Of the pairs.
    rho: f64,
}

impl BenchTask {
    pub fn name(&self) -> &str {
        self.law.name()
    }

    pub fn group(&self) -> Group {
        self.group
    }

    pub fn law(&self) -> &Task {
        &self.law
    }

    /// What a measure of this task should come to; `None` where it is not to be fitted.
    pub fn truth(&self, measure: DependencyMeasure) -> Option<Truth> {
        use DependencyMeasure as M;
        match (measure, self.group) {
            (M::WassersteinPaperLiteral, _) => None,
            (M::Wasserstein, Group::Pairs) => Some(Truth::Between(
                wasserstein_lower_bound(1, self.rho).expect("a correlation"),
                wasserstein_upper_bound(1, self.rho).expect("a correlation"),
            )),
            (M::FDivergence(member), Group::Pairs) if member != FDivergence::Kl => {
                Some(Truth::Value(divergence(member, self.rho)))
            }
            (M::Wasserstein, _) | (_, Group::Pairs) => None,
            (M::FDivergence(member), _) if member != FDivergence::Kl => None,
            _ => Some(Truth::Value(self.law.truth())),
        }
    }
}

/// The tasks whose names contain one of `filters` (all for none), with `quick` only a few.
///
/// # Errors
///
/// A filter that no name contains.
pub fn chosen(filters: &[String], quick: bool) -> anyhow::Result<Vec<BenchTask>> {
    let mut tasks = all();
    if quick {
        tasks.retain(|task| QUICK.contains(&task.name()));
    }
    for filter in filters {
        if !tasks.iter().any(|task| task.name().contains(filter)) {
            let names: Vec<&str> = tasks.iter().map(BenchTask::name).collect();
            bail!(
                "--tasks: no name contains `{filter}`; the tasks are {}",
                names.join(", ")
            );
        }
    }
    tasks.retain(|task| {
        filters.is_empty() || filters.iter().any(|filter| task.name().contains(filter))
    });
    Ok(tasks)
}

fn all() -> Vec<BenchTask> {
    let task = |group, law| BenchTask {
        group,
        law,
        rho: 0.0,
    };
    let gaussian = |gaussian: Result<Gaussian, _>| gaussian.expect("constants in their ranges");
    let equicorrelated = [0.1, 0.3, 0.5, 0.7, 0.9].map(|rho| {
        let law = gaussian(Gaussian::equicorrelated(3, 1, rho));
        let law = Task::new(format!("equicorrelated_rho_{rho}"), law);
        task(Group::Equicorrelated, law)
    });
    let ladder = [2.0, 4.0, 6.0, 8.0, 10.0].map(|truth| {
        let law = total_correlation_ladder(truth).expect("constants in their ranges");
        task(Group::Ladder, law)
    });
    let pairs = [0.5, 0.75].map(|rho| BenchTask {
        group: Group::Pairs,
        law: Task::new(
            format!("gaussian_pair_rho_{rho}"),
            gaussian(Gaussian::componentwise(1, rho)),
        ),
        rho,
    });
    let bmi = bmi_tasks().into_iter().map(|law| task(Group::Bmi, law));
    bmi.chain(equicorrelated)
        .chain(ladder)
        .chain(pairs)
        .collect()
}

/// What an estimate should be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Truth {
    Value(f64),
    /// Bounds, where no formula is known.
    Between(f64, f64),
}

impl Truth {
    /// Lower and upper bound.
    pub fn bounds(self) -> [f64; 2] {
        match self {
            Self::Value(value) => [value, value],
            Self::Between(lower, upper) => [lower, upper],
        }
    }

    /// How far a value is from the truth: 0 between the bounds.
    pub fn error(self, value: f64) -> f64 {
        let [lower, upper] = self.bounds();
        (value - upper).max(0.0) + (value - lower).min(0.0)
    }

    /// Whether a value is near enough: 0.05 or 10 % from the truth, whichever is more.
    pub fn is_near(self, value: f64) -> bool {
        let [lower, upper] = self.bounds();
        let nearest = value.clamp(lower, upper);
        self.error(value).abs() <= (0.1 * nearest).max(0.05)
    }
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => write!(f, "{value:.4}"),
            Self::Between(lower, upper) => write!(f, "{lower:.4} to {upper:.4}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_tasks_exist_in_every_group() {
        let tasks = chosen(&[], true).unwrap();
        assert_eq!(tasks.len(), QUICK.len());
        for group in Group::ALL {
            assert!(tasks.iter().any(|task| task.group() == group));
        }
    }

    #[test]
    fn names_are_unique_and_filters_choose() {
        let tasks = all();
        let names: std::collections::BTreeSet<&str> = tasks.iter().map(BenchTask::name).collect();
        assert_eq!((tasks.len(), names.len()), (52, 52));
        let filters = ["line_", "rho_0.5"].map(str::to_owned);
        let tasks = chosen(&filters, false).unwrap();
        assert_eq!(tasks.len(), 5 + 2);
        assert!(chosen(&["nothing".to_owned()], false).is_err());
    }

    #[test]
    fn every_measure_has_a_truth_somewhere_and_pairs_are_not_for_total_correlation() {
        let tasks = all();
        for measure in DependencyMeasure::ALL {
            let truths = tasks.iter().filter(|task| task.truth(measure).is_some());
            let expected = match measure {
                DependencyMeasure::WassersteinPaperLiteral => 0,
                DependencyMeasure::FDivergence(member) if member != FDivergence::Kl => 2,
                DependencyMeasure::Wasserstein => 2,
                _ => 50,
            };
            assert_eq!(truths.count(), expected, "{measure}");
        }
    }

    #[test]
    fn errors_and_tolerances() {
        let value = Truth::Value(2.0);
        assert!((value.error(1.9) + 0.1).abs() < 1e-12);
        assert!(value.is_near(1.81) && !value.is_near(1.79));
        assert!(Truth::Value(0.1).is_near(0.149) && !Truth::Value(0.1).is_near(0.151));
        let between = Truth::Between(1.0, 2.0);
        assert_eq!((between.error(1.5), between.error(2.5)), (0.0, 0.5));
        assert!(between.error(0.5) == -0.5 && between.is_near(0.91) && !between.is_near(2.3));
    }
}
