//! The final table: a run beside the trivial predictors.

use mdm_train::{Baselines, Metrics};

/// The test metrics with the baselines, one row each.
pub fn test_table(name: &str, test: &Metrics, baselines: &Baselines) -> String {
    let majority = &baselines.majority;
    let rows = [
        row(name, test),
        // A class is no number on the scale: the majority row has accuracies only.
        format!(
            "{:<18} {:>7} {:>7} {:>7} {:>7} {:>9} {:>9} {:>9}\n",
            "majority class",
            "–",
            "–",
            percent(majority.acc7),
            "–",
            percent(majority.acc2_has0),
            percent(majority.acc2_non0),
            "–",
        ),
        row("train mean", &baselines.mean),
        row("train median", &baselines.median),
    ];
    let header = format!(
        "{:<18} {:>7} {:>7} {:>7} {:>7} {:>9} {:>9} {:>9}\n",
        format!("test, n = {}", test.n),
        "MAE",
        "Corr",
        "Acc7",
        "Acc5",
        "Acc2 has0",
        "Acc2 non0",
        "F1 non0"
    );
    header + &rows.concat()
}

fn row(name: &str, metrics: &Metrics) -> String {
    format!(
        "{:<18} {:>7} {:>7} {:>7} {:>7} {:>9} {:>9} {:>9}\n",
        name,
        decimal(metrics.mae),
        decimal(metrics.corr),
        percent(metrics.acc7),
        percent(metrics.acc5),
        percent(metrics.acc2_has0),
        percent(metrics.acc2_non0),
        percent(metrics.f1_non0),
    )
}

/// Three decimals, or a dash for NaN.
pub fn decimal(value: f64) -> String {
    if value.is_nan() {
        "–".into()
    } else {
        format!("{value:.3}")
    }
}

/// A share as a percentage, or a dash for NaN.
pub fn percent(share: f64) -> String {
    if share.is_nan() {
        "–".into()
    } else {
        format!("{:.1}", 100.0 * share)
    }
}
