//! How the learning rate goes over a run.

use serde::{Deserialize, Serialize};

/// A schedule by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// The learning rate as it is.
    #[default]
    Constant,
    /// Linear warm-up from 0, then linear decay to 0 at the end: the MAG code since 2021-12, and what fine-tuning usually
    /// does.
    WarmupDecay,
    /// The MAG code from 2020-08 to 2021-12, whose call had the two numbers of steps the wrong way round: the rate rises from 0
    /// over the whole run and never decays.
    PaperEra,
}

impl Schedule {
    /// The factor of the learning rate at an update, counted from 0, of `updates`. `warmup` is a share of them.
    pub fn factor(self, update: usize, updates: usize, warmup: f64) -> f64 {
        let (update, updates) = (update as f64, updates.max(1) as f64);
        // Whole updates, as `get_linear_schedule_with_warmup` of Transformers takes them.
        let rising = (updates * warmup).floor();
        match self {
            Self::Constant => 1.0,
            Self::WarmupDecay if update < rising => update / rising.max(1.0),
            Self::WarmupDecay => ((updates - update) / (updates - rising).max(1.0)).max(0.0),
            Self::PaperEra => (update / updates).min(1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warm_up_rises_to_one_and_decays_to_zero() {
        let factor = |update| Schedule::WarmupDecay.factor(update, 20, 0.1);
        // Two of twenty updates rise.
        let expected = [(0, 0.0), (1, 0.5), (2, 1.0), (11, 0.5), (19, 1.0 / 18.0)];
        for (update, expected) in expected {
            assert!((factor(update) - expected).abs() < 1e-12, "{update}");
        }
        assert_eq!(factor(20), 0.0);
        assert_eq!(Schedule::WarmupDecay.factor(0, 20, 0.0), 1.0);
    }

    #[test]
    fn the_schedule_of_the_papers_time_rises_to_the_end() {
        let factor = |update| Schedule::PaperEra.factor(update, 20, 0.1);
        assert_eq!([factor(0), factor(5), factor(19)], [0.0, 0.25, 0.95]);
    }

    #[test]
    fn a_constant_rate_stays() {
        let all = (0..9).map(|update| Schedule::Constant.factor(update, 9, 0.5));
        assert!(all.into_iter().all(|factor| factor == 1.0));
    }
}
