//! Kind `metrics`: the metrics of a run from predictions and labels.

use anyhow::bail;
use mdm_train::Metrics;
use serde_json::Value;

use super::case::Case;
use super::compare::Checks;

/// Runs a case. Metrics are computed on the host, so there is no device.
pub fn check(case: &Case, checks: &mut Checks) -> anyhow::Result<()> {
    let (_, predictions) = case.input_values("predictions")?;
    let (_, labels) = case.input_values("labels")?;
    if predictions.len() != labels.len() {
        let expected = format!("{} labels, one a prediction", predictions.len());
        bail!(case.wrong_tensor(expected, labels.len()));
    }
    // By their names in metrics.json, so that those are tested too.
    let Value::Object(metrics) = serde_json::to_value(Metrics::new(predictions, labels))? else {
        bail!("metrics are not written as an object");
    };
    for (name, value) in &metrics {
        match value {
            Value::Null => checks.number(name, f64::NAN)?,
            value => match value.as_f64() {
                Some(value) => checks.number(name, value)?,
                None => bail!("the metric {name} is no number but {value}"),
            },
        }
    }
    Ok(())
}
