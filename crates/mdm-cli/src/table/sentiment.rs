//! The sentiment as a number.

use mdm_train::{Baselines, Metrics};

use super::{decimal, percent};

/// The names of the columns.
pub fn header(n: usize) -> String {
    line(
        &format!("test, n = {n}"),
        [
            "MAE",
            "Corr",
            "Acc7",
            "Acc5",
            "Acc2 has0",
            "Acc2 non0",
            "F1 non0",
        ]
        .map(Into::into),
    )
}

/// The metrics of one predictor.
pub fn row(name: &str, metrics: &Metrics) -> String {
    line(
        name,
        [
            decimal(metrics.mae),
            decimal(metrics.corr),
            percent(metrics.acc7),
            percent(metrics.acc5),
            percent(metrics.acc2_has0),
            percent(metrics.acc2_non0),
            percent(metrics.f1_non0),
        ],
    )
}

/// The trivial predictors.
pub fn baseline_rows(baselines: &Baselines) -> String {
    let majority = &baselines.majority;
    let none = String::from("–");
    // A class is no number on the scale: the majority row has accuracies only.
    let majority = line(
        "majority class",
        [
            none.clone(),
            none.clone(),
            percent(majority.acc7),
            none.clone(),
            percent(majority.acc2_has0),
            percent(majority.acc2_non0),
            none,
        ],
    );
    let mean = row("train mean", &baselines.mean);
    majority + &mean + &row("train median", &baselines.median)
}

fn line(name: &str, cells: [String; 7]) -> String {
    let [mae, corr, acc7, acc5, has0, non0, f1] = cells;
    format!("{name:<18} {mae:>7} {corr:>7} {acc7:>7} {acc5:>7} {has0:>9} {non0:>9} {f1:>9}\n")
}
