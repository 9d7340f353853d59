//! The sentiment as a class.

use burn::tensor::{Bool, Tensor};

use crate::metrics::class;

/// The ways to cut the sentiment into classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Classes {
    /// −3 to 3: clipped, then rounded half to even, as for Acc7.
    Seven,
    /// −2 to 2, in the same way.
    Five,
    /// −1 to 1, in the same way.
    Three,
    /// Negative (`y < 0`) and non-negative ("Has0").
    NonNegative,
    /// Negative and positive ("Non0"). Utterances with label 0 are left out of the loss and of the metrics.
    Nonzero,
}

impl Classes {
    /// The classes by name, in the order of the outputs.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::Seven => &["-3", "-2", "-1", "0", "1", "2", "3"],
            Self::Five => &["-2", "-1", "0", "1", "2"],
            Self::Three => &["-1", "0", "1"],
            Self::NonNegative => &["negative", "non-negative"],
            Self::Nonzero => &["negative", "positive"],
        }
    }

    /// The largest class, where the classes are numbers.
    pub(super) fn limit(self) -> Option<f64> {
        match self {
            Self::Seven => Some(3.0),
            Self::Five => Some(2.0),
            Self::Three => Some(1.0),
            Self::NonNegative | Self::Nonzero => None,
        }
    }

    /// The place of a label's class in [`Self::names`]; none for a label that is left out.
    ///
    /// # Example
    ///
    /// ```
    /// use mdm_train::task::Classes;
    ///
    /// assert_eq!(Classes::Seven.of_label(2.5), Some(5)); // rounds to the even 2
    /// assert_eq!(Classes::NonNegative.of_label(0.0), Some(1));
    /// assert_eq!(Classes::Nonzero.of_label(0.0), None);
    /// ```
    pub fn of_label(self, label: f32) -> Option<usize> {
        if let Some(limit) = self.limit() {
            return Some((class(label.into(), limit) + limit) as usize);
        }
        let is_left_out = self == Self::Nonzero && label == 0.0;
        (!is_left_out).then_some(usize::from(label >= 0.0))
    }

    /// The classes of a batch, on its device: [`Self::of_label`] for each label.
    ///
    /// # Shapes
    ///
    /// - `labels`: `[batch]`
    /// - output: `[batch, classes]`, 1 at the class of each label; a row of zeros where it is left out
    pub fn one_hot(self, labels: Tensor<1>) -> Tensor<2> {
        let labels: Tensor<2> = labels.unsqueeze_dim(1);
        let columns: Vec<Tensor<2, Bool>> = match (self, self.limit()) {
            (_, Some(limit)) => {
                // Burn rounds half to even on every backend.
                let rounded = labels.clamp(-limit, limit).round();
                let places = 0..self.names().len();
                places
                    .map(|place| rounded.clone().equal_elem(place as f64 - limit))
                    .collect()
            }
            (Self::Nonzero, _) => vec![labels.clone().lower_elem(0.0), labels.greater_elem(0.0)],
            _ => vec![
                labels.clone().lower_elem(0.0),
                labels.greater_equal_elem(0.0),
            ],
        };
        Tensor::cat(columns, 1).float()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    const ALL: [Classes; 5] = [
        Classes::Seven,
        Classes::Five,
        Classes::Three,
        Classes::NonNegative,
        Classes::Nonzero,
    ];

    #[test]
    fn labels_become_classes_by_hand() {
        let labels = [
            -3.4, -2.5, -1.5, -0.5, -0.2, -0.0, 0.0, 0.5, 0.6, 1.5, 2.5, 3.0,
        ];
        let of = |classes: Classes| labels.map(|label| classes.of_label(label));
        assert_eq!(
            of(Classes::Seven),
            [0, 1, 1, 3, 3, 3, 3, 3, 4, 5, 5, 6].map(Some)
        );
        assert_eq!(
            of(Classes::Five),
            [0, 0, 0, 2, 2, 2, 2, 2, 3, 4, 4, 4].map(Some)
        );
        assert_eq!(
            of(Classes::Three),
            [0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2].map(Some)
        );
        assert_eq!(
            of(Classes::NonNegative),
            [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1].map(Some)
        );
        let nonzero = of(Classes::Nonzero);
        assert_eq!(nonzero[..5], [Some(0); 5]);
        assert_eq!(nonzero[5..7], [None; 2]);
        assert_eq!(nonzero[7..], [Some(1); 5]);
    }

    #[test]
    fn the_device_finds_the_classes_that_the_host_finds() {
        let labels: Vec<f32> = (-40..=40).map(|tenth| tenth as f32 / 10.0).collect();
        let labels = [labels, vec![-0.0, 2.5, -2.5]].concat();
        for classes in ALL {
            let tensor = Tensor::<1>::from_floats(labels.as_slice(), &Device::flex());
            let one_hot = classes.one_hot(tensor).try_into_vec_as::<f32>().unwrap();
            for (row, &label) in one_hot.chunks_exact(classes.names().len()).zip(&labels) {
                let mut expected = vec![0.0; row.len()];
                if let Some(class) = classes.of_label(label) {
                    expected[class] = 1.0;
                }
                assert_eq!(row, expected, "{classes:?} of {label}");
            }
        }
    }
}
