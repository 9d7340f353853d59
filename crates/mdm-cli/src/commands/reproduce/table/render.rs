//! The table as text and as Markdown.

use super::Plan;
use super::published;
use super::record::{METRICS, Metric};
use super::summary::{Row, Spread, Summary};
use crate::grid::Machine;

/// The table for a terminal.
pub fn text(summary: &Summary) -> String {
    let mut text = format!("{:<11}{:<24}", "model", "measure");
    for metric in METRICS {
        text += &format!("{:>16}", metric.title);
    }
    text += &format!("{:>16}\n", "dependency");
    let line = |name: &str, measure: &str, cells: Vec<String>| {
        let cells: String = cells.iter().map(|cell| format!("{cell:>16}")).collect();
        format!("{name:<11}{measure:<24}{cells}\n")
    };
    for (name, values) in [("majority", &summary.majority), ("mean", &summary.mean)] {
        if let Some(values) = values {
            let cells = METRICS.iter().zip(values);
            text += &line(name, "", cells.map(|(m, &v)| single(*m, v)).collect());
        }
    }
    for row in &summary.rows {
        let mut cells = metric_cells(row);
        cells.push(dependency(row));
        text += &line(&row.model, &row.measure, cells);
    }
    let gains: Vec<String> = summary.rows.iter().filter_map(gain_line).collect();
    if !gains.is_empty() {
        text += "\nDifference to none, mean over the seeds ± its standard error:\n";
        text += &(gains.join("\n") + "\n");
    }
    for (cell, reason) in summary.failures() {
        text += &format!("{cell} FAILED: {reason}\n");
    }
    text
}

/// The table as a document.
pub fn markdown(summary: &Summary, plan: &Plan, machine: &Machine, backend: &str) -> String {
    let seconds: f64 = summary.records.iter().filter_map(|r| r.seconds).sum();
    let hours = seconds / 3600.0;
    let finished: usize = summary.rows.iter().map(|row| row.seeds).sum();
    let title = match plan.which {
        super::Which::Table1 => "Table 1",
        super::Which::Table2 => "Table 2",
    };
    let mut text = format!(
        "# {title} on {}\n\n{}, backend {backend}. {finished} of {} cells are finished, \
         seeds 0 to {}, {hours:.2} hours of training.\n\nTest metrics, mean ± standard \
         deviation over the seeds; the epoch of each run is chosen by its validation MAE, test is read once. **Bold**: the best \
         mean of a model. An accuracy means nothing without that of the majority class.\n\n",
        plan.dataset,
        machine.sentence(),
        plan.models.len() * plan.measures.len() * plan.seeds as usize,
        plan.seeds - 1,
    );
    let titles = METRICS.map(|metric| metric.title).join(" | ");
    text += &format!("| model | measure | seeds | {titles} | dependency |\n|---|---|---|");
    text += &"---|".repeat(METRICS.len() + 1);
    text.push('\n');
    for (name, values) in [
        ("majority class", &summary.majority),
        ("mean of training labels", &summary.mean),
    ] {
        if let Some(values) = values {
            let cells = METRICS.iter().zip(values);
            let cells: Vec<String> = cells.map(|(m, &v)| single(*m, v)).collect();
            text += &format!("| {name} | – | – | {} | – |\n", cells.join(" | "));
        }
    }
    for row in &summary.rows {
        let best = |place: usize| is_best(summary, row, place);
        let cells = metric_cells(row).into_iter().enumerate();
        let cells: Vec<String> = cells
            .map(|(place, cell)| match best(place) {
                true => format!("**{cell}**"),
                false => cell,
            })
            .collect();
        text += &format!(
            "| {} | `{}` | {} | {} | {} |\n",
            row.model,
            row.measure,
            seeds(row),
            cells.join(" | "),
            dependency(row)
        );
    }
    let gains: Vec<String> = summary.rows.iter().filter_map(gain_line).collect();
    if !gains.is_empty() {
        text += "\nWhat the penalty changes: the difference to `none` seed by seed, mean ± its standard error. Accuracies in \
                 points; a lower MAE is better.\n\n";
        text += &gains
            .iter()
            .map(|line| format!("- {line}\n"))
            .collect::<String>();
    }
    let failures = summary.failures();
    let failures: String = failures
        .map(|(cell, reason)| format!("- `{cell}`: {reason}\n"))
        .collect();
    if !failures.is_empty() {
        text += &format!("\nFailed cells, which no mean holds:\n\n{failures}");
    }
    text + &published::markdown(&plan.dataset, &plan.models)
}

fn seeds(row: &Row) -> String {
    match row.failed {
        0 => row.seeds.to_string(),
        failed => format!("{}, {failed} failed", row.seeds),
    }
}

fn metric_cells(row: &Row) -> Vec<String> {
    if row.seeds == 0 {
        return METRICS.map(|_| "failed".to_owned()).to_vec();
    }
    let cells = METRICS.iter().zip(&row.metrics);
    cells
        .map(|(metric, spread)| cell(*metric, *spread))
        .collect()
}

fn single(metric: Metric, value: f64) -> String {
    match (value.is_nan(), metric.percent) {
        (true, _) => "–".into(),
        (_, true) => format!("{:.1}", 100.0 * value),
        (_, false) => format!("{value:.3}"),
    }
}

fn cell(metric: Metric, spread: Spread) -> String {
    let mean = single(metric, spread.mean);
    match spread.deviation.is_nan() {
        true => mean,
        false => format!("{mean} ± {}", single(metric, spread.deviation)),
    }
}

fn dependency(row: &Row) -> String {
    let Spread {
        mean, deviation, ..
    } = row.dependency;
    match (mean.is_nan(), deviation.is_nan()) {
        (true, _) => "–".into(),
        (_, true) => format!("{mean:.3}"),
        _ => format!("{mean:.3} ± {deviation:.3}"),
    }
}

/// Whether the row's mean is the best of its model, of more than one row.
fn is_best(summary: &Summary, row: &Row, place: usize) -> bool {
    let of_model = summary.rows.iter().filter(|other| other.model == row.model);
    let means: Vec<f64> = of_model.map(|other| other.metrics[place].mean).collect();
    let own = row.metrics[place].mean;
    let is_better = |other: f64| match METRICS[place].smaller_is_better {
        true => other < own,
        false => other > own,
    };
    !own.is_nan() && means.len() > 1 && !means.into_iter().any(is_better)
}

fn gain_line(row: &Row) -> Option<String> {
    let gains = row.gain.as_ref()?;
    let parts = METRICS.iter().zip(gains).map(|(metric, gain)| {
        let (factor, digits) = if metric.percent { (100.0, 1) } else { (1.0, 3) };
        let mean = factor * gain.mean;
        match gain.error() {
            error if error.is_nan() => format!("{} {mean:+.digits$}", metric.title),
            error => format!(
                "{} {mean:+.digits$} ± {:.digits$}",
                metric.title,
                factor * error
            ),
        }
    });
    let parts: Vec<String> = parts.collect();
    Some(format!(
        "{} `{}`: {}",
        row.model,
        row.measure,
        parts.join(", ")
    ))
}
