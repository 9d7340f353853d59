//! Features on one scale within each utterance.

use crate::corpus::Features;

/// Gives each feature of audio and vision mean 0 and standard deviation 1 over the words of an utterance:
/// `(x − mean) / (ε + standard deviation)`, as the peers do before they pickle the sequences.
///
/// Which ε made the pickles in circulation is not recorded. Features that do not vary become 0 with either. Values that
/// are not finite are left as they are, for cleaning to count, and do not enter the mean; the peers set them to 0 first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standardise {
    /// ε = 0: the notebooks of `Justin1904/CMU-MultimodalSDK-Tutorials`.
    Tutorial,
    /// ε = 10⁻⁶: `create_dataset.py` of `declare-lab/MISA`.
    Misa,
}

impl Standardise {
    fn epsilon(self) -> f64 {
        match self {
            Self::Tutorial => 0.0,
            Self::Misa => 1e-6,
        }
    }

    pub(super) fn apply(self, features: &mut Features) {
        let dim = features.dim();
        for column in 0..dim {
            let values = features.data().iter().skip(column).step_by(dim);
            let finite: Vec<f64> = (values.copied().filter(|x| x.is_finite()))
                .map(f64::from)
                .collect();
            let n = finite.len() as f64;
            let mean = finite.iter().sum::<f64>() / n;
            let variance = finite.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            let scale = self.epsilon() + variance.sqrt();
            let varies = finite.windows(2).any(|pair| pair[0] != pair[1]);
            for value in features.data_mut().iter_mut().skip(column).step_by(dim) {
                if value.is_finite() {
                    let shifted = f64::from(*value) - mean;
                    *value = if varies {
                        (shifted / scale) as f32
                    } else {
                        0.0
                    };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_zero_and_deviation_one() {
        let nan = f32::NAN;
        let values = vec![1.0, 0.1, 5.0, 3.0, 0.1, nan, 1.0, 0.1, 7.0, 3.0, 0.1, 6.0];
        for (preset, scale) in [(Standardise::Tutorial, 1.0), (Standardise::Misa, 1.000_001)] {
            let mut features = Features::new(3, values.clone());
            preset.apply(&mut features);
            let data = features.data();
            assert_eq!(
                [data[0], data[3]],
                [(-1.0 / scale) as f32, (1.0 / scale) as f32]
            );
            assert_eq!([data[1], data[4], data[7]], [0.0; 3]);
            assert!(data[5].is_nan());
            // 5, 7 and 6: mean 6, variance 2/3.
            assert!((data[8] - 1.5f32.sqrt()).abs() < 1e-5 && data[11] == 0.0);
        }
    }
}
