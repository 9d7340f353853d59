//! Range and missing values of the features of one modality: a row a feature.

use mdm_data::corpus::Modality;
use mdm_data::inspect::{FeatureSummary, FiveNumbers};

use super::axis::{number, percent, ticks, value};
use super::svg::{Anchor, Svg};

const LEFT: f64 = 48.0;
const RANGE: f64 = 400.0;
const SHARE: f64 = 100.0;
const ZEROS: f64 = LEFT + RANGE + 34.0;
const MISSING: f64 = ZEROS + SHARE + 34.0;
const WIDTH: f64 = MISSING + SHARE + 16.0;
const TOP: f64 = 44.0;
const BELOW: f64 = 44.0;

/// Draws every feature of a modality.
pub fn draw(modality: Modality, features: &[FeatureSummary]) -> String {
    let features: Vec<_> = features.iter().filter(|f| f.modality == modality).collect();
    let row = row_height(features.len());
    let bottom = TOP + row * features.len() as f64;
    let alt = format!(
        "For each feature of {modality}: lowest, quartiles and highest value after robust scaling, the share of zeros \
         and the share of missing values"
    );
    let mut svg = Svg::new(WIDTH, bottom + BELOW, alt);
    let ranges = features.iter().filter_map(|feature| feature.range);
    let scale = Scale::holding(ranges);

    for feature in ticks(0.0, features.len() as f64 - 1.0, 12) {
        if feature.fract() == 0.0 {
            let y = TOP + (feature + 0.5) * row + 4.0;
            svg.text("tick", Anchor::End, (LEFT - 6.0, y), &number(feature, 0));
        }
    }
    let middle = (12.0, (TOP + bottom) / 2.0);
    svg.upright("axis-name", Anchor::Middle, middle, "feature");
    for tick in scale.ticks() {
        let x = scale.place(tick);
        svg.line("grid", [x, TOP, x, bottom]);
        let name = match tick.abs() < 1e5 {
            true => number(tick, 0),
            false => format!("{tick:e}").replace('-', "−"),
        };
        svg.text("tick", Anchor::Middle, (x, bottom + 15.0), &name);
    }
    let middle = (LEFT + RANGE / 2.0, bottom + 34.0);
    let name = "(value − median) / interquartile range";
    svg.text("axis-name", Anchor::Middle, middle, name);
    for (left, name) in [(ZEROS, "zero"), (MISSING, "missing")] {
        for tick in [0.0, 50.0, 100.0] {
            let x = left + tick / 100.0 * SHARE;
            svg.line("grid", [x, TOP, x, bottom]);
            svg.text("tick", Anchor::Middle, (x, bottom + 15.0), &number(tick, 0));
        }
        let middle = left + SHARE / 2.0;
        svg.text("name", Anchor::Middle, (middle, TOP - 12.0), name);
        let middle = (middle, bottom + 34.0);
        svg.text("axis-name", Anchor::Middle, middle, "share, %");
    }
    let middle = (LEFT + RANGE / 2.0, TOP - 12.0);
    svg.text("name", Anchor::Middle, middle, "lowest, quartiles, highest");

    for (place, feature) in features.iter().enumerate() {
        let top = TOP + row * place as f64;
        svg.group(&tooltip(feature), |svg| {
            if let Some(range) = &feature.range {
                draw_range(svg, &scale, range, top, row);
            }
            for (left, class, count) in [
                (ZEROS, "zeros", feature.zeros),
                (MISSING, "missing", feature.missing()),
            ] {
                let share = count as f64 / feature.values.max(1) as f64;
                if share > 0.0 {
                    // What is there, but rare, is still seen.
                    let width = (share * SHARE).max(2.0);
                    svg.rect(class, [left, top + 0.15 * row, width, 0.7 * row]);
                }
            }
            svg.rect("hit", [LEFT, top, WIDTH - LEFT, row]);
        });
    }
    svg.finish(560.0)
}

/// A whisker from lowest to highest, a box over the middle half, a mark at the median.
fn draw_range(svg: &mut Svg, scale: &Scale, range: &FiveNumbers, top: f64, row: f64) {
    let place = |value| scale.place(range.scaled(value));
    let middle = top + row / 2.0;
    let (low, high) = (place(range.min), place(range.max));
    svg.line("whisker", [low, middle, high, middle]);
    let (low, high) = (place(range.lower_quartile), place(range.upper_quartile));
    svg.rect("box", [low, top + 0.15 * row, high - low, 0.7 * row]);
    let median = place(range.median);
    svg.rect("median", [median - 1.0, top + 0.1 * row, 2.0, 0.8 * row]);
}

/// Lower where there are more, so that a modality stays within a few screens.
fn row_height(features: usize) -> f64 {
    (700.0 / features.max(1) as f64).clamp(4.0, 16.0).floor()
}

fn tooltip(feature: &FeatureSummary) -> String {
    let values = feature.values as f64;
    let range = match &feature.range {
        Some(range) => format!(
            "lowest {}, quartiles {}, {}, {}, highest {}",
            value(range.min),
            value(range.lower_quartile),
            value(range.median),
            value(range.upper_quartile),
            value(range.max)
        ),
        None => "no finite value".into(),
    };
    format!(
        "{} {}: {range}; zero {}, missing {}",
        feature.modality,
        feature.feature,
        percent(feature.zeros as f64, values),
        percent(feature.missing() as f64, values)
    )
}

/// The horizontal axis: even near 0, logarithmic far from it, so that outliers and quartiles are on one picture.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn holding(ranges: impl Iterator<Item = FiveNumbers>) -> Self {
        let scale = Self {
            low: -1.0,
            high: 1.0,
        };
        ranges.fold(scale, |scale, range| Self {
            low: scale.low.min(range.scaled(range.min)),
            high: scale.high.max(range.scaled(range.max)),
        })
    }

    fn place(&self, value: f64) -> f64 {
        let even = |value: f64| value.signum() * value.abs().ln_1p();
        let (low, high) = (even(self.low), even(self.high));
        LEFT + (even(value) - low) / (high - low) * RANGE
    }

    /// 0 and powers of ten of both signs, as far as their names leave room for each other.
    fn ticks(&self) -> Vec<f64> {
        let powers = (0..).map(|power| 10_f64.powi(power));
        let end = self.high.max(-self.low);
        let both = powers.take_while(|&power| power <= end);
        let mut ticks: Vec<f64> = vec![0.0];
        for tick in both.flat_map(|power| [-power, power]) {
            let apart = |other: &f64| (self.place(tick) - self.place(*other)).abs() >= 26.0;
            if (self.low..=self.high).contains(&tick) && ticks.iter().all(apart) {
                ticks.push(tick);
            }
        }
        ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_holds_outliers_and_keeps_their_order() {
        let outlier = FiveNumbers::of(&mut [0.0, 1.0, 2.0, 3.0, 4000.0]).unwrap();
        let scale = Scale::holding([outlier].into_iter());
        assert_eq!((scale.low, scale.high), (-1.0, 1999.0));
        assert_eq!(scale.ticks(), [0.0, -1.0, 1.0, 10.0, 100.0, 1000.0]);
        let places = [-1.0, 0.0, 1.0, 1999.0].map(|value| scale.place(value));
        assert!(places.is_sorted());
        assert_eq!((places[0], places[3]), (LEFT, LEFT + RANGE));
    }
}
