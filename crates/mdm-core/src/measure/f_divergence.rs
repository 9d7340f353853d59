use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};
use std::f64::consts::LN_2;

use crate::numerics::softplus;

/// The f-divergences with a variational bound `E_p[g(T)] − E_q[f*(g(T))]`.
///
/// `f*` is the convex conjugate of the divergence's generator and `g` an activation that keeps the critic's output in
/// the domain of `f*`, as in f-GAN (Nowozin et al., 2016, tables 1 and 2). The last column is the score with which the
/// bound is the divergence, for the log density ratio `L = ln(dp/dq)`:
///
/// | member | g(v) | f*(g(v)) | optimal score |
/// |---|---|---|---|
/// | `Kl` | v | exp(v − 1) | 1 + L |
/// | `ReverseKl` | −exp(−v) | v − 1 | L |
/// | `PearsonChi2` | v | v²/4 + v | 2 (exp(L) − 1) |
/// | `SquaredHellinger` | 1 − exp(−v) | exp(v) − 1 | L/2 |
/// | `JensenShannon` | ln 2 − softplus(−v) | softplus(v) − ln 2 | L |
/// | `TotalVariation` | tanh(v)/2 | tanh(v)/2 | +∞ where L > 0, −∞ where L < 0 |
///
/// # Numerics
///
/// The exponentials leave the range of `f32` at 88.7: those of `Kl` for `scores_product` above 89.7, of `ReverseKl` for
/// `scores_joint` below −88.7, of `SquaredHellinger` for both. The bound is then −∞, never NaN. The others are finite
/// for all scores up to 10¹⁹.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FDivergence {
    /// Kullback–Leibler; the same as [`nwj`](super::nwj).
    Kl,
    /// Kullback–Leibler with its arguments exchanged.
    ReverseKl,
    /// Pearson's χ².
    PearsonChi2,
    /// Squared Hellinger, at most 2 (the integral of (√p − √q)²).
    SquaredHellinger,
    /// Jensen–Shannon in f-GAN's scaling, at most 2 ln 2; the same as [`jensen_shannon`](super::jensen_shannon).
    JensenShannon,
    /// Total variation, at most 1.
    TotalVariation,
}

impl FDivergence {
    /// Every member, in the order of the table.
    pub const ALL: [Self; 6] = [
        Self::Kl,
        Self::ReverseKl,
        Self::PearsonChi2,
        Self::SquaredHellinger,
        Self::JensenShannon,
        Self::TotalVariation,
    ];

    /// The bound `mean(g(scores_joint)) − mean(f*(g(scores_product)))`.
    ///
    /// # Shapes
    ///
    /// - `scores_joint`: `[n]`
    /// - `scores_product`: `[m]`
    /// - output: `[1]`
    ///
    /// # Example
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use mdm_core::measure::FDivergence;
    ///
    /// let device = Device::flex();
    /// let joint = Tensor::from_floats([2.0], &device);
    /// let product = Tensor::from_floats([-2.0], &device);
    /// // 2 − ((−2)²/4 − 2) = 3
    /// assert_eq!(FDivergence::PearsonChi2.bound(joint, product).into_scalar::<f32>(), 3.0);
    /// ```
    pub fn bound(self, scores_joint: Tensor<1>, scores_product: Tensor<1>) -> Tensor<1> {
        self.activation(scores_joint).mean() - self.conjugate(scores_product).mean()
    }

    /// `g(v)`, element by element.
    pub fn activation<const D: usize>(self, v: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Kl | Self::PearsonChi2 => v,
            Self::ReverseKl => v.neg().exp().neg(),
            Self::SquaredHellinger => v.neg().exp().neg() + 1.0,
            Self::JensenShannon => softplus(v.neg()).neg() + LN_2,
            Self::TotalVariation => activation::tanh(v) * 0.5,
        }
    }

    /// `f*(g(v))`, element by element.
    pub fn conjugate<const D: usize>(self, v: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Kl => (v - 1.0).exp(),
            Self::ReverseKl => v - 1.0,
            Self::PearsonChi2 => v.clone().square() * 0.25 + v,
            Self::SquaredHellinger => v.exp() - 1.0,
            Self::JensenShannon => softplus(v) - LN_2,
            Self::TotalVariation => activation::tanh(v) * 0.5,
        }
    }

    /// The score with which the bound is the divergence, for a log density ratio, element by element.
    ///
    /// ```text
    /// g⁻¹( f′( exp(log_ratio) ) )
    /// ```
    ///
    /// The table of the type has it for each member. For total variation it is infinite, and ±20 stands for it here:
    /// `tanh(20)` is 1 to rounding.
    ///
    /// # Example
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use mdm_core::measure::FDivergence;
    ///
    /// // Where p = 2 q
    /// let log_ratio = Tensor::<1>::from_floats([2f32.ln()], &Device::flex());
    /// let score: f32 = FDivergence::PearsonChi2.optimal_score(log_ratio).into_scalar();
    /// assert!((score - 2.0).abs() < 1e-6);
    /// ```
    pub fn optimal_score<const D: usize>(self, log_ratio: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Kl => log_ratio + 1.0,
            Self::ReverseKl | Self::JensenShannon => log_ratio,
            Self::PearsonChi2 => (log_ratio.exp() - 1.0) * 2.0,
            Self::SquaredHellinger => log_ratio * 0.5,
            Self::TotalVariation => log_ratio.sign() * 20.0,
        }
    }

    /// The name in configs, after the `f-` prefix.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kl => "kl",
            Self::ReverseKl => "reverse-kl",
            Self::PearsonChi2 => "pearson-chi2",
            Self::SquaredHellinger => "squared-hellinger",
            Self::JensenShannon => "jensen-shannon",
            Self::TotalVariation => "total-variation",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    /// Scores of the outcomes as often as each comes up.
    fn sample(scores: &Tensor<1>, counts: [usize; 3]) -> Tensor<1> {
        let scores = scores.clone().try_into_vec_as::<f32>().unwrap();
        let pairs = scores.into_iter().zip(counts);
        let sample: Vec<f32> = pairs.flat_map(|(score, n)| vec![score; n]).collect();
        Tensor::from_data(sample.as_slice(), &Device::flex())
    }

    #[test]
    fn the_optimal_score_attains_the_divergence() {
        // Three outcomes with probabilities p and q, in tenths.
        let (p, q) = ([5, 3, 2], [1, 3, 6]);
        let sum = |term: &dyn Fn(f64, f64) -> f64| -> f64 {
            let pairs = p.into_iter().zip(q);
            pairs
                .map(|(p, q)| term(p as f64 / 10.0, q as f64 / 10.0))
                .sum()
        };
        let kl = |p: f64, q: f64| p * (p / q).ln();
        let ratios: Vec<f32> = p
            .iter()
            .zip(q)
            .map(|(&p, q)| (p as f32 / q as f32).ln())
            .collect();
        let log_ratio = Tensor::<1>::from_data(ratios.as_slice(), &Device::flex());
        for member in FDivergence::ALL {
            let divergence = match member {
                FDivergence::Kl => sum(&kl),
                FDivergence::ReverseKl => sum(&|p, q| kl(q, p)),
                FDivergence::PearsonChi2 => sum(&|p, q| (p - q).powi(2) / q),
                FDivergence::SquaredHellinger => sum(&|p, q| (p.sqrt() - q.sqrt()).powi(2)),
                FDivergence::JensenShannon => {
                    sum(&|p, q| kl(p, (p + q) / 2.0) + kl(q, (p + q) / 2.0))
                }
                FDivergence::TotalVariation => sum(&|p, q| (p - q).abs() / 2.0),
            };
            let bound = |scores: Tensor<1>| -> f64 {
                let value = member.bound(sample(&scores, p), sample(&scores, q));
                f64::from(value.into_scalar::<f32>())
            };
            let best = member.optimal_score(log_ratio.clone());
            let attained = bound(best.clone());
            assert!(
                (attained - divergence).abs() < 1e-5,
                "{member:?}: {attained}, {divergence}"
            );
            for other in [best.clone() * 0.9, best + 0.1] {
                assert!(bound(other) <= attained + 1e-6, "{member:?}");
            }
        }
    }
}
