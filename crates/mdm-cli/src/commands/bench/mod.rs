//! `mdm bench`

mod against_pytorch;
mod clock;
mod job;
mod markdown;
mod model;
mod pytorch;
mod ratios;
mod scale;
mod sizes;

use std::path::Path;

use anyhow::Context;
use burn::tensor::Device;
use mdm_train::{on_worker, write_atomically};
use serde::{Deserialize, Serialize};

use crate::args::BenchArgs;
use crate::failure::usage;
use crate::grid::Progress;
use crate::{backend, output};
use clock::Effort;
use job::Job;
use sizes::Sizes;

/// A row of the benchmark, with the names of the PyTorch side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Row {
    /// `MODEL/JOB`.
    workload: String,
    /// `rust` here, `naive` and `tuned` there.
    variant: String,
    median_s: f64,
    min_s: f64,
    samples_per_s: f64,
    steps_per_s: f64,
    /// Utterances that a step reads.
    samples: usize,
    /// Timed steps.
    repeats: usize,
    threads: usize,
    /// The most memory that the process has taken so far.
    #[serde(default)]
    peak_rss_mib: Option<u64>,
    #[serde(default)]
    backend: Option<String>,
}

/// Times the workloads, or sets them beside PyTorch's.
pub fn run(args: &BenchArgs) -> anyhow::Result<()> {
    let chosen = chosen(&args.only).map_err(usage)?;
    if args.against_pytorch {
        return against_pytorch::run(args, &chosen);
    }
    if let Some(folder) = &args.scale {
        return scale::run(args, folder);
    }
    let mut jobs: Vec<(&str, Sizes, Job)> = Vec::new();
    for name in chosen {
        let sizes = Sizes::of(name, args.sizes).map_err(usage)?;
        let of_name = Job::of(name, &args.jobs).map_err(usage)?.into_iter();
        jobs.extend(of_name.map(|job| (name, sizes.clone(), job)));
    }
    let device = backend::device(&args.backend.backend)?;
    let mut progress = Progress::new(jobs.len(), 0);
    let mut rows = Vec::with_capacity(jobs.len());
    for (name, sizes, job) in jobs {
        let workload = format!("{name}/{}", job.name());
        progress.now(workload.clone());
        let row = time(name, &sizes, job, args, &device)?;
        progress.cell(&workload);
        match &args.json {
            Some(path) => {
                rows.push(row);
                write(path, &rows)?;
            }
            None => output::line(serde_json::to_string(&row)?)?,
        }
    }
    Ok(())
}

/// Rows as JSON lines.
fn write(path: &Path, rows: &[Row]) -> anyhow::Result<()> {
    let mut text = String::new();
    for row in rows {
        text += &serde_json::to_string(row)?;
        text.push('\n');
    }
    write_atomically(path, text.as_bytes())?;
    Ok(())
}

/// The workloads that were asked for, in their order; all without a wish.
fn chosen(only: &[String]) -> anyhow::Result<Vec<&'static str>> {
    for name in only {
        if !model::NAMES.contains(&name.as_str()) {
            anyhow::bail!(
                "unknown workload `{name}`; there are: {}",
                model::NAMES.join(", ")
            );
        }
    }
    let wanted = |name: &&str| only.is_empty() || only.iter().any(|wish| wish == name);
    Ok(model::NAMES.into_iter().filter(wanted).collect())
}

fn time(
    name: &str,
    sizes: &Sizes,
    job: Job,
    args: &BenchArgs,
    device: &Device,
) -> anyhow::Result<Row> {
    let effort = Effort::of(name, job, args.quick);
    // Where training and evaluation run too.
    let (times, samples) = on_worker(|| {
        let mut work = job.prepare(name, sizes, device)?;
        let times = clock::measure(effort, || {
            work.step();
            // A graphics processor is still busy when the call returns.
            device.sync().context("the device failed")
        })?;
        anyhow::Ok((times, work.samples()))
    })?;
    Ok(Row {
        workload: format!("{name}/{}", job.name()),
        variant: "rust".to_owned(),
        median_s: times.median,
        min_s: times.min,
        samples_per_s: samples as f64 / times.median,
        steps_per_s: 1.0 / times.median,
        samples,
        repeats: times.count,
        threads: threads(),
        peak_rss_mib: peak_memory(),
        backend: Some(args.backend.backend.clone()),
    })
}

/// Threads that compute: Rayon's.
fn threads() -> usize {
    let asked = std::env::var("RAYON_NUM_THREADS").ok();
    let asked = asked.and_then(|count| count.parse().ok());
    let cores = || std::thread::available_parallelism().map_or(1, Into::into);
    asked.filter(|&count| count > 0).unwrap_or_else(cores)
}

/// The most memory that this process has held, in MiB, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib.div_ceil(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workloads_are_chosen_by_name_and_stay_in_order() {
        let names = |only: &[&str]| {
            let only: Vec<String> = only.iter().map(|&name| name.to_owned()).collect();
            chosen(&only)
        };
        assert_eq!(names(&[]).unwrap().len(), model::NAMES.len());
        assert_eq!(names(&["tfn", "ef_lstm"]).unwrap(), ["ef_lstm", "tfn"]);
        let error = names(&["lfn"]).unwrap_err().to_string();
        assert!(error.contains("`lfn`") && error.contains("lmf"), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_is_told() {
        assert!(peak_memory().unwrap() > 1);
    }
}
