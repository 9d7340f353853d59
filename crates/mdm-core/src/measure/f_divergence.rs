use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};
use std::f64::consts::LN_2;

use crate::numerics::softplus;

/// The f-divergences with a variational bound `E_p[g(T)] − E_q[f*(g(T))]`.
///
/// `f*` is the convex conjugate of the divergence's generator and `g` an activation that keeps the critic's output in
/// the domain of `f*`, as in f-GAN (Nowozin et al., 2016, tables 1 and 2):
///
/// | member | g(v) | f*(g(v)) |
/// |---|---|---|
/// | `Kl` | v | exp(v − 1) |
/// | `ReverseKl` | −exp(−v) | v − 1 |
/// | `PearsonChi2` | v | v²/4 + v |
/// | `SquaredHellinger` | 1 − exp(−v) | exp(v) − 1 |
/// | `JensenShannon` | ln 2 − softplus(−v) | softplus(v) − ln 2 |
/// | `TotalVariation` | tanh(v)/2 | tanh(v)/2 |
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
