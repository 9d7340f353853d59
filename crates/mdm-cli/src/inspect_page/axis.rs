//! Where an axis has its ticks, and how numbers are written.

use mdm_data::inspect::round_width;

/// Round numbers from `low` to `high`, about `most` of them at most.
pub fn ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let step = round_width((high - low) / most as f64);
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(|n| n as f64 * step).collect()
}

/// A number with a true minus, and at most `digits` decimals.
pub fn number(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    match text.strip_prefix('-') {
        // No minus on a 0 that was rounded to it.
        Some("0") => "0".into(),
        Some(text) => format!("−{text}"),
        None => text.into(),
    }
}

/// A value of any size with four significant digits.
pub fn value(value: f32) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-3..1e6).contains(&size) {
        return format!("{value:.3e}").replace('-', "−");
    }
    let digits = if size >= 1.0 {
        3_usize.saturating_sub(size.log10() as usize)
    } else {
        4
    };
    number(value.into(), digits)
}

/// A share in per cent.
pub fn percent(part: f64, whole: f64) -> String {
    let share = if whole > 0.0 {
        100.0 * part / whole
    } else {
        0.0
    };
    // What is there, but rare, is not shown as nothing.
    if share > 0.0 && share < 0.1 {
        "< 0.1 %".into()
    } else {
        format!("{} %", number(share, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        assert_eq!(ticks(-3.1, 3.1, 7), [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]);
        assert_eq!(ticks(0.0, 50.0, 6), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
        assert_eq!(ticks(2.0, 2.0, 5), [2.0]);
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(number(-0.04, 1), "0");
        assert_eq!(number(-2.50, 2), "−2.5");
        assert_eq!(number(100.0, 0), "100");
        let values = [0.33, -12.345, 1234.6, 0.0, 2e9, 1e-5].map(value);
        assert_eq!(
            values,
            ["0.33", "−12.35", "1235", "0", "2.000e9", "1.000e−5"]
        );
        assert_eq!(percent(1.0, 3.0), "33.3 %");
        assert_eq!(percent(1.0, 1e6), "< 0.1 %");
        assert_eq!(percent(0.0, 0.0), "0 %");
    }
}
