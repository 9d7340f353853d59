use serde::{Deserialize, Serialize};

use super::Scaling;
use crate::{CriticOutput, DependencyMeasure, Error, FDivergence, Lipschitz};

/// Settings of an [`Estimator`](super::Estimator). The defaults are right for samples of any law, from a few hundred
/// samples on; `docs/estimators.md` of the repository shows what they reach.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EstimatorConfig {
    /// What is estimated. Default: `kl`, the total correlation by the Donsker–Varadhan bound.
    pub measure: DependencyMeasure,
    /// The network. Default (`None`): [`EstimatorCritic::Separable`] for InfoNCE between two groups of variables, else
    /// [`EstimatorCritic::Mlp`].
    pub critic: Option<EstimatorCritic>,
    /// Widths of the network's hidden layers, each at least 1. Default: 64, 64.
    pub hidden: Vec<usize>,
    /// What stands after the network's last layer. Default: nothing. With the paper's sigmoid the measures saturate:
    /// total correlation and Wasserstein at 1, equation 7 at 1 − 1/e.
    pub output: CriticOutput,
    /// Add the log density ratio of the Gaussian law with the samples' (regularised) correlations to the network's
    /// scores, so that the network learns what correlations do not tell. Any critic gives a bound, this one a tight one
    /// where 10,000 samples are too few for a network alone. Default: on; without effect on Wasserstein, χ² and total
    /// variation, whose best critic is no shifted log ratio, and under a sigmoid.
    pub gaussian: bool,
    /// Estimate a total correlation as the sum of `I(X_1..X_k-1 ; X_k)` over k, each with a critic of its own: the
    /// variance of a bound grows like `exp(value)`, so that several small values are known better than one large
    /// one. Default: on; without effect on two variables and on measures that do not add up so.
    pub chain: bool,
    /// What is done to the variables first. Default (`None`): [`Scaling::Common`] for Wasserstein, which is measured in
    /// the units of the data, else [`Scaling::NormalScores`].
    pub scaling: Option<Scaling>,
    /// Constraint of the critic. Default (`None`): for Wasserstein the one-sided gradient penalty of weight 100, else
    /// nothing. Under spectral normalisation the value stays well below the distance: a product of layers of norm 1
    /// rarely has slope 1 in all the places where it should.
    pub lipschitz: Option<Lipschitz>,
    /// Each of so many parts of the samples is held out in turn while a critic is fitted to the others; at least 2.
    /// Default: 5. The estimate comes from all samples, none of them seen by the critic that scores it.
    pub folds: usize,
    /// Samples in a batch; at least the number of variables. Default: 512.
    pub batch_size: usize,
    /// Product samples for each joint one in training; at least 1. Default (`None`): 15 for InfoNCE, else 1. InfoNCE with
    /// a separable or bilinear critic takes all pairs of the batch instead.
    pub products: Option<usize>,
    /// Product samples for each held-out one; at least 1. Default: 64. They are fewer where that would make more than a
    /// million in a fold.
    pub held_out_products: usize,
    /// Most optimiser steps of a fold; the learning rate falls to 0 over them (cosine). Default: 1500.
    pub max_steps: usize,
    /// Steps between two looks at the validation samples (an eighth of the training ones); at least 1. Default: 25.
    pub check_every: usize,
    /// Looks without improvement before training stops; the best critic is kept. Default: 10.
    pub patience: usize,
    /// Learning rate of AdamW; above 0. Default: 5e-3.
    pub learning_rate: f64,
    /// AdamW's decoupled weight decay; at least 0. Default: 1e-4.
    pub weight_decay: f64,
    /// Share of the newest weights in the running mean of the weights, which is what is validated and kept: a mean over
    /// the last hundred steps or so generalises better than the last step. In (0, 1]; 1 keeps the newest. Without effect
    /// under a Lipschitz constraint. Default: 0.01.
    pub averaging: f64,
    /// Bootstrap replicates behind the confidence interval; at least 100. Default: 1000.
    pub bootstrap: usize,
    /// Everything random is drawn from this seed. Default: 0.
    pub seed: u64,
}

impl Default for EstimatorConfig {
    fn default() -> Self {
        Self {
            measure: DependencyMeasure::TotalCorrelation,
            critic: None,
            hidden: vec![64, 64],
            output: CriticOutput::Identity,
            gaussian: true,
            chain: true,
            scaling: None,
            lipschitz: None,
            folds: 5,
            batch_size: 512,
            products: None,
            held_out_products: 64,
            max_steps: 1500,
            check_every: 25,
            patience: 10,
            learning_rate: 5e-3,
            weight_decay: 1e-4,
            averaging: 0.01,
            bootstrap: 1000,
            seed: 0,
        }
    }
}

/// The network of an estimator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EstimatorCritic {
    /// One network on all variables together.
    #[default]
    Mlp,
    /// `g(x) · h(y)` with a network for each of two variables: scores every pair of a batch for the price of its rows,
    /// so that InfoNCE contrasts each sample with all others.
    Separable,
    /// `xᵀ W y`: a separable critic without hidden layers.
    Bilinear,
}

impl EstimatorConfig {
    /// The defaults for a measure.
    pub fn new(measure: DependencyMeasure) -> Self {
        Self {
            measure,
            ..Self::default()
        }
    }

    /// Replaces the seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Checks every setting against its range.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] naming the first setting that is outside.
    pub fn check(&self) -> Result<(), Error> {
        self.measure.check()?;
        self.lipschitz().check()?;
        let at_least = |field, least: usize, expected, found: usize| {
            if found >= least {
                return Ok(());
            }
            Err(Error::InvalidConfig {
                field,
                expected,
                found: found.to_string(),
            })
        };
        let narrowest = self.hidden.iter().copied().min().unwrap_or(1);
        at_least("hidden", 1, "widths of at least 1", narrowest)?;
        at_least("folds", 2, "at least 2", self.folds)?;
        at_least("batch_size", 2, "at least 2", self.batch_size)?;
        at_least("products", 1, "at least 1", self.products())?;
        at_least("held_out_products", 1, "at least 1", self.held_out_products)?;
        at_least("check_every", 1, "at least 1", self.check_every)?;
        at_least("patience", 1, "at least 1", self.patience)?;
        at_least("bootstrap", 100, "at least 100", self.bootstrap)?;
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return Err(Error::InvalidConfig {
                field: "learning_rate",
                expected: "a positive number",
                found: self.learning_rate.to_string(),
            });
        }
        if !(self.weight_decay >= 0.0 && self.weight_decay.is_finite()) {
            return Err(Error::InvalidConfig {
                field: "weight_decay",
                expected: "0 or a positive number",
                found: self.weight_decay.to_string(),
            });
        }
        if !(self.averaging > 0.0 && self.averaging <= 1.0) {
            return Err(Error::InvalidConfig {
                field: "averaging",
                expected: "in (0, 1]",
                found: self.averaging.to_string(),
            });
        }
        let plain = self.output == CriticOutput::Identity && self.lipschitz() == Lipschitz::None;
        match self.critic {
            Some(critic @ (EstimatorCritic::Separable | EstimatorCritic::Bilinear)) if !plain => {
                Err(Error::InvalidConfig {
                    field: "critic",
                    expected: "mlp with a sigmoid output or a Lipschitz constraint",
                    found: format!("{critic:?}").to_lowercase(),
                })
            }
            _ => Ok(()),
        }
    }

    /// The network between so many groups of variables, by the measure where none is set.
    pub(super) fn critic(&self, groups: usize) -> EstimatorCritic {
        let plain = self.output == CriticOutput::Identity && self.lipschitz() == Lipschitz::None;
        self.critic.unwrap_or(match self.measure {
            DependencyMeasure::InfoNce if groups == 2 && plain => EstimatorCritic::Separable,
            _ => EstimatorCritic::Mlp,
        })
    }

    /// The constraint, by the measure where none is set.
    pub(super) fn lipschitz(&self) -> Lipschitz {
        self.lipschitz.unwrap_or(match self.measure {
            DependencyMeasure::Wasserstein => Lipschitz::GradientPenalty {
                weight: 100.0,
                one_sided: true,
            },
            _ => Lipschitz::None,
        })
    }

    /// The scaling, by the measure where none is set.
    pub(super) fn scaling(&self) -> Scaling {
        self.scaling.unwrap_or(match self.measure {
            DependencyMeasure::Wasserstein | DependencyMeasure::WassersteinPaperLiteral => {
                Scaling::Common
            }
            _ => Scaling::NormalScores,
        })
    }

    /// Product samples for each joint one in training, by the measure where none is set.
    pub(super) fn products(&self) -> usize {
        self.products.unwrap_or(match self.measure {
            DependencyMeasure::InfoNce => 15,
            _ => 1,
        })
    }

    /// Whether the chain rule is used: it holds for the Kullback–Leibler divergence alone.
    pub(super) fn chain(&self) -> bool {
        self.chain && is_kullback_leibler(self.measure)
    }
}

/// Whether a measure estimates the total correlation.
pub(super) fn is_kullback_leibler(measure: DependencyMeasure) -> bool {
    use DependencyMeasure as M;
    match measure {
        M::TotalCorrelation | M::Mine { .. } | M::Smile { .. } | M::InfoNce => true,
        M::FDivergence(member) => member == FDivergence::Kl,
        M::Wasserstein | M::WassersteinPaperLiteral => false,
    }
}
