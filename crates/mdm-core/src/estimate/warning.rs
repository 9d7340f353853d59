use std::fmt;

use serde::Serialize;

/// What makes an estimate doubtful.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Warning {
    /// The steps ran out before the validation value had stopped improving. More steps may raise the estimate.
    NeverStopped {
        /// Critics that this happened to.
        critics: usize,
        /// All critics.
        of: usize,
    },
    /// The steps ran out while the validation value was still rising by more than 2 % (and 0.02) over their last fifth.
    StillRising {
        /// Critics that this happened to.
        critics: usize,
        /// All critics.
        of: usize,
    },
    /// The estimate lies within one nat of the largest value that its samples can show: `ln k` of the number of
    /// samples that one is compared with. It may be far higher in truth.
    NearLogarithmicLimit {
        /// Which variables.
        term: String,
        /// The limit in nats.
        limit: f64,
    },
    /// Few product samples carry the partition term, so that the value is noisy and tends to be too high.
    FewEffectiveProducts {
        /// Which variables.
        term: String,
        /// Effective number of product samples, the smallest over the folds.
        effective: f64,
        /// Their number.
        of: usize,
    },
    /// A critic that ends in a sigmoid bounds the measure, whatever the dependence: it is a score, not an estimate.
    SigmoidCeiling {
        /// The bound.
        ceiling: f64,
    },
    /// A column takes a single value and says nothing.
    ConstantColumn {
        /// The variable.
        variable: String,
        /// The column, counted from 0.
        column: usize,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverStopped { critics, of } => write!(
                f,
                "{critics} of {of} critics ran out of steps before early stopping; more steps (max_steps) may raise the estimate"
            ),
            Self::StillRising { critics, of } => write!(
                f,
                "{critics} of {of} critics were still rising when the steps ran out; the estimate is too low, raise max_steps"
            ),
            Self::NearLogarithmicLimit { term, limit } => write!(
                f,
                "{term}: the estimate is near {limit:.2} nats, the most that this many samples can show; the truth may be higher"
            ),
            Self::FewEffectiveProducts {
                term,
                effective,
                of,
            } => write!(
                f,
                "{term}: about {effective:.0} of {of} product samples carry the partition term; the estimate is noisy and may be too high"
            ),
            Self::SigmoidCeiling { ceiling } => write!(
                f,
                "the critic ends in a sigmoid, which bounds this measure by {ceiling:.3}: a dependence score, not an estimate"
            ),
            Self::ConstantColumn { variable, column } => write!(
                f,
                "variable `{variable}`: column {column} (counted from 0) is constant and says nothing"
            ),
        }
    }
}
