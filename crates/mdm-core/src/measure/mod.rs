//! Dependency measures: pure functions of two score vectors.
//!
//! A measure compares what a critic says of samples of the joint law (`scores_joint`) with what it says of samples of
//! the product of the marginals (`scores_product`). It knows nothing of networks, optimisers, sampling or Lipschitz
//! constraints. All are larger when the variables are more dependent; those of the Kullback–Leibler family are in
//! nats.
//!
//! [`DependencyMeasure`] names the ones that a config can choose.

mod donsker_varadhan;
mod f_divergence;
mod info_nce;
mod jensen_shannon;
mod kantorovich_rubinstein;
mod mine;
mod nwj;
#[cfg(test)]
mod robustness;
mod smile;

use std::fmt;
use std::str::FromStr;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

pub use donsker_varadhan::donsker_varadhan;
pub use f_divergence::FDivergence;
pub use info_nce::{info_nce, info_nce_sampled};
pub use jensen_shannon::{jensen_shannon, jensen_shannon_raw};
pub use kantorovich_rubinstein::{kantorovich_rubinstein, kantorovich_rubinstein_paper_literal};
pub(crate) use mine::CriticValue;
pub use mine::{MINE_RATE, mine};
pub use nwj::nwj;
pub use smile::{SMILE_TAU, smile, smile_jensen_shannon};

use crate::Error;

/// The measures by the names that configs and command lines use.
///
/// | name | measure | equation |
/// |---|---|---|
/// | `kl` | total correlation, [`donsker_varadhan`] | 6 |
/// | `mine`, `mine:RATE` | the same value with the corrected gradient of [`mine`] for the critic | 6 |
/// | `smile`, `smile:TAU`, `smile:inf` | [`smile_jensen_shannon`], total correlation with a clipped partition term | – |
/// | `info-nce` | [`info_nce_sampled`], total correlation up to ln(k + 1) | – |
/// | `f` (also `nwj`) | f-divergence of the paper (its KL member), [`nwj`] | 7 |
/// | `f-jensen-shannon` (also `js`), `f-reverse-kl`, `f-pearson-chi2`, `f-squared-hellinger`, `f-total-variation` | [`FDivergence`] | – |
/// | `wasserstein` | [`kantorovich_rubinstein`] | 8, without its logarithm |
/// | `wasserstein-paper-literal` | [`kantorovich_rubinstein_paper_literal`] | 8 as printed |
///
/// # Example
///
/// ```
/// use mdm_core::DependencyMeasure;
///
/// let measure: DependencyMeasure = "kl".parse().unwrap();
/// assert_eq!(measure, DependencyMeasure::TotalCorrelation);
/// let measure: DependencyMeasure = "smile:1".parse().unwrap();
/// assert_eq!(measure, DependencyMeasure::Smile { tau: 1.0 });
/// assert!("entropy".parse::<DependencyMeasure>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum DependencyMeasure {
    /// Total correlation through the Donsker–Varadhan bound.
    TotalCorrelation,
    /// Total correlation through the Donsker–Varadhan bound, the critic trained with MINE's running mean.
    Mine {
        /// Share of the newest batch in the running mean, in (0, 1]. Default: [`MINE_RATE`].
        rate: f64,
    },
    /// Total correlation through SMILE; critic and encoder are trained with the gradient of the Jensen–Shannon bound.
    Smile {
        /// Where the scores are clipped in the partition term; above 0, infinite for nowhere. Default: [`SMILE_TAU`].
        tau: f64,
    },
    /// Total correlation through InfoNCE, at most ln(k + 1) nats with k product samples for each joint one: ln 2 where,
    /// as in two-stage training, there is one.
    InfoNce,
    /// An f-divergence; equation 7 of the paper is [`FDivergence::Kl`].
    FDivergence(FDivergence),
    /// Wasserstein-1 through its Kantorovich–Rubinstein dual.
    Wasserstein,
    /// Equation 8 as printed, with its misplaced logarithm.
    WassersteinPaperLiteral,
}

impl DependencyMeasure {
    /// Every measure with its default settings.
    pub const ALL: [Self; 12] = [
        Self::TotalCorrelation,
        Self::Mine { rate: MINE_RATE },
        Self::Smile { tau: SMILE_TAU },
        Self::InfoNce,
        Self::FDivergence(FDivergence::Kl),
        Self::FDivergence(FDivergence::ReverseKl),
        Self::FDivergence(FDivergence::PearsonChi2),
        Self::FDivergence(FDivergence::SquaredHellinger),
        Self::FDivergence(FDivergence::JensenShannon),
        Self::FDivergence(FDivergence::TotalVariation),
        Self::Wasserstein,
        Self::WassersteinPaperLiteral,
    ];

    /// The value for two vectors of scores; larger means more dependent.
    ///
    /// For `mine` it is that of [`donsker_varadhan`], gradient included: the running mean is no part of a function of
    /// one batch, [`DependencyObjective`](crate::DependencyObjective) holds it.
    ///
    /// # Shapes
    ///
    /// - `scores_joint`: `[n]`, n ≥ 1
    /// - `scores_product`: `[m]`, m ≥ 1
    /// - output: `[1]`
    ///
    /// # Numerics
    ///
    /// Finite and right for scores up to ±80. Some members of [`FDivergence`] are −∞ beyond ±88, and
    /// `wasserstein-paper-literal` is +∞ where the mean of `scores_product` is not positive; no measure of finite
    /// scores is NaN.
    ///
    /// # Panics
    ///
    /// `info-nce`, when m is no multiple of n.
    pub fn value(self, scores_joint: Tensor<1>, scores_product: Tensor<1>) -> Tensor<1> {
        match self {
            Self::TotalCorrelation | Self::Mine { .. } => {
                donsker_varadhan(scores_joint, scores_product)
            }
            Self::Smile { tau } => smile_jensen_shannon(scores_joint, scores_product, tau),
            Self::InfoNce => info_nce_sampled(scores_joint, scores_product),
            Self::FDivergence(member) => member.bound(scores_joint, scores_product),
            Self::Wasserstein => kantorovich_rubinstein(scores_joint, scores_product),
            Self::WassersteinPaperLiteral => {
                kantorovich_rubinstein_paper_literal(scores_joint, scores_product)
            }
        }
    }

    /// Checks the ranges of the settings.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a rate or τ outside its range.
    pub fn check(self) -> Result<(), Error> {
        let (field, expected, found) = match self {
            Self::Mine { rate } if rate.is_nan() || rate <= 0.0 || rate > 1.0 => {
                ("rate of mine", "above 0 and at most 1", rate)
            }
            Self::Smile { tau } if tau.is_nan() || tau <= 0.0 => {
                ("tau of smile", "a number above 0, or inf", tau)
            }
            _ => return Ok(()),
        };
        Err(Error::InvalidConfig {
            field,
            expected,
            found: found.to_string(),
        })
    }
}

impl fmt::Display for DependencyMeasure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TotalCorrelation => f.write_str("kl"),
            Self::Mine { rate } if *rate == MINE_RATE => f.write_str("mine"),
            Self::Mine { rate } => write!(f, "mine:{rate}"),
            Self::Smile { tau } if *tau == SMILE_TAU => f.write_str("smile"),
            Self::Smile { tau } => write!(f, "smile:{tau}"),
            Self::InfoNce => f.write_str("info-nce"),
            Self::FDivergence(FDivergence::Kl) => f.write_str("f"),
            Self::FDivergence(member) => write!(f, "f-{}", member.name()),
            Self::Wasserstein => f.write_str("wasserstein"),
            Self::WassersteinPaperLiteral => f.write_str("wasserstein-paper-literal"),
        }
    }
}

impl FromStr for DependencyMeasure {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let unknown = || Error::UnknownMeasure {
            name: name.to_owned(),
            known: Self::ALL.map(|measure| measure.to_string()).join(", "),
        };
        let Some((measure, setting)) = name.split_once(':') else {
            return match name {
                "nwj" => Ok(Self::FDivergence(FDivergence::Kl)),
                "js" => Ok(Self::FDivergence(FDivergence::JensenShannon)),
                _ => Self::ALL
                    .into_iter()
                    .find(|measure| measure.to_string() == name)
                    .ok_or_else(unknown),
            };
        };
        // What is no number fails the check, as NaN.
        let number = setting.parse().unwrap_or(f64::NAN);
        let measure = match measure {
            "mine" => Self::Mine { rate: number },
            "smile" => Self::Smile { tau: number },
            _ => return Err(unknown()),
        };
        match measure.check() {
            Err(Error::InvalidConfig {
                field, expected, ..
            }) => Err(Error::InvalidConfig {
                field,
                expected,
                found: format!("`{setting}`"),
            }),
            checked => checked.map(|()| measure),
        }
    }
}

impl TryFrom<String> for DependencyMeasure {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        name.parse()
    }
}

impl From<DependencyMeasure> for String {
    fn from(measure: DependencyMeasure) -> Self {
        measure.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn every_name_reads_back() {
        let settings = [
            DependencyMeasure::Mine { rate: 0.1 },
            DependencyMeasure::Smile { tau: 0.5 },
            DependencyMeasure::Smile { tau: f64::INFINITY },
        ];
        for measure in DependencyMeasure::ALL.into_iter().chain(settings) {
            assert_eq!(
                measure.to_string().parse::<DependencyMeasure>().unwrap(),
                measure
            );
        }
        for (name, measure) in [
            ("smile:5", "smile"),
            ("nwj", "f"),
            ("js", "f-jensen-shannon"),
        ] {
            let parsed: DependencyMeasure = name.parse().unwrap();
            assert_eq!(parsed.to_string(), measure);
        }
    }

    #[test]
    fn names_without_a_measure_are_errors() {
        for name in [
            "",
            "entropy",
            "kl:1",
            "smile:",
            "smile:0",
            "smile:-1",
            "smile:nan",
            "smile:x",
            "mine:0",
            "mine:1.5",
            "mine:inf",
            "info-nce:3",
        ] {
            assert!(name.parse::<DependencyMeasure>().is_err(), "{name}");
        }
    }

    #[test]
    fn equal_scores_mean_no_dependence_for_the_kl_family() {
        let device = Device::flex();
        let one = Tensor::<1>::ones([4], &device);
        for (measure, expected) in [
            (DependencyMeasure::TotalCorrelation, 0.0),
            (DependencyMeasure::FDivergence(FDivergence::Kl), 0.0),
            (DependencyMeasure::Wasserstein, 0.0),
        ] {
            let value: f32 = measure.value(one.clone(), one.clone()).into_scalar();
            assert!((value - expected).abs() < 1e-6, "{measure}: {value}");
        }
    }

    #[test]
    fn nwj_never_exceeds_donsker_varadhan() {
        let device = Device::flex();
        let joint = Tensor::<1>::from_floats([0.3, 2.0, -1.0], &device);
        let product = Tensor::<1>::from_floats([0.1, -2.0, 3.0], &device);
        let dv: f32 = donsker_varadhan(joint.clone(), product.clone()).into_scalar();
        let lower: f32 = nwj(joint, product).into_scalar();
        assert!(lower <= dv, "{lower} > {dv}");
    }
}
