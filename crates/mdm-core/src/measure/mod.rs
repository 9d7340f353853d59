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
mod nwj;
mod smile;

use std::fmt;
use std::str::FromStr;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

pub use donsker_varadhan::donsker_varadhan;
pub use f_divergence::FDivergence;
pub use info_nce::info_nce;
pub use jensen_shannon::{jensen_shannon, jensen_shannon_raw};
pub use kantorovich_rubinstein::{kantorovich_rubinstein, kantorovich_rubinstein_paper_literal};
pub use nwj::nwj;
pub use smile::{smile, smile_jensen_shannon};

use crate::Error;

/// The measures by the names that configs and command lines use.
///
/// | name | measure | equation |
/// |---|---|---|
/// | `kl` | total correlation, [`donsker_varadhan`] | 6 |
/// | `f` | f-divergence of the paper (its KL member), [`nwj`] | 7 |
/// | `f-reverse-kl`, `f-pearson-chi2`, `f-squared-hellinger`, `f-jensen-shannon`, `f-total-variation` | [`FDivergence`] | – |
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
/// assert!("entropy".parse::<DependencyMeasure>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum DependencyMeasure {
    /// Total correlation through the Donsker–Varadhan bound.
    TotalCorrelation,
    /// An f-divergence; equation 7 of the paper is [`FDivergence::Kl`].
    FDivergence(FDivergence),
    /// Wasserstein-1 through its Kantorovich–Rubinstein dual.
    Wasserstein,
    /// Equation 8 as printed, with its misplaced logarithm.
    WassersteinPaperLiteral,
}

impl DependencyMeasure {
    /// Every measure, in the order of the table above.
    pub const ALL: [Self; 9] = [
        Self::TotalCorrelation,
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
    /// # Shapes
    ///
    /// - `scores_joint`: `[n]`, n ≥ 1
    /// - `scores_product`: `[m]`, m ≥ 1
    /// - output: `[1]`
    pub fn value(self, scores_joint: Tensor<1>, scores_product: Tensor<1>) -> Tensor<1> {
        match self {
            Self::TotalCorrelation => donsker_varadhan(scores_joint, scores_product),
            Self::FDivergence(member) => member.bound(scores_joint, scores_product),
            Self::Wasserstein => kantorovich_rubinstein(scores_joint, scores_product),
            Self::WassersteinPaperLiteral => {
                kantorovich_rubinstein_paper_literal(scores_joint, scores_product)
            }
        }
    }
}

impl fmt::Display for DependencyMeasure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TotalCorrelation => f.write_str("kl"),
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
        Self::ALL
            .into_iter()
            .find(|measure| measure.to_string() == name)
            .ok_or_else(|| Error::UnknownMeasure {
                name: name.to_owned(),
                known: Self::ALL.map(|measure| measure.to_string()).join(", "),
            })
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
        for measure in DependencyMeasure::ALL {
            assert_eq!(
                measure.to_string().parse::<DependencyMeasure>().unwrap(),
                measure
            );
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
