//! How time and memory grow with each size: a table and figures.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, anyhow};

use super::pytorch::rows;
use super::{Row, write};
use crate::args::BenchArgs;
use crate::failure::usage;
use crate::grid::{Machine, Progress};
use crate::output;
use crate::plot::{self, Figure, PALETTE, Panel, Series, Stroke};

/// A size that grows while all others stay.
struct Growth {
    /// Of the figure's files.
    name: &'static str,
    /// The option of this command.
    option: &'static str,
    label: &'static str,
    job: &'static str,
    models: &'static [&'static str],
    values: &'static [usize],
}

const MODELS: &[&str] = &["ef_lstm", "late_lstm", "mfn"];

const GROWTHS: [Growth; 6] = [
    Growth {
        name: "batch",
        option: "--batch",
        label: "utterances of a batch",
        job: "algorithm1",
        models: MODELS,
        values: &[16, 32, 64, 128, 192],
    },
    Growth {
        name: "steps",
        option: "--steps",
        label: "steps of a sequence",
        job: "algorithm1",
        models: MODELS,
        values: &[25, 50, 100, 200, 300],
    },
    Growth {
        name: "unroll",
        option: "--unroll",
        label: "updates of the critic",
        job: "algorithm1",
        models: MODELS,
        values: &[1, 5, 10, 20, 30],
    },
    Growth {
        name: "modalities",
        option: "--modalities",
        label: "modalities",
        job: "algorithm1",
        models: MODELS,
        values: &[2, 3, 4, 5, 6],
    },
    Growth {
        name: "d_z",
        option: "--d-z",
        label: "width of Z",
        job: "algorithm1",
        // EF-LSTM's own width grows with that of Z.
        models: &["late_lstm", "mfn"],
        values: &[32, 128, 256, 512, 768],
    },
    Growth {
        name: "utterances",
        option: "--utterances",
        label: "training utterances",
        job: "epoch",
        models: &["ef_lstm", "late_lstm"],
        values: &[500, 1000, 2000, 3000, 4000],
    },
];

/// A measured point.
struct Point {
    model: &'static str,
    value: usize,
    seconds: f64,
    mib: Option<u64>,
}

/// Measures every point in a process of its own, draws the figures and prints the table.
pub fn run(args: &BenchArgs, folder: &Path) -> anyhow::Result<()> {
    let wanted = |model: &str| args.only.is_empty() || args.only.iter().any(|name| name == model);
    let count = |growth: &Growth| {
        let models = growth.models.iter().filter(|model| wanted(model));
        models.count() * growth.values.len()
    };
    let total = GROWTHS.iter().map(count).sum();
    if total == 0 {
        let known = MODELS.join(", ");
        return Err(usage(anyhow!("there are curves of {known} alone")));
    }
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let machine = Machine::new();
    let mut progress = Progress::new(total, 0);
    let mut found: Vec<Row> = Vec::new();
    let mut text = format!("{}.\n", machine.sentence());
    for growth in GROWTHS {
        let mut points = Vec::new();
        for model in growth.models.iter().filter(|model| wanted(model)) {
            for &value in growth.values {
                let what = format!("{model}, {value} {}", growth.label);
                progress.now(what.clone());
                let row = measure(&growth, model, value, args)?;
                points.push(Point {
                    model,
                    value,
                    seconds: row.median_s,
                    mib: row.peak_rss_mib,
                });
                found.push(row);
                if let Some(path) = &args.json {
                    write(path, &found)?;
                }
                progress.cell(&what);
            }
        }
        if points.is_empty() {
            continue;
        }
        plot::write(&figure(&growth, &points, &machine), folder, growth.name)?;
        text += &table(&growth, &points);
    }
    drop(progress);
    output::line(text.trim_end())
}

/// Time and peak memory of a process that does nothing else.
fn measure(growth: &Growth, model: &str, value: usize, args: &BenchArgs) -> anyhow::Result<Row> {
    let program = std::env::current_exe().context("cannot tell where this program is")?;
    let mut command = Command::new(program);
    command.args(["bench", "--quick", "--only", model, "--jobs", growth.job]);
    command.args([growth.option, &value.to_string()]);
    command.args(["--backend", &args.backend.backend]);
    let row = rows(command)?.pop();
    row.with_context(|| format!("{model} with {value} {} gave no row", growth.label))
}

fn figure(growth: &Growth, points: &[Point], machine: &Machine) -> Figure {
    let what = match growth.job {
        "epoch" => "an epoch of Algorithm 1",
        _ => "a step of Algorithm 1",
    };
    let panel = |title: String, unit: &str, of: &dyn Fn(&Point) -> f64| Panel {
        title,
        x_label: growth.label.to_owned(),
        x_names: Vec::new(),
        y_label: unit.to_owned(),
        series: series(growth, points, of),
    };
    let milliseconds = |point: &Point| 1e3 * point.seconds;
    let mib = |point: &Point| point.mib.map_or(f64::NAN, |mib| mib as f64);
    let mut panels = vec![panel(format!("Time of {what}"), "ms", &milliseconds)];
    // Not every system tells.
    if points.iter().all(|point| point.mib.is_some()) {
        panels.push(panel("Peak memory of the process".to_owned(), "MiB", &mib));
    }
    Figure {
        panels,
        caption: format!(
            "{} cores of {}, {}",
            machine.cores, machine.cpu, machine.date
        ),
    }
}

fn series(growth: &Growth, points: &[Point], of: &dyn Fn(&Point) -> f64) -> Vec<Series> {
    let models = growth.models.iter().zip(PALETTE);
    let series = models.map(|(model, colour)| {
        let points = points.iter().filter(|point| point.model == *model);
        Series {
            label: (*model).to_owned(),
            colour,
            stroke: Stroke::Dots,
            line: points
                .map(|point| (point.value as f64, of(point)))
                .collect(),
            band: Vec::new(),
        }
    });
    series.filter(|series| !series.line.is_empty()).collect()
}

/// A row a model: milliseconds and MiB at each value.
fn table(growth: &Growth, points: &[Point]) -> String {
    let values = growth.values.iter().map(|value| format!(" {value} |"));
    let values: String = values.collect();
    let mut text = format!("\n| {}: ms, MiB |{values}\n|---|", growth.label);
    text += &"---|".repeat(growth.values.len());
    text.push('\n');
    for model in growth.models {
        let of_model: Vec<&Point> = points.iter().filter(|p| p.model == *model).collect();
        if of_model.is_empty() {
            continue;
        }
        text += &format!("| {model} ({}) |", growth.job);
        for point in of_model {
            let mib = point.mib.map_or("–".to_owned(), |mib| mib.to_string());
            text += &format!(" {:.0}, {mib} |", 1e3 * point.seconds);
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_column_for_each_value_and_a_row_for_each_model() {
        let growth = &GROWTHS[4];
        let points = growth.models.iter().flat_map(|model| {
            growth.values.iter().map(|&value| Point {
                model,
                value,
                seconds: value as f64 * 1e-3,
                mib: Some(7),
            })
        });
        let points: Vec<Point> = points.collect();
        let table = table(growth, &points);
        let lines: Vec<&str> = table.trim().lines().collect();
        assert_eq!(lines.len(), 2 + growth.models.len());
        assert!(lines[2].starts_with("| late_lstm (algorithm1) | 32, 7 | 128, 7 |"));
        let figure = figure(growth, &points, &Machine::new());
        assert_eq!(figure.panels.len(), 2);
        assert_eq!(figure.panels[0].series[1].line[0], (32.0, 32.0));
    }
}
