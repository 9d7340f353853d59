//! The tables on standard output.

use super::score::{Score, Summary, measures, rows};
use super::tasks::Group;
use crate::grid::number;

/// A table for each group and the summary. A star marks what is not near the truth.
pub fn text(scores: &[Score]) -> String {
    let mut text = String::new();
    for group in Group::ALL {
        let rows = rows(scores, group);
        if rows.is_empty() {
            continue;
        }
        let measures = measures(scores.iter().filter(|score| score.group == group));
        // The truth depends on the measure where there are several.
        let one_truth = group != Group::Pairs;
        text += &format!("{}\n", group.title());
        let widths: Vec<usize> = measures.iter().map(|name| name.len().max(14)).collect();
        let task_width = rows.iter().map(|(task, _)| task.len()).max().unwrap_or(0);
        text += &format!("{:task_width$}", "");
        if one_truth {
            text += &format!("  {:>7}", "truth");
        }
        for (measure, width) in measures.iter().zip(&widths) {
            text += &format!("  {measure:>width$} ");
        }
        text += "\n";
        for (task, scores) in rows {
            text += &format!("{task:task_width$}");
            if one_truth {
                text += &format!("  {:>7}", scores[0].truth.to_string());
            }
            for (measure, width) in measures.iter().zip(&widths) {
                let score = scores.iter().find(|score| score.measure == *measure);
                let estimate = score.map_or_else(|| "–".to_owned(), |score| score.estimate());
                let star = match score {
                    Some(score) if score.runs > 0 && !score.near => "*",
                    _ => " ",
                };
                text += &format!("  {estimate:>width$}{star}");
            }
            text += "\n";
            if !one_truth {
                text += &format!("{:>task_width$}", "truth");
                for (measure, width) in measures.iter().zip(&widths) {
                    let score = scores.iter().find(|score| score.measure == *measure);
                    let truth = score.map_or_else(String::new, |score| short(score));
                    text += &format!("  {truth:>width$} ");
                }
                text += "\n";
            }
        }
        text += "\n";
    }
    text + &summary(scores)
}

fn short(score: &Score) -> String {
    match score.truth.bounds() {
        [lower, upper] if lower == upper => format!("{lower:.3}"),
        [lower, upper] => format!("{lower:.3} to {upper:.3}"),
    }
}

fn summary(scores: &[Score]) -> String {
    let summaries = Summary::of_each(scores);
    let width = summaries.iter().map(|s| s.measure.len()).max().unwrap_or(0);
    let mut text = String::from("near the truth (0.05 or 10 %), * above: not\n");
    for summary in &summaries {
        text += &format!(
            "{:width$}  {:>2} of {:>2} tasks, {:>3} of {:>3} fits, mean absolute error {}, {:.1} s a fit\n",
            summary.measure,
            summary.tasks_near,
            summary.tasks,
            summary.runs_near,
            summary.runs,
            summary
                .mean_absolute_error
                .map_or_else(|| "–".to_owned(), |error| number(error, 3)),
            summary.seconds.unwrap_or(f64::NAN),
        );
    }
    text
}
