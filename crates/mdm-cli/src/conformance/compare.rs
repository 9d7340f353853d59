//! Computed values against expected ones.

use std::collections::BTreeSet;

use anyhow::Context;
use burn::tensor::Tensor;
use serde_json::Value;

use super::case::{Case, Tolerance};

impl Tolerance {
    /// Whether `got` is close enough to `want`. Undefined (NaN) only agrees with undefined, an infinity only with
    /// itself.
    pub fn accepts(self, got: f64, want: f64) -> bool {
        if want.is_finite() {
            // False for a NaN and for an infinite `got`.
            (got - want).abs() <= self.atol + self.rtol * want.abs()
        } else {
            got == want || (got.is_nan() && want.is_nan())
        }
    }
}

/// The absolute difference; 0 between equal infinities and between undefined numbers, infinite between a number and
/// none.
fn difference(got: f64, want: f64) -> f64 {
    if got == want || (got.is_nan() && want.is_nan()) {
        return 0.0;
    }
    let difference = (got - want).abs();
    if difference.is_nan() {
        f64::INFINITY
    } else {
        difference
    }
}

/// The comparisons of one case: what differed, and which outputs have had their turn.
pub struct Checks<'case> {
    case: &'case Case,
    waiting: BTreeSet<String>,
    largest_error: Option<f64>,
    failures: Vec<String>,
}

impl<'case> Checks<'case> {
    /// Nothing compared so far.
    pub fn new(case: &'case Case) -> Self {
        Self {
            case,
            waiting: case.expected_names(),
            largest_error: None,
            failures: Vec::new(),
        }
    }

    /// Compares a tensor with the expected one of this name. An output that the case does not have is passed over.
    ///
    /// # Errors
    ///
    /// When one of the two cannot be read. A difference is no error here; [`verdict`](Self::verdict) tells.
    pub fn tensor<const D: usize>(&mut self, name: &str, got: Tensor<D>) -> anyhow::Result<()> {
        let shape = got.dims();
        let elements = got.shape().num_elements();
        self.values(name, &shape, got.reshape([elements]))
    }

    /// Compares the elements of a tensor of this shape, in row-major order; otherwise as [`tensor`](Self::tensor).
    ///
    /// # Errors
    ///
    /// As [`tensor`](Self::tensor).
    pub fn values(&mut self, name: &str, found: &[usize], got: Tensor<1>) -> anyhow::Result<()> {
        if !self.waiting.remove(name) {
            return Ok(());
        }
        let (shape, want) = self.case.expected(name)?;
        if found != shape {
            let failure = format!("{name}: expected the shape {shape:?}, found {found:?}");
            self.failures.push(failure);
            return Ok(());
        }
        let got = got
            .try_into_vec_as::<f32>()
            .with_context(|| format!("{name} cannot be read back from the device"))?;
        let pairs = got.iter().zip(want);
        let pairs = pairs.map(|(&got, &want)| (f64::from(got), f64::from(want)));
        self.compare(name, pairs.collect());
        Ok(())
    }

    /// Compares a number with the expected one of this name. A number that the case does not have is passed over.
    ///
    /// # Errors
    ///
    /// When the expected value is no number.
    pub fn number(&mut self, name: &str, got: f64) -> anyhow::Result<()> {
        let Some(want) = self.case.spec.expected_values.get(name) else {
            return Ok(());
        };
        let want = number(want)
            .ok_or_else(|| self.case.wrong(format!("`{name}` to be a number"), want))?;
        self.waiting.remove(name);
        self.compare(name, vec![(got, want)]);
        Ok(())
    }

    /// Compares numbers that the case keeps together under this name, as a list or a table: what came out with what was
    /// expected. A name that the case does not have is passed over.
    pub fn numbers(&mut self, name: &str, pairs: Vec<(f64, f64)>) {
        if self.waiting.remove(name) {
            self.compare(name, pairs);
        }
    }

    fn compare(&mut self, name: &str, pairs: Vec<(f64, f64)>) {
        let spec = &self.case.spec;
        let tolerance = *spec.tolerances.get(name).unwrap_or(&spec.tolerance);
        let mut worst = None;
        for (place, &(got, want)) in pairs.iter().enumerate() {
            let error = difference(got, want);
            self.largest_error = Some(self.largest_error.unwrap_or(0.0).max(error));
            let is_worst = worst.is_none_or(|(_, largest)| error > largest);
            if !tolerance.accepts(got, want) && is_worst {
                worst = Some((place, error));
            }
        }
        if let Some((place, error)) = worst {
            let (got, want) = pairs[place];
            self.failures.push(format!(
                "{name}: expected {want} at element {place}, found {got} (off by {error:.2e})"
            ));
        }
    }

    /// The largest absolute error so far; none before the first comparison.
    pub fn largest_error(&self) -> Option<f64> {
        self.largest_error
    }

    /// Whether everything that was expected has been compared and agrees; if not, why.
    ///
    /// # Errors
    ///
    /// The first difference, or the outputs that were never computed: a check that is not made must not pass.
    pub fn verdict(&self) -> Result<(), String> {
        let mut failures = self.failures.clone();
        if !self.waiting.is_empty() {
            failures.push(format!("not computed: {}", names(&self.waiting)));
        }
        if self.largest_error.is_none() && failures.is_empty() {
            failures.push("the case expects nothing".to_owned());
        }
        match failures.as_slice() {
            [] => Ok(()),
            [only] => Err(only.clone()),
            [first, rest @ ..] => Err(format!("{first}; and {} more", rest.len())),
        }
    }
}

/// The first few names, and how many more there are.
fn names(names: &BTreeSet<String>) -> String {
    const SHOWN: usize = 4;
    let first: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// JSON has no undefined number and no infinity: `null`, `"inf"` and `"-inf"` stand for them.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Null => Some(f64::NAN),
        Value::String(text) if text == "inf" => Some(f64::INFINITY),
        Value::String(text) if text == "-inf" => Some(f64::NEG_INFINITY),
        value => value.as_f64(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::conformance::case::Spec;

    const TOLERANCE: Tolerance = Tolerance {
        atol: 0.5,
        rtol: 0.25,
    };

    fn case(expected_values: &str) -> Case {
        let json = format!(
            r#"{{"kind": "metrics", "config": {{}}, "weights": [], "inputs": [], "expected": [],
                "expected_values": {expected_values}, "atol": 1e-3, "rtol": 0,
                "tolerances": {{"loose": {{"atol": 1, "rtol": 0}}}}}}"#
        );
        let spec: Spec = serde_json::from_str(&json).unwrap();
        Case::read(Path::new("no folder"), spec).unwrap()
    }

    #[test]
    fn the_tolerance_is_absolute_plus_relative() {
        // 0.5 + 0.25 · 2
        assert!(TOLERANCE.accepts(3.0, 2.0) && TOLERANCE.accepts(-3.0, -2.0));
        assert!(!TOLERANCE.accepts(3.01, 2.0) && !TOLERANCE.accepts(0.99, 2.0));
        // Relative to what is expected, not to what was found.
        assert!(!TOLERANCE.accepts(2.0, 1.0));
    }

    #[test]
    fn undefined_and_infinite_numbers_agree_with_themselves_only() {
        let special = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0];
        for (i, &got) in special.iter().enumerate() {
            for (j, &want) in special.iter().enumerate() {
                assert_eq!(TOLERANCE.accepts(got, want), i == j, "{got} {want}");
                assert_eq!(difference(got, want) == 0.0, i == j, "{got} {want}");
            }
        }
    }

    #[test]
    fn null_and_inf_are_numbers_and_other_text_is_not() {
        let read = |json| number(&serde_json::from_str(json).unwrap());
        assert!(read("null").unwrap().is_nan());
        assert_eq!(read("\"-inf\""), Some(f64::NEG_INFINITY));
        assert_eq!(read("3"), Some(3.0));
        assert_eq!(read("\"nan\""), None);
        assert_eq!(read("[1]"), None);
    }

    #[test]
    fn equal_numbers_pass_and_the_largest_error_is_kept() {
        let case = case(r#"{"mae": 1.0, "corr": null, "loose": 5}"#);
        let mut checks = Checks::new(&case);
        checks.number("mae", 1.0005).unwrap();
        checks.number("corr", f64::NAN).unwrap();
        checks.number("loose", 5.5).unwrap();
        checks.number("never asked for", 1.0).unwrap();
        assert_eq!(checks.verdict(), Ok(()));
        assert_eq!(checks.largest_error(), Some(0.5));
    }

    #[test]
    fn a_difference_fails_with_both_values() {
        let case = case(r#"{"mae": 1.0}"#);
        let mut checks = Checks::new(&case);
        checks.number("mae", 1.25).unwrap();
        let reason = checks.verdict().unwrap_err();
        assert!(
            reason.contains("mae: expected 1") && reason.contains("found 1.25"),
            "{reason}"
        );
    }

    #[test]
    fn what_was_not_computed_fails() {
        let case = case(r#"{"mae": 1.0, "corr": 0.0}"#);
        let mut checks = Checks::new(&case);
        checks.number("mae", 1.0).unwrap();
        assert_eq!(checks.verdict(), Err("not computed: corr".to_owned()));
    }

    #[test]
    fn a_case_that_expects_nothing_fails() {
        assert!(Checks::new(&case("{}")).verdict().is_err());
    }
}
