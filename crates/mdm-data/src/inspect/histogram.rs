//! How often values occur, in bins that a person would choose.

use serde::Serialize;

/// About as many bins as a small picture can show.
const BINS: f64 = 32.0;

/// How many values lie in each of some equal bins.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Histogram {
    /// Lower end of the first bin.
    pub start: f64,
    /// Width of every bin: 1, 2 or 5 times a power of ten.
    pub width: f64,
    /// Values per bin. A bin has its lower end and not its upper one.
    pub counts: Vec<usize>,
}

impl Histogram {
    /// Number of values.
    pub fn total(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Lower and upper end of a bin.
    pub fn bin(&self, index: usize) -> (f64, f64) {
        let end = |index: usize| self.start + self.width * index as f64;
        (end(index), end(index + 1))
    }
}

/// The bins that several groups of values share, so that their histograms compare.
pub(super) struct Bins {
    width: f64,
    /// 0 where bins begin at multiples of the width, ½ where those lie in the middle.
    offset: f64,
    first: f64,
    number: usize,
}

impl Bins {
    /// For measurements. Round values lie in the middle of a bin, where rounding cannot move them into the next.
    pub(super) fn of_measurements(values: impl Iterator<Item = f64>) -> Self {
        Self::new(values, 0.0, 0.5)
    }

    /// For counts: both ends of a bin are whole numbers.
    pub(super) fn of_counts(values: impl Iterator<Item = f64>) -> Self {
        Self::new(values, 1.0, 0.0)
    }

    fn new(values: impl Iterator<Item = f64>, narrowest: f64, offset: f64) -> Self {
        let range = values.filter(|v| v.is_finite()).fold(None, |range, v| {
            let (min, max) = range.unwrap_or((v, v));
            Some((v.min(min), v.max(max)))
        });
        let (min, max) = range.unwrap_or((0.0, 0.0));
        let mut bins = Self {
            width: round_width((max - min) / BINS).max(narrowest),
            offset,
            first: 0.0,
            number: 1,
        };
        bins.first = bins.place(min);
        bins.number = (bins.place(max) - bins.first) as usize + 1;
        bins
    }

    fn place(&self, value: f64) -> f64 {
        (value / self.width + self.offset).floor()
    }

    /// Counts the values of one group. Those that are no numbers are in no bin.
    pub(super) fn count(&self, values: impl Iterator<Item = f64>) -> Histogram {
        let mut counts = vec![0; self.number];
        for value in values.filter(|v| v.is_finite()) {
            counts[(self.place(value) - self.first) as usize] += 1;
        }
        Histogram {
            start: (self.first - self.offset) * self.width,
            width: self.width,
            counts,
        }
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is at least `width`; 1 for 0.
///
/// # Example
///
/// ```
/// assert_eq!(mdm_data::inspect::round_width(0.17), 0.2);
/// ```
pub fn round_width(width: f64) -> f64 {
    if width <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powi(width.log10().floor() as i32);
    let steps = [1.0, 2.0, 5.0].map(|step| step * power);
    // A width that is round but for its last bit is taken as round.
    let enough = |step: &f64| *step >= width * (1.0 - 1e-9);
    steps.into_iter().find(enough).unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_round() {
        let widths = [0.0, 0.1875, 0.2, 0.21, 1.0, 1.28, 6.0].map(round_width);
        assert_eq!(widths, [1.0, 0.2, 0.2, 0.5, 1.0, 2.0, 10.0]);
    }

    #[test]
    fn tenths_of_labels_fall_into_the_middle_of_bins() {
        // As labels are: single precision, means of five annotators.
        let labels: Vec<f64> = (-15..=15).map(|n| f64::from(n as f32 * 0.2)).collect();
        let histogram = Bins::of_measurements(labels.iter().copied()).count(labels.into_iter());
        assert_eq!(histogram.width, 0.2);
        assert!((histogram.start + 3.1).abs() < 1e-9);
        assert_eq!(histogram.counts, [1; 31]);
        assert_eq!(histogram.total(), 31);
    }

    #[test]
    fn groups_share_whole_bins() {
        let [short, long] = [vec![3.0, 4.0, 5.0], vec![70.0]];
        let bins = Bins::of_counts(short.iter().chain(&long).copied());
        let [short, long] = [short, long].map(|group| bins.count(group.into_iter()));
        // 67 steps in at most about 32 bins: width 5.
        assert_eq!(
            (short.start, short.width, short.counts.len()),
            (0.0, 5.0, 15)
        );
        assert_eq!(short.counts[..2], [2, 1]);
        assert_eq!(long.bin(14), (70.0, 75.0));
        assert_eq!((long.counts[14], long.total()), (1, 1));
    }

    #[test]
    fn nothing_and_nan_are_in_no_bin() {
        let bins = Bins::of_measurements([f64::NAN].into_iter());
        let histogram = bins.count([f64::NAN].into_iter());
        assert_eq!((histogram.counts, histogram.width), (vec![0], 1.0));
    }
}
