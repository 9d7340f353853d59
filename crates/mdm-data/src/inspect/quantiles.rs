//! Where the values of a feature lie.

use serde::Serialize;

/// Lowest, quartiles and highest of some values. Between two values a quartile is interpolated, as NumPy's
/// `percentile` does by default.
///
/// They also give a scale that a few extreme values cannot move: [`FiveNumbers::scaled`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FiveNumbers {
    /// The lowest.
    pub min: f32,
    /// A quarter of the values is lower.
    pub lower_quartile: f32,
    /// Half of the values is lower.
    pub median: f32,
    /// A quarter of the values is higher.
    pub upper_quartile: f32,
    /// The highest.
    pub max: f32,
}

impl FiveNumbers {
    /// Those of some values, whose order is lost on the way; `None` without values.
    ///
    /// NaN counts as higher than everything else: leave it out.
    ///
    /// # Example
    ///
    /// ```
    /// use mdm_data::inspect::FiveNumbers;
    ///
    /// let five = FiveNumbers::of(&mut [9.0, 1.0, 2.0, 4.0]).unwrap();
    /// assert_eq!((five.min, five.median, five.max), (1.0, 3.0, 9.0));
    /// assert_eq!((five.lower_quartile, five.upper_quartile), (1.75, 5.25));
    /// assert_eq!(five.scaled(10.0), 2.0); // two interquartile ranges of 3.5 above the median
    /// ```
    pub fn of(values: &mut [f32]) -> Option<Self> {
        let last = values.len().checked_sub(1)?;
        // Selecting is much faster than sorting, and a large corpus has a hundred million values.
        let mut quantile = |share: f64| {
            let place = share * last as f64;
            let (_, below, above) = values.select_nth_unstable_by(place as usize, f32::total_cmp);
            let next = above.iter().copied().min_by(f32::total_cmp);
            let [below, next] = [*below, next.unwrap_or(*below)].map(f64::from);
            (below + (next - below) * place.fract()) as f32
        };
        Some(Self {
            min: quantile(0.0),
            lower_quartile: quantile(0.25),
            median: quantile(0.5),
            upper_quartile: quantile(0.75),
            max: quantile(1.0),
        })
    }

    /// What the scale is in: the interquartile range. Where that is 0, as for a feature that is mostly 0, the range from
    /// lowest to highest; where that is 0 too, 1.
    pub fn unit(&self) -> f64 {
        let width = |low: f32, high: f32| f64::from(high) - f64::from(low);
        [
            width(self.lower_quartile, self.upper_quartile),
            width(self.min, self.max),
        ]
        .into_iter()
        .find(|&width| width > 0.0)
        .unwrap_or(1.0)
    }

    /// `(value − median) / unit`: robust scaling.
    pub fn scaled(&self, value: f32) -> f64 {
        (f64::from(value) - f64::from(self.median)) / self.unit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_is_never_zero() {
        let unit = |values: &mut [f32]| FiveNumbers::of(values).unwrap().unit();
        assert_eq!(unit(&mut [0.0, 1.0, 2.0, 3.0, 4.0]), 2.0);
        assert_eq!(unit(&mut [0.0, 0.0, 0.0, 0.0, 0.0, -4.0]), 4.0);
        assert_eq!(unit(&mut [7.0]), 1.0);
        assert_eq!(FiveNumbers::of(&mut []), None);
    }
}
