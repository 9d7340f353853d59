use std::time::Instant;

use burn::tensor::Device;
use mdm_core::estimate::{Estimator, EstimatorConfig, Samples, Variable};
use mdm_core::ground_truth::Task;
use mdm_core::{Error, seed};
use serde::{Deserialize, Serialize};

/// What became of one fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// The estimate, or why there is none: scores that overflowed.
    pub found: Result<Found, String>,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// What an estimator found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The estimate.
    pub value: f64,
    /// Its 95 % interval.
    pub ci95: [f64; 2],
    /// Reasons to doubt it.
    pub warnings: Vec<String>,
}

impl Fit {
    /// The estimate.
    pub fn value(&self) -> Option<f64> {
        self.found.as_ref().ok().map(|found| found.value)
    }
}

/// Draws `n` samples of a task and estimates their dependence, everything random from the seed of `config`. Other configs
/// of the same seed see the same samples.
///
/// # Errors
///
/// Settings or samples that the estimator refuses. Scores that overflow are a result.
pub fn fit(task: &Task, n: usize, config: &EstimatorConfig, device: &Device) -> Result<Fit, Error> {
    let mut rng = seed::stream(config.seed, task.name(), 0);
    let variables = task
        .sample(n, &mut rng)
        .into_iter()
        .zip(task.variables())
        .enumerate()
        .map(|(place, (values, dims))| Variable::new(format!("x{place}"), dims, values))
        .collect::<Result<_, _>>()?;
    let samples = Samples::new(variables)?;
    let estimator = Estimator::new(config.clone(), device)?;
    let clock = Instant::now();
    let found = match estimator.fit(&samples) {
        Ok(estimate) => Ok(Found {
            value: estimate.value,
            ci95: estimate.ci95,
            warnings: estimate.warnings.iter().map(ToString::to_string).collect(),
        }),
        Err(error @ Error::NotFinite { .. }) => Err(error.to_string()),
        Err(error) => return Err(error),
    };
    Ok(Fit {
        found,
        seconds: clock.elapsed().as_secs_f64(),
    })
}

/// Mean and standard deviation (with n − 1); `None` for no value, and for the deviation of a single one.
pub fn mean_and_deviation(values: &[f64]) -> (Option<f64>, Option<f64>) {
    let n = values.len() as f64;
    if values.is_empty() {
        return (None, None);
    }
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt());
    (Some(mean), deviation)
}

/// A number with so many decimals, or with an exponent where that would be a row of digits: an f-divergence's bound may
/// fall as deep as an exponential rises.
pub fn number(value: f64, decimals: usize) -> String {
    if value.abs() < 1e4 {
        format!("{value:.decimals$}")
    } else {
        format!("{value:.1e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_short() {
        assert_eq!(number(-0.41259, 3), "-0.413");
        assert_eq!(number(-5.7e17, 3), "-5.7e17");
    }

    #[test]
    fn mean_and_deviation_by_hand() {
        assert_eq!(mean_and_deviation(&[]), (None, None));
        assert_eq!(mean_and_deviation(&[2.0]), (Some(2.0), None));
        // Squares 4 + 0 + 4, over 2.
        assert_eq!(mean_and_deviation(&[1.0, 3.0, 5.0]), (Some(3.0), Some(2.0)));
    }
}
