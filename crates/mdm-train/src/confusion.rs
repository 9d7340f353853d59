//! How often each class was predicted for each true class, and what follows from it.

/// A confusion matrix. Undefined numbers (anything over no sample) are NaN.
///
/// # Example
///
/// ```
/// use mdm_train::Confusion;
///
/// // Predicted and true class of five samples.
/// let confusion = Confusion::new(2, [(0, 0), (0, 0), (1, 0), (1, 1), (0, 1)]);
/// assert_eq!(confusion.accuracy(), 0.6);
/// assert_eq!(confusion.recall(1), 0.5);
/// // Class 0: 2·2 / (3 + 3), class 1: 2·1 / (2 + 2).
/// assert!((confusion.f1_macro() - (4.0 / 6.0 + 0.5) / 2.0).abs() < 1e-12);
/// assert!((confusion.f1_weighted() - (4.0 / 6.0 * 0.6 + 0.5 * 0.4)).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    /// `counts[truth][predicted]`
    counts: Vec<Vec<usize>>,
}

impl Confusion {
    /// Counts pairs of predicted and true class.
    ///
    /// # Panics
    ///
    /// When a class is not below `classes`.
    pub fn new(classes: usize, pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut counts = vec![vec![0; classes]; classes];
        for (predicted, truth) in pairs {
            counts[truth][predicted] += 1;
        }
        Self { counts }
    }

    /// Samples.
    pub fn n(&self) -> usize {
        self.counts.iter().flatten().sum()
    }

    /// Samples that are of a class.
    pub fn of_class(&self, class: usize) -> usize {
        self.counts[class].iter().sum()
    }

    /// Samples that are taken for a class.
    pub fn predicted(&self, class: usize) -> usize {
        self.counts.iter().map(|row| row[class]).sum()
    }

    /// Samples of a class that are taken for it.
    pub fn correct(&self, class: usize) -> usize {
        self.counts[class][class]
    }

    /// Share of the samples that are right.
    pub fn accuracy(&self) -> f64 {
        let correct: usize = (0..self.counts.len()).map(|k| self.correct(k)).sum();
        correct as f64 / self.n() as f64
    }

    /// Share of the samples of a class that are right.
    pub fn recall(&self, class: usize) -> f64 {
        self.correct(class) as f64 / self.of_class(class) as f64
    }

    /// Harmonic mean of precision and recall of a class, `2 TP / (predicted + true)`; 0 for a class that occurs on
    /// neither side.
    pub fn f1(&self, class: usize) -> f64 {
        let sum = (self.predicted(class) + self.of_class(class)) as f64;
        if sum > 0.0 {
            2.0 * self.correct(class) as f64 / sum
        } else {
            0.0
        }
    }

    /// F1 of each class, weighted by the class's share of the truth (scikit-learn's `average="weighted"`).
    pub fn f1_weighted(&self) -> f64 {
        let n = self.n() as f64;
        (0..self.counts.len())
            .map(|class| self.f1(class) * self.of_class(class) as f64 / n)
            .sum()
    }

    /// Mean F1 of the classes that occur in truth or prediction (scikit-learn's `average="macro"`).
    pub fn f1_macro(&self) -> f64 {
        let occurs = |class: &usize| self.of_class(*class) + self.predicted(*class) > 0;
        let of_each: Vec<f64> = (0..self.counts.len())
            .filter(occurs)
            .map(|class| self.f1(class))
            .collect();
        of_each.iter().sum::<f64>() / of_each.len() as f64
    }

    /// The same samples, all taken for the most frequent class (the first of equals): no constant answer is right more
    /// often.
    pub fn majority(&self) -> Self {
        let sizes: Vec<usize> = (0..self.counts.len()).map(|k| self.of_class(k)).collect();
        let largest = sizes.iter().max();
        let most_frequent = sizes.iter().position(|size| Some(size) == largest);
        let mut counts = vec![vec![0; sizes.len()]; sizes.len()];
        for (row, size) in counts.iter_mut().zip(&sizes) {
            row[most_frequent.unwrap_or_default()] = *size;
        }
        Self { counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten samples of three classes, of which class 2 is never predicted:
    ///
    /// ```text
    /// truth \ predicted   0  1  2
    ///                 0   3  1  0
    ///                 1   1  2  0
    ///                 2   1  2  0
    /// ```
    fn table() -> Confusion {
        let rows = [
            ((0, 0), 3),
            ((1, 0), 1),
            ((0, 1), 1),
            ((1, 1), 2),
            ((0, 2), 1),
            ((1, 2), 2),
        ];
        let pairs = rows
            .into_iter()
            .flat_map(|(pair, n)| std::iter::repeat_n(pair, n));
        Confusion::new(3, pairs)
    }

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }

    #[test]
    fn the_scores_of_a_table_worked_out_by_hand() {
        let table = table();
        near(table.accuracy(), 0.5);
        near(table.recall(0), 0.75);
        near(table.recall(2), 0.0);
        // F1: 6/9, 4/8, 0/3.
        near(table.f1_macro(), (2.0 / 3.0 + 0.5) / 3.0);
        near(table.f1_weighted(), (4.0 * 2.0 / 3.0 + 3.0 * 0.5) / 10.0);
        assert_eq!([0, 1, 2].map(|class| table.predicted(class)), [5, 5, 0]);
    }

    #[test]
    fn the_majority_takes_everything_for_the_largest_class() {
        let majority = table().majority();
        near(majority.accuracy(), 0.4);
        // Class 0: 2·4 / (10 + 4).
        near(majority.f1_weighted(), 0.4 * 8.0 / 14.0);
        near(majority.f1_macro(), 8.0 / 14.0 / 3.0);
    }

    #[test]
    fn a_class_that_occurs_nowhere_has_no_share_in_the_macro_mean() {
        let confusion = Confusion::new(3, [(0, 0), (2, 2), (2, 0)]);
        near(confusion.f1_macro(), 2.0 / 3.0);
        assert!(confusion.recall(1).is_nan());
    }

    #[test]
    fn nothing_is_known_of_no_samples() {
        let empty = Confusion::new(2, []);
        for value in [
            empty.accuracy(),
            empty.recall(0),
            empty.f1_weighted(),
            empty.f1_macro(),
        ] {
            assert!(value.is_nan());
        }
        assert_eq!(empty.majority().n(), 0);
    }
}
