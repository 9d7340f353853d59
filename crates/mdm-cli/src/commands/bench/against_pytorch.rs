//! Both sides in turn on the same machine.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::Context;
use serde::Serialize;

use super::clock::median;
use super::pytorch::{PyTorch, rows};
use super::{Row, markdown, ratios, threads, write};
use crate::args::BenchArgs;
use crate::grid::{Machine, Progress};
use crate::{output, plot};

/// A workload on both sides.
#[derive(Debug, Clone, Serialize)]
pub struct Pair {
    pub workload: String,
    /// Of the PyTorch side: `naive` or `tuned`.
    pub variant: String,
    /// PyTorch's time over ours, of each round: above 1 we are faster.
    pub ratios: Vec<f64>,
    /// Medians over the rounds, in seconds.
    pub pytorch_s: f64,
    pub rust_s: f64,
    /// Peak memory of a process that runs all jobs of the model, MiB, the largest of the rounds.
    pub pytorch_mib: Option<u64>,
    pub rust_mib: Option<u64>,
}

/// Runs both sides, workload by workload, each in a process of its own, round after round, and prints the ratios.
pub fn run(args: &BenchArgs, chosen: &[&str]) -> anyhow::Result<()> {
    let pytorch = PyTorch::new(&args.python, &args.pytorch_device)?;
    let threads = threads();
    let mut found: Vec<Row> = Vec::new();
    let mut pairs = Vec::new();
    let mut progress = Progress::new(chosen.len() * args.rounds as usize, 0);
    for name in chosen {
        let mut rounds = Vec::new();
        for round in 0..args.rounds {
            let what = format!("{name}, round {}", round + 1);
            progress.now(what.clone());
            let theirs = pytorch.run(name, threads, args.quick)?;
            let ours = ours(name, args)?;
            found.extend(theirs.iter().chain(&ours).cloned());
            rounds.push((theirs, ours));
            progress.cell(&what);
        }
        pairs.extend(pair(&rounds));
    }
    drop(progress);
    if let Some(path) = &args.json {
        write(path, &found)?;
    }
    let machine = Machine::new();
    if let Some(folder) = &args.figure
        && let Some(figure) = ratios::figure(&pairs, &machine)
    {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        plot::write(&figure, folder, "ratios")?;
    }
    let devices = [args.pytorch_device.as_str(), &args.backend.backend];
    let text = markdown::text(&pairs, devices, threads, &machine);
    output::line(text.trim_end())
}

/// Our side in a process of its own, so that its memory is its own.
fn ours(name: &str, args: &BenchArgs) -> anyhow::Result<Vec<Row>> {
    let program = std::env::current_exe().context("cannot tell where this program is")?;
    let mut command = Command::new(program);
    command.args(["bench", "--only", name, "--backend", &args.backend.backend]);
    if args.quick {
        command.arg("--quick");
    }
    rows(command)
}

/// A job of ours and a variant of PyTorch's in every round.
#[derive(Default)]
struct Rounds<'a> {
    theirs: Vec<&'a Row>,
    ours: Vec<&'a Row>,
}

impl Rounds<'_> {
    fn pair(&self) -> Pair {
        let seconds = |rows: &[&Row]| median(rows.iter().map(|row| row.median_s).collect());
        let memory = |rows: &[&Row]| rows.iter().filter_map(|row| row.peak_rss_mib).max();
        let rounds = self.theirs.iter().zip(&self.ours);
        Pair {
            workload: self.ours[0].workload.clone(),
            variant: self.theirs[0].variant.clone(),
            ratios: rounds
                .map(|(their, our)| their.median_s / our.median_s)
                .collect(),
            pytorch_s: seconds(&self.theirs),
            rust_s: seconds(&self.ours),
            pytorch_mib: memory(&self.theirs),
            rust_mib: memory(&self.ours),
        }
    }
}

/// What the rounds of one model say of each of its jobs and PyTorch's variants.
fn pair(rounds: &[(Vec<Row>, Vec<Row>)]) -> Vec<Pair> {
    let mut pairs: BTreeMap<(usize, &str), Rounds> = BTreeMap::new();
    for (theirs, ours) in rounds {
        for (place, our) in ours.iter().enumerate() {
            for their in theirs.iter().filter(|row| row.workload == our.workload) {
                let rounds = pairs.entry((place, &their.variant)).or_default();
                rounds.theirs.push(their);
                rounds.ours.push(our);
            }
        }
    }
    pairs.values().map(Rounds::pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(workload: &str, variant: &str, median_s: f64) -> Row {
        Row {
            workload: workload.to_owned(),
            variant: variant.to_owned(),
            median_s,
            min_s: median_s,
            samples_per_s: 1.0,
            steps_per_s: 1.0,
            samples: 1,
            repeats: 1,
            threads: 1,
            peak_rss_mib: Some((1e3 * median_s) as u64),
            backend: None,
        }
    }

    #[test]
    fn a_ratio_is_taken_inside_its_round() {
        let round = |slow: f64| {
            let theirs = vec![
                row("tfn/inference", "naive", 0.08 * slow),
                row("tfn/inference", "tuned", 0.04 * slow),
            ];
            (theirs, vec![row("tfn/inference", "rust", 0.02 * slow)])
        };
        // The machine was three times slower in the second round.
        let pairs = pair(&[round(1.0), round(3.0)]);
        let ratios: Vec<f64> = pairs.iter().map(|p| median(p.ratios.clone())).collect();
        assert_eq!(pairs.len(), 2);
        assert!((ratios[0] - 4.0).abs() < 1e-9 && (ratios[1] - 2.0).abs() < 1e-9);
        assert!((pairs[1].rust_s - 0.04).abs() < 1e-9);
        assert_eq!(pairs[1].rust_mib, Some(60));
    }
}
