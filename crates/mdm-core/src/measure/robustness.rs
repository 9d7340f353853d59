//! Every measure on scores that a trained critic can produce: large, constant, few.

use burn::tensor::{Device, Tensor};

use super::{DependencyMeasure, FDivergence};

/// What the formulas give in `f64`, without a thought for overflow.
fn expected(measure: DependencyMeasure, joint: &[f64], product: &[f64]) -> f64 {
    let mean = |scores: &[f64], f: &dyn Fn(f64) -> f64| -> f64 {
        scores.iter().map(|&score| f(score)).sum::<f64>() / scores.len() as f64
    };
    let pair = |g: &dyn Fn(f64) -> f64, conjugate: &dyn Fn(f64) -> f64| {
        mean(joint, g) - mean(product, conjugate)
    };
    let softplus = |v: f64| v.max(0.0) + (-v.abs()).exp().ln_1p();
    let ln_2 = std::f64::consts::LN_2;
    match measure {
        DependencyMeasure::TotalCorrelation | DependencyMeasure::Mine { .. } => {
            mean(joint, &|v| v) - mean(product, &f64::exp).ln()
        }
        DependencyMeasure::Smile { tau } => {
            mean(joint, &|v| v) - mean(product, &|v| v.clamp(-tau, tau).exp()).ln()
        }
        DependencyMeasure::InfoNce => {
            let (n, k) = (joint.len(), product.len() / joint.len());
            let row = |i: usize| {
                let negatives = (0..k).map(|draw| product[draw * n + i].exp());
                let mean = (joint[i].exp() + negatives.sum::<f64>()) / (k + 1) as f64;
                joint[i] - mean.ln()
            };
            (0..n).map(row).sum::<f64>() / n as f64
        }
        DependencyMeasure::FDivergence(member) => match member {
            FDivergence::Kl => pair(&|v| v, &|v| (v - 1.0).exp()),
            FDivergence::ReverseKl => pair(&|v| -(-v).exp(), &|v| v - 1.0),
            FDivergence::PearsonChi2 => pair(&|v| v, &|v| v * v / 4.0 + v),
            FDivergence::SquaredHellinger => pair(&|v| 1.0 - (-v).exp(), &|v| v.exp() - 1.0),
            FDivergence::JensenShannon => pair(&|v| ln_2 - softplus(-v), &|v| softplus(v) - ln_2),
            FDivergence::TotalVariation => pair(&|v| v.tanh() / 2.0, &|v| v.tanh() / 2.0),
        },
        DependencyMeasure::Wasserstein => pair(&|v| v, &|v| v),
        DependencyMeasure::WassersteinPaperLiteral => {
            mean(joint, &|v| v) - mean(product, &|v| v).max(0.0).ln()
        }
    }
}

fn tensor(scores: &[f64], device: &Device) -> Tensor<1> {
    let scores: Vec<f32> = scores.iter().map(|&score| score as f32).collect();
    Tensor::<1>::from_data(scores.as_slice(), device).require_grad()
}

#[test]
fn large_constant_and_few_scores_give_the_right_value() {
    let device = &Device::flex().autodiff();
    let cases: [(&[f64], &[f64]); 11] = [
        (&[0.3, -1.2, 2.0], &[0.1, -0.7, 1.5]),
        (&[80.0, 80.0], &[-80.0, -80.0]),
        (&[-80.0, -80.0], &[80.0, 80.0]),
        (&[80.0, -80.0], &[80.0, -80.0]),
        (&[80.0, -80.0], &[-80.0, 80.0]),
        (&[0.7; 4], &[0.7; 4]),
        (&[0.0; 4], &[0.0; 4]),
        (&[80.0; 4], &[80.0; 4]),
        (&[-80.0; 4], &[-80.0; 4]),
        (&[1.5], &[-0.5]),
        (&[1.5, 0.5], &[-0.5, 80.0, 1.0, 0.2, -80.0, 0.3]),
    ];
    for measure in DependencyMeasure::ALL {
        for (joint, product) in cases {
            let want = expected(measure, joint, product);
            let (joint, product) = (tensor(joint, device), tensor(product, device));
            let value = measure.value(joint.clone(), product.clone());
            let gradients = value.backward();
            let got = f64::from(value.into_scalar::<f32>());
            let close = (got - want).abs() <= 1e-4 + 1e-4 * want.abs();
            assert!(close || got == want, "{measure}: {got} and not {want}");
            // Only equation 8 as printed, with its misplaced logarithm, is infinite on such scores.
            if got.is_finite() {
                for scores in [joint, product] {
                    let gradient = scores.grad(&gradients).unwrap();
                    let gradient = gradient.try_into_vec_as::<f32>().unwrap();
                    assert!(
                        gradient.iter().all(|g| g.is_finite()),
                        "{measure}: {gradient:?}"
                    );
                }
            } else {
                assert_eq!(measure, DependencyMeasure::WassersteinPaperLiteral);
            }
        }
    }
}

#[test]
fn beyond_the_range_of_f32_a_value_is_infinite_and_not_undefined() {
    let device = &Device::flex().autodiff();
    for measure in DependencyMeasure::ALL {
        for scores in [
            [100.0, -100.0],
            [-100.0, 100.0],
            [100.0, 100.0],
            [-100.0, -100.0],
        ] {
            let [joint, product] = scores.map(|score| tensor(&[score, score], device));
            let value: f32 = measure.value(joint, product).into_scalar();
            let overflows = matches!(
                measure,
                DependencyMeasure::FDivergence(
                    FDivergence::Kl | FDivergence::ReverseKl | FDivergence::SquaredHellinger
                )
            );
            let degenerate = measure == DependencyMeasure::WassersteinPaperLiteral;
            let right = value.is_finite()
                || overflows && value == f32::NEG_INFINITY
                || degenerate && value == f32::INFINITY;
            assert!(right, "{measure} on {scores:?}: {value}");
        }
    }
}
