//! The final table: a run beside the trivial predictors. Each kind of task has its own.

mod classes;
mod emotions;
mod sentiment;

use mdm_train::{TaskBaselines, TaskMetrics};

/// The test metrics with the baselines.
pub fn test_table(name: &str, test: &TaskMetrics, baselines: &TaskBaselines) -> String {
    let run = match test {
        TaskMetrics::Sentiment(metrics) => {
            sentiment::header(metrics.n) + &sentiment::row(name, metrics)
        }
        TaskMetrics::Classes(metrics) => classes::run_rows(name, metrics),
        TaskMetrics::Emotions(metrics) => emotions::run_rows(name, metrics),
    };
    let baselines = match baselines {
        TaskBaselines::Sentiment(baselines) => sentiment::baseline_rows(baselines),
        TaskBaselines::Classes(baselines) => {
            classes::row("majority class", "–", &baselines.majority)
        }
        TaskBaselines::Emotions(baselines) => emotions::baseline_rows(&baselines.majority),
    };
    let details = match test {
        TaskMetrics::Classes(metrics) => classes::details(name, metrics),
        TaskMetrics::Emotions(metrics) => emotions::details(metrics),
        TaskMetrics::Sentiment(_) => String::new(),
    };
    run + &baselines + &details
}

/// Three decimals; a dash for what is undefined.
pub fn decimal(value: f64) -> String {
    if value.is_nan() {
        "–".into()
    } else {
        format!("{value:.3}")
    }
}

/// A share in per cent; a dash for what is undefined.
pub fn percent(share: f64) -> String {
    if share.is_nan() {
        "–".into()
    } else {
        format!("{:.1}", 100.0 * share)
    }
}
