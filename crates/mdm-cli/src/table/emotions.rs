//! The six emotions.

use mdm_train::task::{EmotionMetrics, EmotionScore, EmotionScores};

use super::{decimal, percent};

/// The names of the columns, how often each emotion is there and is predicted, and the run.
pub fn run_rows(name: &str, metrics: &EmotionMetrics) -> String {
    let scores = &metrics.scores;
    let header = line(
        &format!("test, n = {}", metrics.n),
        scores,
        |score| score.emotion.into(),
        "mean",
    );
    let present = line("present", scores, |score| score.present.to_string(), "");
    let predicted = line(
        &format!("{name} predicted"),
        scores,
        |score| score.predicted.to_string(),
        "",
    );
    header + &present + &predicted + &rows(name, scores)
}

/// What is of no single emotion.
pub fn details(metrics: &EmotionMetrics) -> String {
    format!("\ncross-entropy {}\n", decimal(metrics.cross_entropy))
}

/// The trivial predictor.
pub fn baseline_rows(majority: &EmotionScores) -> String {
    rows("more frequent", majority)
}

/// Weighted accuracy and weighted F1 of one predictor.
fn rows(name: &str, scores: &EmotionScores) -> String {
    let accuracy = line(
        &format!("{name} WA"),
        scores,
        |score| percent(score.weighted_accuracy),
        &percent(scores.weighted_accuracy),
    );
    let f1 = line(
        &format!("{name} F1"),
        scores,
        |score| percent(score.f1_weighted),
        &percent(scores.f1_weighted),
    );
    accuracy + &f1
}

fn line(
    name: &str,
    scores: &EmotionScores,
    cell: fn(&EmotionScore) -> String,
    mean: &str,
) -> String {
    let cells = scores
        .emotions
        .iter()
        .map(|score| format!(" {:>9}", cell(score)));
    let line = format!("{name:<24}{} {mean:>6}", cells.collect::<String>());
    format!("{}\n", line.trim_end())
}
