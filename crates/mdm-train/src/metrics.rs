//! The metrics of multimodal sentiment analysis, every variant by its own name.

use serde::Serialize;

use crate::Confusion;

/// Which zero-labelled utterances count in a binary accuracy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZeroLabel {
    /// All utterances; `y ≥ 0` against `p ≥ 0` ("negative / non-negative", Has0).
    NonNegative,
    /// Utterances with label 0 left out; `y > 0` against `p > 0` ("negative / positive", Non0).
    Excluded,
}

/// All metrics of one set of predictions. Undefined numbers (a correlation with a constant side, anything over no
/// sample) are NaN, `null` in JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metrics {
    /// Samples.
    pub n: usize,
    /// Samples with a label other than 0.
    pub n_nonzero: usize,
    /// Mean absolute error, all samples.
    pub mae: f64,
    /// Pearson correlation, all samples.
    pub corr: f64,
    /// Seven-class accuracy: both sides clipped to ±3, rounded half to even.
    pub acc7: f64,
    /// Seven-class accuracy without clipping (MFN, LMF, TFN).
    pub acc7_unclipped: f64,
    /// Five-class accuracy: both sides clipped to ±2.
    pub acc5: f64,
    /// Three-class accuracy: both sides clipped to ±1.
    pub acc3: f64,
    /// Binary accuracy with [`ZeroLabel::NonNegative`].
    pub acc2_has0: f64,
    /// Weighted F1 on the same labelling.
    pub f1_has0: f64,
    /// Binary accuracy with [`ZeroLabel::Excluded`].
    pub acc2_non0: f64,
    /// Weighted F1 on the same labelling.
    pub f1_non0: f64,
    /// `f1_non0` with truth and prediction exchanged, as MulT and MISA call it.
    pub f1_non0_swapped: f64,
    /// Label 0 left out, `y ≥ 0` against `p ≥ 0` (the MAG driver).
    pub acc2_mag: f64,
    /// Weighted F1 on the same labelling.
    pub f1_mag: f64,
    /// Mean absolute error with label 0 left out (the MAG driver).
    pub mae_mag: f64,
    /// Pearson correlation with label 0 left out (the MAG driver).
    pub corr_mag: f64,
    /// Share of the larger of the two Has0 classes of the labels.
    pub majority_acc2_has0: f64,
    /// Share of the larger of the two Non0 classes of the labels.
    pub majority_acc2_non0: f64,
    /// Share of the largest of the seven classes of the labels.
    pub majority_acc7: f64,
}

impl Metrics {
    /// Computes everything from predictions and labels.
    ///
    /// # Panics
    ///
    /// When the two differ in length.
    ///
    /// # Example
    ///
    /// ```
    /// use mdm_train::Metrics;
    ///
    /// let metrics = Metrics::new(&[0.4, -2.0, 2.5], &[1.0, -2.0, 2.0]);
    /// assert!((metrics.mae - 1.1 / 3.0).abs() < 1e-6);
    /// // 2.5 rounds to the even 2, so the last two are right.
    /// assert!((metrics.acc7 - 2.0 / 3.0).abs() < 1e-12);
    /// assert_eq!(metrics.acc2_non0, 1.0);
    /// ```
    pub fn new(predictions: &[f32], labels: &[f32]) -> Self {
        assert_eq!(predictions.len(), labels.len(), "one prediction a label");
        let all: Vec<(f64, f64)> = predictions
            .iter()
            .zip(labels)
            .map(|(&p, &y)| (f64::from(p), f64::from(y)))
            .collect();
        let nonzero: Vec<(f64, f64)> = all.iter().copied().filter(|&(_, y)| y != 0.0).collect();

        let has0 = binary(&all, |x| x >= 0.0);
        let non0 = binary(&nonzero, |x| x > 0.0);
        let mag = binary(&nonzero, |x| x >= 0.0);
        let swapped: Vec<(bool, bool)> = non0.iter().map(|&(p, y)| (y, p)).collect();
        Self {
            n: all.len(),
            n_nonzero: nonzero.len(),
            mae: mae(&all),
            corr: pearson(&all),
            acc7: class_accuracy(&all, 3.0),
            acc7_unclipped: class_accuracy(&all, f64::INFINITY),
            acc5: class_accuracy(&all, 2.0),
            acc3: class_accuracy(&all, 1.0),
            acc2_has0: accuracy(&has0),
            f1_has0: weighted_f1(&has0),
            acc2_non0: accuracy(&non0),
            f1_non0: weighted_f1(&non0),
            f1_non0_swapped: weighted_f1(&swapped),
            acc2_mag: accuracy(&mag),
            f1_mag: weighted_f1(&mag),
            mae_mag: mae(&nonzero),
            corr_mag: pearson(&nonzero),
            majority_acc2_has0: majority(has0.iter().map(|&(_, y)| i64::from(y))),
            majority_acc2_non0: majority(non0.iter().map(|&(_, y)| i64::from(y))),
            majority_acc7: majority(all.iter().map(|&(_, y)| class(y, 3.0) as i64)),
        }
    }

    /// Binary accuracy by its treatment of the label 0.
    pub fn acc2(&self, zero: ZeroLabel) -> f64 {
        match zero {
            ZeroLabel::NonNegative => self.acc2_has0,
            ZeroLabel::Excluded => self.acc2_non0,
        }
    }
}

/// Clipped, then rounded half to even, as NumPy and PyTorch do: `f32::round` would move up to 2.6 points of Acc-7 on
/// MOSI, whose labels often end in .5.
pub(crate) fn class(x: f64, limit: f64) -> f64 {
    x.clamp(-limit, limit).round_ties_even()
}

fn class_accuracy(pairs: &[(f64, f64)], limit: f64) -> f64 {
    mean(
        pairs
            .iter()
            .map(|&(p, y)| f64::from(class(p, limit) == class(y, limit))),
    )
}

fn binary(pairs: &[(f64, f64)], positive: impl Fn(f64) -> bool) -> Vec<(bool, bool)> {
    pairs
        .iter()
        .map(|&(p, y)| (positive(p), positive(y)))
        .collect()
}

fn accuracy(pairs: &[(bool, bool)]) -> f64 {
    mean(pairs.iter().map(|(p, y)| f64::from(p == y)))
}

fn mae(pairs: &[(f64, f64)]) -> f64 {
    mean(pairs.iter().map(|(p, y)| (p - y).abs()))
}

fn weighted_f1(pairs: &[(bool, bool)]) -> f64 {
    let pairs = pairs.iter().map(|&(p, y)| (usize::from(p), usize::from(y)));
    Confusion::new(2, pairs).f1_weighted()
}

fn pearson(pairs: &[(f64, f64)]) -> f64 {
    if pairs.len() < 2 {
        return f64::NAN;
    }
    let mean_p = mean(pairs.iter().map(|&(p, _)| p));
    let mean_y = mean(pairs.iter().map(|&(_, y)| y));
    let (mut py, mut pp, mut yy) = (0.0, 0.0, 0.0);
    for &(p, y) in pairs {
        py += (p - mean_p) * (y - mean_y);
        pp += (p - mean_p).powi(2);
        yy += (y - mean_y).powi(2);
    }
    // A constant side leaves only the rounding of its mean; its correlation is undefined, not 0.
    let constant = |values: f64, mean: f64| values <= (mean * mean).max(f64::MIN_POSITIVE) * 1e-24;
    if constant(pp, mean_p) || constant(yy, mean_y) {
        return f64::NAN;
    }
    py / (pp * yy).sqrt()
}

fn majority(classes: impl Iterator<Item = i64>) -> f64 {
    let mut counts = std::collections::BTreeMap::new();
    let mut n = 0;
    for class in classes {
        *counts.entry(class).or_insert(0_usize) += 1;
        n += 1;
    }
    counts
        .values()
        .max()
        .map_or(f64::NAN, |&largest| largest as f64 / f64::from(n))
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len() as f64;
    values.sum::<f64>() / n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_binary_accuracies_differ_by_the_zeros() {
        let metrics = Metrics::new(&[0.1, -0.1, -1.0, 0.0], &[0.0, 0.0, -2.0, 3.0]);
        assert_eq!(metrics.acc2(ZeroLabel::NonNegative), 0.75);
        // Without the zeros: −1 against −2 is right, 0 is not positive.
        assert_eq!(metrics.acc2(ZeroLabel::Excluded), 0.5);
        assert_eq!(metrics.acc2_mag, 1.0);
        assert_eq!(metrics.n_nonzero, 2);
    }

    #[test]
    fn halves_round_to_even() {
        let metrics = Metrics::new(&[0.5, 1.5, 2.5, -0.5], &[0.0, 2.0, 2.0, 0.0]);
        assert_eq!(metrics.acc7, 1.0);
    }

    #[test]
    fn undefined_numbers_are_nan_and_null() {
        let metrics = Metrics::new(&[0.3, 0.3], &[0.0, 0.0]);
        assert!(metrics.corr.is_nan() && metrics.acc2_non0.is_nan() && metrics.mae_mag.is_nan());
        let json = serde_json::to_value(&metrics).unwrap();
        assert!(json["corr"].is_null());
        assert_eq!(json["majority_acc7"], 1.0);
        assert!(Metrics::new(&[], &[]).mae.is_nan());
    }
}
