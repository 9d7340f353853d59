//! The sentiment as a class.

use mdm_train::task::{ClassMetrics, ClassScores};

use super::{decimal, percent, sentiment};

/// The names of the columns and the run.
pub fn run_rows(name: &str, metrics: &ClassMetrics) -> String {
    let header = ["cross-entropy", "Acc", "F1 weighted", "F1 macro"].map(Into::into);
    let header = line(&format!("test, n = {}", metrics.n), header);
    header + &row(name, &decimal(metrics.cross_entropy), &metrics.scores)
}

/// One predictor.
pub fn row(name: &str, cross_entropy: &str, scores: &ClassScores) -> String {
    let cells = [
        cross_entropy.to_owned(),
        percent(scores.accuracy),
        percent(scores.f1_weighted),
        percent(scores.f1_macro),
    ];
    line(name, cells)
}

/// Each class by itself, and, where the classes are numbers, the run as a predictor of the sentiment.
pub fn details(name: &str, metrics: &ClassMetrics) -> String {
    let header = ["n", "predicted", "recall"].map(Into::into);
    let mut text = String::from("\n") + &class_line("class", header);
    for score in &metrics.scores.classes {
        let (n, predicted) = (score.n.to_string(), score.predicted.to_string());
        text += &class_line(score.class, [n, predicted, percent(score.recall)]);
    }
    if let Some(metrics) = &metrics.sentiment {
        text = text + "\n" + &sentiment::header(metrics.n) + &sentiment::row(name, metrics);
    }
    text
}

fn line(name: &str, cells: [String; 4]) -> String {
    let [cross_entropy, accuracy, weighted, macro_mean] = cells;
    format!("{name:<18} {cross_entropy:>13} {accuracy:>7} {weighted:>11} {macro_mean:>9}\n")
}

fn class_line(name: &str, cells: [String; 3]) -> String {
    let [n, predicted, recall] = cells;
    format!("{name:<18} {n:>7} {predicted:>9} {recall:>7}\n")
}
