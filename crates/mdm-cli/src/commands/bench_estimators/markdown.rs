//! `estimators.md`

use super::Plan;
use super::contender::Contender;
use super::score::{Score, Summary, measures, rows};
use super::tasks::Group;
use crate::grid::{Machine, number};

/// The whole document.
pub fn text(scores: &[Score], plan: &Plan, machine: &Machine) -> String {
    let seeds = match plan.seeds {
        1 => "one seed".to_owned(),
        seeds => format!("{seeds} seeds"),
    };
    let mut text = format!(
        "# Estimators against known truths\n\n{}.\n\n{} samples, {seeds}. A cell is the mean over the seeds ± their \
         standard deviation, then the error of the mean (in percent for the four variables of 20 components) and the \
         seconds of a fit. **Bold**: further from the truth than 0.05 and than 10 %. The truths of the first three tables \
         are closed forms, in nats.\n\n",
        machine.sentence(),
        plan.samples,
    );
    text += &summary(scores);
    for group in Group::ALL {
        let rows = rows(scores, group);
        if rows.is_empty() {
            continue;
        }
        text += &format!("\n## {}\n\n", group.title());
        text += &match group {
            Group::Pairs => pairs(&rows),
            _ => matrix(&rows, group),
        };
    }
    text
}

fn summary(scores: &[Score]) -> String {
    let summaries = Summary::of_each(scores);
    let mut text = "## Summary\n\nNear: at most 0.05 or 10 % from the truth. The interval is that of a single fit; a \
                    lower bound may lie below the truth with all of it.\n\n\
                    | measure | tasks near | fits near | 95 % interval holds the truth | mean absolute error | s a fit |\n\
                    |---|---|---|---|---|---|\n"
        .to_owned();
    for summary in &summaries {
        text += &format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            summary.label(),
            share(summary.tasks_near, summary.tasks),
            share(summary.runs_near, summary.runs),
            share(summary.runs_covered, summary.runs),
            decimal(summary.mean_absolute_error, 3),
            decimal(summary.seconds, 1),
        );
    }
    text += "\nNot near:\n\n";
    for summary in &summaries {
        let outside: Vec<String> = (scores.iter())
            .filter(|score| score.measure == summary.measure && score.runs > 0 && !score.near)
            .map(|score| {
                let percent = score
                    .percent()
                    .map_or_else(String::new, |p| format!(" ({} %)", signed(p, 0)));
                let failed = match score.runs_failed {
                    0 => String::new(),
                    failed => format!(", {failed} of {} fits failed", score.runs),
                };
                let numbers = format!("{} for {}{percent}", score.estimate(), score.truth);
                format!("`{}` {}{failed}", score.task, minus(&numbers))
            })
            .collect();
        let outside = match outside.as_slice() {
            [] => "none".to_owned(),
            outside => outside.join("; "),
        };
        text += &format!("- {}: {outside}\n", summary.label());
    }
    text
}

/// A row for each task, a column for each estimator.
fn matrix(rows: &[(&str, Vec<&Score>)], group: Group) -> String {
    let measures = measures(rows.iter().flat_map(|(_, scores)| scores.iter().copied()));
    let labels: Vec<String> = measures.iter().map(|name| Contender::label(name)).collect();
    let mut text = format!("| task | truth | {} |\n|---|---|", labels.join(" | "));
    text += &"---|".repeat(measures.len());
    text += "\n";
    for (task, scores) in rows {
        text += &format!("| `{task}` | {} |", scores[0].truth);
        for measure in &measures {
            let score = scores.iter().find(|score| score.measure == *measure);
            let cell = score.map_or_else(|| "–".to_owned(), |score| cell(score, group));
            text += &format!(" {cell} |");
        }
        text += "\n";
    }
    text
}

/// A row for each task and measure, since each has a truth of its own.
fn pairs(rows: &[(&str, Vec<&Score>)]) -> String {
    let mut text = "The truth of an f-divergence is an integral of the known densities, with an error below 1e-4; that of \
                    the Wasserstein distance is known between two bounds, in units of the variables, and the error is 0 between them.\n\n\
                    | task | measure | truth | estimate |\n|---|---|---|---|\n"
        .to_owned();
    for score in rows.iter().flat_map(|(_, scores)| scores) {
        let (label, cell) = (Contender::label(&score.measure), cell(score, score.group));
        text += &format!(
            "| `{}` | {label} | {} | {cell} |\n",
            score.task, score.truth
        );
    }
    text
}

/// `0.413 ± 0.003 (−0.001, 2.1 s)`
fn cell(score: &Score, group: Group) -> String {
    let estimate = score.estimate();
    let (Some(error), Some(percent), Some(seconds)) = (score.error, score.percent(), score.seconds)
    else {
        return estimate;
    };
    let error = match group {
        Group::Ladder => format!("{} %", signed(percent, 1)),
        _ => signed(error, 3),
    };
    let cell = minus(&format!("{estimate} ({error}, {seconds:.1} s)"));
    if score.near {
        cell
    } else {
        format!("**{cell}**")
    }
}

fn signed(value: f64, decimals: usize) -> String {
    let sign = if value < 0.0 { "" } else { "+" };
    format!("{sign}{}", number(value, decimals))
}

/// Numbers with a true minus.
fn minus(numbers: &str) -> String {
    numbers.replace('-', "−")
}

fn share(part: usize, all: usize) -> String {
    format!(
        "{part} of {all} ({:.0} %)",
        100.0 * part as f64 / all as f64
    )
}

fn decimal(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| number(value, digits))
}
