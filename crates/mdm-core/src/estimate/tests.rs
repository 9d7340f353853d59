//! Estimates against laws whose dependence is known.

use burn::tensor::Device;

use super::*;
use crate::ground_truth::{Gaussian, StudentT, Task};
use crate::{CriticOutput, DependencyMeasure, Error, FDivergence, seed};

fn samples(task: &Task, n: usize, seed: u64) -> Samples {
    let values = task.sample(n, &mut seed::stream(seed, "samples", 0));
    let variables = values.into_iter().zip(task.variables()).enumerate();
    let variables = variables
        .map(|(place, (values, dims))| Variable::new(format!("x{place}"), dims, values).unwrap());
    Samples::new(variables.collect()).unwrap()
}

/// Settings for a test: fewer folds and steps.
fn quick(measure: DependencyMeasure) -> EstimatorConfig {
    EstimatorConfig {
        folds: 2,
        max_steps: 200,
        hidden: vec![32, 32],
        ..EstimatorConfig::new(measure)
    }
}

fn fit(config: EstimatorConfig, samples: &Samples) -> Result<Estimate, Error> {
    Estimator::new(config, &Device::flex().autodiff())?.fit(samples)
}

#[test]
fn every_total_correlation_measure_is_right_on_three_gaussians() {
    let task = Task::new(
        "equicorrelated",
        Gaussian::equicorrelated(3, 1, 0.5).unwrap(),
    );
    let samples = samples(&task, 3000, 1);
    for name in ["kl", "mine", "smile", "info-nce", "f"] {
        let estimate = fit(quick(name.parse().unwrap()), &samples).unwrap();
        let error = estimate.value - task.truth();
        assert!(error.abs() < 0.05, "{name}: off by {error}");
        assert_eq!(estimate.terms.len(), 2);
        let sum: f64 = estimate.terms.iter().map(|term| term.value).sum();
        assert!((sum - estimate.value).abs() < 1e-12);
        let [low, high] = estimate.ci95;
        assert!(low < estimate.value && estimate.value < high, "{name}");
        // The scores are log ratios: their mean is the estimate.
        let mean = estimate.scores.iter().sum::<f64>() / 3000.0;
        assert!((mean - estimate.value).abs() < 0.03, "{name}: {mean}");
    }
}

#[test]
fn the_network_finds_what_correlations_do_not_show() {
    // Uncorrelated, but heavy tails come together.
    let task = Task::new("student", StudentT::identity(&[2, 2], 1.0).unwrap());
    let samples = samples(&task, 4000, 1);
    let estimate = fit(quick(DependencyMeasure::TotalCorrelation), &samples).unwrap();
    let error = estimate.value - task.truth();
    assert!(error.abs() < 0.08, "off by {error} of {}", task.truth());
}

#[test]
fn independent_variables_have_no_dependence() {
    let task = Task::new("independent", Gaussian::equicorrelated(2, 2, 0.0).unwrap());
    let samples = samples(&task, 2000, 1);
    for name in ["kl", "f-squared-hellinger", "wasserstein"] {
        let estimate = fit(quick(name.parse().unwrap()), &samples).unwrap();
        assert!(estimate.value.abs() < 0.05, "{name}: {}", estimate.value);
    }
}

#[test]
fn wasserstein_is_in_the_units_of_the_data() {
    // Two copies of a fair coin: half of the product's mass lies one side of a square away from the diagonal.
    let coin: Vec<f32> = (0..2000)
        .map(|i| if i % 2 == 0 { 3.0 } else { -3.0 })
        .collect();
    let variable = |name| Variable::new(name, 1, coin.clone()).unwrap();
    let samples = Samples::new(vec![variable("x"), variable("y")]).unwrap();
    let estimate = fit(quick(DependencyMeasure::Wasserstein), &samples).unwrap();
    assert!((estimate.value - 3.0).abs() < 0.2, "{}", estimate.value);
}

#[test]
fn an_estimate_is_a_function_of_samples_and_seed() {
    let task = Task::new("pair", Gaussian::componentwise(2, 0.6).unwrap());
    let samples = samples(&task, 500, 1);
    let config = EstimatorConfig {
        max_steps: 60,
        ..quick(DependencyMeasure::TotalCorrelation)
    };
    let once = fit(config.clone(), &samples).unwrap();
    assert_eq!(once, fit(config.clone(), &samples).unwrap());
    assert_ne!(
        once.value,
        fit(config.with_seed(1), &samples).unwrap().value
    );
}

#[test]
fn doubtful_estimates_say_so() {
    let task = Task::new("pair", Gaussian::componentwise(2, 0.9).unwrap());
    let mut values = task.sample(600, &mut seed::stream(1, "samples", 0));
    values[1]
        .iter_mut()
        .skip(1)
        .step_by(2)
        .for_each(|v| *v = 7.0);
    let variable = |name, values| Variable::new(name, 2, values).unwrap();
    let y = variable("y", values.pop().unwrap());
    let samples = Samples::new(vec![variable("x", values.pop().unwrap()), y]).unwrap();
    let config = EstimatorConfig {
        output: CriticOutput::Sigmoid,
        max_steps: 30,
        ..quick(DependencyMeasure::FDivergence(FDivergence::Kl))
    };
    let warnings = fit(config, &samples).unwrap().warnings;
    let has = |is: &dyn Fn(&Warning) -> bool| warnings.iter().any(is);
    assert!(has(
        &|w| matches!(w, Warning::ConstantColumn { variable, column: 1 } if variable == "y")
    ));
    assert!(has(
        &|w| matches!(w, Warning::SigmoidCeiling { ceiling } if (ceiling - 0.632).abs() < 1e-3)
    ));
    assert!(has(&|w| matches!(
        w,
        Warning::NeverStopped { critics: 2, of: 2 }
    )));
    for warning in &warnings {
        assert!(!warning.to_string().is_empty());
    }
}

#[test]
fn the_logarithmic_limit_is_seen() {
    // 7 nats, of which comparisons among the 300 samples of a fold can show ln 300 = 5.7.
    let task = Task::new("pair", Gaussian::componentwise(6, 0.95).unwrap());
    let samples = samples(&task, 600, 1);
    let estimate = fit(quick(DependencyMeasure::InfoNce), &samples).unwrap();
    assert!(estimate.value < 300f64.ln());
    let warned = |w: &Warning| matches!(w, Warning::NearLogarithmicLimit { limit, .. } if (limit - 300f64.ln()).abs() < 1e-9);
    assert!(
        estimate.warnings.iter().any(warned),
        "{} {:?}",
        estimate.value,
        estimate.warnings
    );
}

#[test]
fn bad_samples_and_settings_are_errors() {
    assert!(Variable::new("x", 0, vec![]).is_err());
    assert!(Variable::new("x", 2, vec![1.0; 3]).is_err());
    let error = Variable::new("x", 2, vec![0.0, 1.0, f32::NAN, 3.0]).unwrap_err();
    assert!(error.to_string().contains("row 1, column 0"), "{error}");
    let variable = |name, n| Variable::new(name, 1, vec![0.5; n]).unwrap();
    assert!(Samples::new(vec![variable("x", 5)]).is_err());
    assert!(Samples::new(vec![variable("x", 5), variable("y", 6)]).is_err());
    assert!(Samples::new(vec![variable("x", 5), variable("x", 5)]).is_err());

    let few = Samples::new(vec![variable("x", 49), variable("y", 49)]).unwrap();
    let error = fit(EstimatorConfig::default(), &few).unwrap_err();
    assert!(matches!(
        error,
        Error::TooFewSamples {
            needed: 50,
            found: 49,
            ..
        }
    ));
    let no_autodiff = Estimator::new(EstimatorConfig::default(), &Device::flex());
    assert!(matches!(
        no_autodiff,
        Err(Error::InvalidConfig {
            field: "device",
            ..
        })
    ));
    for config in [
        EstimatorConfig {
            folds: 1,
            ..Default::default()
        },
        EstimatorConfig {
            hidden: vec![4, 0],
            ..Default::default()
        },
        EstimatorConfig {
            learning_rate: f64::NAN,
            ..Default::default()
        },
        EstimatorConfig {
            critic: Some(EstimatorCritic::Bilinear),
            output: CriticOutput::Sigmoid,
            ..Default::default()
        },
    ] {
        assert!(
            matches!(config.check(), Err(Error::InvalidConfig { .. })),
            "{config:?}"
        );
    }
    // A pairwise critic cannot compare three variables at once.
    let three = Samples::new(["x", "y", "z"].map(|name| variable(name, 60)).to_vec()).unwrap();
    let config = EstimatorConfig {
        critic: Some(EstimatorCritic::Separable),
        chain: false,
        ..Default::default()
    };
    assert!(matches!(
        fit(config, &three),
        Err(Error::InvalidConfig {
            field: "critic",
            ..
        })
    ));
}

#[test]
fn constant_variables_and_the_smallest_samples_give_finite_values() {
    let constant = |name| Variable::new(name, 1, vec![0.5; 50]).unwrap();
    let samples = Samples::new(vec![constant("x"), constant("y")]).unwrap();
    for measure in DependencyMeasure::ALL {
        if measure == DependencyMeasure::WassersteinPaperLiteral {
            continue; // Without the paper's sigmoid its logarithm is undefined: Error::NotFinite.
        }
        let config = EstimatorConfig {
            folds: 5,
            max_steps: 50,
            ..quick(measure)
        };
        let estimate = fit(config, &samples).unwrap();
        assert!(estimate.value.abs() < 0.2, "{measure}: {}", estimate.value);
    }
}
