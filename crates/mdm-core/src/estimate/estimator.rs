use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use burn::tensor::Device;
use rand::RngExt;
use rand::seq::SliceRandom;
use serde::Serialize;

use super::config::{EstimatorConfig, is_kullback_leibler};
use super::fold::{self, CurvePoint, Fold, Split};
use super::link::{Link, links};
use super::{Samples, Warning};
use crate::{CriticOutput, DependencyMeasure, Error, FDivergence, Lipschitz, seed};

/// Estimates the dependence of variables from their samples. See the [module](crate::estimate) for how.
#[derive(Debug, Clone)]
pub struct Estimator {
    config: EstimatorConfig,
    device: Device,
}

/// What an [`Estimator`] found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Estimate {
    /// The measure on held-out samples: in nats for the divergences, in the units of the data for Wasserstein.
    pub value: f64,
    /// 95 % interval from a bootstrap over the held-out samples.
    pub ci95: [f64; 2],
    /// What was estimated.
    pub measure: DependencyMeasure,
    /// Samples.
    pub n: usize,
    /// What the value is the sum of: the links of the chain rule, or one term.
    pub terms: Vec<Term>,
    /// What each sample adds, in the order of the samples, from critics that have not seen it. For the measures of the
    /// total correlation an estimate of `ln( p(x_1..x_N) / Π_k p(x_k) )`: positive where the variables of a sample fit
    /// each other; else the bare score T_θ.
    pub scores: Vec<f64>,
    /// Reasons to doubt the value.
    pub warnings: Vec<Warning>,
}

/// A part of an [`Estimate`] with critics of its own, one for each fold.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Term {
    /// The variables, the groups that are compared separated by semicolons.
    pub variables: String,
    /// The value of this part.
    pub value: f64,
    /// The training curve of each fold.
    pub curves: Vec<Vec<CurvePoint>>,
}

impl Estimator {
    /// An estimator that computes on `device`, which must have autodiff on.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a setting outside its range, or a device without autodiff.
    pub fn new(config: EstimatorConfig, device: &Device) -> Result<Self, Error> {
        config.check()?;
        if !device.is_autodiff() {
            return Err(Error::InvalidConfig {
                field: "device",
                expected: "one with autodiff (`device.autodiff()`)",
                found: format!("{device:?}"),
            });
        }
        Ok(Self {
            config,
            device: device.clone(),
        })
    }

    /// Estimates the dependence of the samples' variables.
    ///
    /// The result is a function of the samples and the config. Critics are trained side by side on as many threads as
    /// the machine has cores.
    ///
    /// # Errors
    ///
    /// [`Error::TooFewSamples`] below ten samples a fold, [`Error::NotFinite`] when scores overflow.
    pub fn fit(&self, samples: &Samples) -> Result<Estimate, Error> {
        self.fit_with(samples, &|_, _| {})
    }

    /// As [`fit`](Self::fit), telling `progress` after each critic how many are done and how many there are.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit).
    pub fn fit_with(
        &self,
        samples: &Samples,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Estimate, Error> {
        let config = &self.config;
        let n = samples.len();
        let variables = samples.variables().len();
        let needed = config.folds * variables.max(10);
        if n < needed {
            return Err(Error::TooFewSamples {
                variables,
                needed,
                found: n,
            });
        }
        let inner = self.device.clone().without_autodiff();
        let (links, unit) = links(samples, config.scaling(), config.chain(), &inner);
        let splits = splits(n, variables, config);
        let folds = self.train(&links, &splits, progress)?;

        let mut terms = Vec::with_capacity(links.len());
        for (link, folds) in links.iter().zip(&folds) {
            terms.push(Term {
                variables: link.name.clone(),
                value: self.in_units(mean(folds.iter().map(|f| f.held_out.value())), unit),
                curves: folds.iter().map(|fold| fold.curve.clone()).collect(),
            });
        }
        let value = terms.iter().map(|term| term.value).sum::<f64>();
        let ci95 = self
            .interval(&folds)
            .map(|bound| self.in_units(bound, unit));
        if !(value.is_finite() && ci95.iter().all(|bound| bound.is_finite())) {
            return Err(Error::NotFinite {
                what: format!("the estimate of `{}`", config.measure),
            });
        }
        Ok(Estimate {
            value,
            ci95,
            measure: config.measure,
            n,
            scores: self.scores(&folds, n),
            warnings: self.warnings(samples, &terms, &folds),
            terms,
        })
    }

    /// The folds of each link, trained by a few threads that take one critic after the other.
    fn train(
        &self,
        links: &[Link],
        splits: &[Split],
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Vec<Vec<Fold>>, Error> {
        let jobs = links.len() * splits.len();
        let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let (next, done, failed) = (
            AtomicUsize::new(0),
            AtomicUsize::new(0),
            AtomicBool::new(false),
        );
        let results: Vec<Mutex<Option<Result<Fold, Error>>>> =
            (0..jobs).map(|_| Mutex::new(None)).collect();
        let work = || {
            while !failed.load(Ordering::Relaxed) {
                let job = next.fetch_add(1, Ordering::Relaxed);
                if job >= jobs {
                    break;
                }
                let (link, split) = (&links[job / splits.len()], &splits[job % splits.len()]);
                let rng = seed::stream(self.config.seed, "estimator", job as u64);
                let result = fold::run(link, split, &self.config, rng, &self.device);
                failed.fetch_or(result.is_err(), Ordering::Relaxed);
                *results[job].lock().expect("no thread panicked") = Some(result);
                progress(done.fetch_add(1, Ordering::Relaxed) + 1, jobs);
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..threads.min(jobs) {
                scope.spawn(work);
            }
        });
        let mut folds: Vec<Vec<Fold>> = links.iter().map(|_| Vec::new()).collect();
        for (job, result) in results.into_iter().enumerate() {
            // Jobs are left out only after one that failed.
            if let Some(fold) = result.into_inner().expect("no thread panicked") {
                folds[job / splits.len()].push(fold?);
            }
        }
        Ok(folds)
    }

    /// A value of the scaled samples as one of the samples as they came.
    ///
    /// A gradient penalty of weight w does not stop the slope at 1: with a critic of slope `1 + s` the gain `W s` meets
    /// the penalty `w s²` at `s = W / 2w`, where the value is `W (1 + W / 2w)`. That is solved for W here.
    fn in_units(&self, value: f64, unit: f64) -> f64 {
        unit * match self.config.lipschitz() {
            Lipschitz::GradientPenalty { weight, .. } if value > 0.0 => {
                weight * ((1.0 + 2.0 * value / weight).sqrt() - 1.0)
            }
            _ => value,
        }
    }

    /// Percentiles of the value over resamples of each fold, the same ones for every link.
    fn interval(&self, folds: &[Vec<Fold>]) -> [f64; 2] {
        let mut rng = seed::stream(self.config.seed, "bootstrap", 0);
        let mut values: Vec<f64> =
            (0..self.config.bootstrap)
                .map(|_| {
                    let resample: Vec<Vec<usize>> = folds[0]
                        .iter()
                        .map(|fold| {
                            let n = fold.held_out.rows.len();
                            (0..n).map(|_| rng.random_range(0..n)).collect()
                        })
                        .collect();
                    let of_link =
                        |folds: &Vec<Fold>| {
                            mean(folds.iter().zip(&resample).map(|(fold, places)| {
                                fold.held_out.resampled(places.iter().copied())
                            }))
                        };
                    folds.iter().map(of_link).sum()
                })
                .collect();
        values.sort_by(f64::total_cmp);
        let last = (values.len() - 1) as f64;
        [0.025, 0.975].map(|share| values[(share * last).round() as usize])
    }

    fn scores(&self, folds: &[Vec<Fold>], n: usize) -> Vec<f64> {
        let mut scores = vec![0.0; n];
        for fold in folds.iter().flatten() {
            let held_out = &fold.held_out;
            let normaliser = held_out.normaliser(self.config.measure).unwrap_or(0.0);
            for (&row, &score) in held_out.rows.iter().zip(&held_out.scores) {
                scores[row] += f64::from(score) - normaliser;
            }
        }
        scores
    }

    fn warnings(&self, samples: &Samples, terms: &[Term], folds: &[Vec<Fold>]) -> Vec<Warning> {
        let config = &self.config;
        let mut warnings = Vec::new();
        for variable in samples.variables() {
            for column in 0..variable.dims() {
                let mut values = variable.values()[column..].iter().step_by(variable.dims());
                let first = values.next();
                if values.all(|value| Some(value) == first) {
                    warnings.push(Warning::ConstantColumn {
                        variable: variable.name().to_owned(),
                        column,
                    });
                }
            }
        }
        if let (CriticOutput::Sigmoid, Some(ceiling)) =
            (config.output, sigmoid_ceiling(config.measure))
        {
            warnings.push(Warning::SigmoidCeiling { ceiling });
        }
        let of = folds.iter().map(Vec::len).sum();
        let count = |is: &dyn Fn(&Fold) -> bool| folds.iter().flatten().filter(|f| is(f)).count();
        let critics = count(&|fold| !fold.stopped_early);
        if critics > 0 {
            warnings.push(Warning::NeverStopped { critics, of });
        }
        let critics = count(&|fold| !fold.stopped_early && rising(&fold.curve));
        if critics > 0 {
            warnings.push(Warning::StillRising { critics, of });
        }
        for (term, folds) in terms.iter().zip(folds) {
            if let Some(limit) = self.logarithmic_limit(folds)
                && term.value > limit - 1.0
            {
                warnings.push(Warning::NearLogarithmicLimit {
                    term: term.variables.clone(),
                    limit,
                });
            }
            const FEW: f64 = 100.0;
            let fewest = folds
                .iter()
                .filter_map(|fold| Some((fold.held_out.effective_products?, fold)))
                .min_by(|a, b| a.0.total_cmp(&b.0));
            if let Some((effective, fold)) = fewest
                && effective < FEW
            {
                warnings.push(Warning::FewEffectiveProducts {
                    term: term.variables.clone(),
                    effective,
                    of: fold.held_out.products,
                });
            }
        }
        warnings
    }

    /// The largest total correlation that the product samples of a fold can show.
    fn logarithmic_limit(&self, folds: &[Fold]) -> Option<f64> {
        if !is_kullback_leibler(self.config.measure) {
            return None;
        }
        folds
            .iter()
            .map(|fold| fold.held_out.compared.ln())
            .min_by(f64::total_cmp)
    }
}

/// Whether the validation value rose by more than 2 % and 0.02 over the last fifth of the steps.
fn rising(curve: &[CurvePoint]) -> bool {
    let best = |points: &[CurvePoint]| {
        let values = points.iter().map(|point| point.validation);
        values.fold(f64::NEG_INFINITY, f64::max)
    };
    let (before, now) = (best(&curve[..curve.len() * 4 / 5]), best(curve));
    before.is_finite() && now - before > (0.02 * now.abs()).max(0.02)
}

/// The supremum of a measure over critics with values in (0, 1).
fn sigmoid_ceiling(measure: DependencyMeasure) -> Option<f64> {
    use DependencyMeasure as M;
    match measure {
        M::TotalCorrelation | M::Mine { .. } | M::Smile { .. } | M::InfoNce | M::Wasserstein => {
            Some(1.0)
        }
        M::FDivergence(FDivergence::Kl) => Some(1.0 - (-1.0_f64).exp()),
        _ => None,
    }
}

/// Every fold held out once; an eighth of the others is for validation.
fn splits(n: usize, variables: usize, config: &EstimatorConfig) -> Vec<Split> {
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(&mut seed::stream(config.seed, "folds", 0));
    (0..config.folds)
        .map(|fold| {
            let (start, end) = (fold * n / config.folds, (fold + 1) * n / config.folds);
            let mut others: Vec<usize> = order[end..]
                .iter()
                .chain(&order[..start])
                .copied()
                .collect();
            let train = others.split_off((others.len() / 8).max(variables));
            Split {
                train,
                validation: others,
                held_out: order[start..end].to_vec(),
            }
        })
        .collect()
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len() as f64;
    values.sum::<f64>() / n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rising_means_a_gain_at_the_end() {
        let curve = |values: &[f64]| -> Vec<CurvePoint> {
            let point = |(step, &validation)| CurvePoint {
                step,
                batch: None,
                validation,
            };
            values.iter().enumerate().map(point).collect()
        };
        assert!(rising(&curve(&[0.0, 0.2, 0.4, 0.6, 0.8])));
        assert!(!rising(&curve(&[0.0, 0.5, 0.8, 0.79, 0.81])));
        assert!(!rising(&curve(&[0.0, 0.5, 0.8, 0.7, 0.6])));
        assert!(!rising(&curve(&[0.3])));
    }
}
