//! `mdm bench-estimators`

mod console;
mod contender;
mod divergence;
mod markdown;
mod score;
mod table;
mod tasks;

use std::path::Path;

use anyhow::bail;
use burn::tensor::Device;
use mdm_core::estimate::EstimatorConfig;
use mdm_train::write_atomically;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::args::BenchEstimatorsArgs;
use crate::failure::usage;
use crate::grid::{Fit, Machine, Progress, Store, fit, number};
use crate::{backend, output};
use contender::Contender;
use score::{Score, Summary};
use tasks::{BenchTask, Truth};

/// One fit: a task, an estimator, a seed.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Cell {
    task: String,
    measure: String,
    seed: u64,
    #[serde(flatten)]
    fit: Fit,
}

/// What the cells of a folder have in common.
#[derive(Debug, Serialize)]
struct Settings<'a> {
    command: &'static str,
    version: &'static str,
    backend: &'a str,
    samples: usize,
    estimator: &'a EstimatorConfig,
}

/// A benchmark: every task with the estimators that it has a truth for.
struct Plan {
    pairs: Vec<Pair>,
    seeds: u64,
    samples: usize,
    /// The estimator before measure and seed are set.
    estimator: EstimatorConfig,
}

/// What is fitted once for each seed.
struct Pair {
    task: BenchTask,
    contender: Contender,
    truth: Truth,
}

/// Fits what is not fitted yet, writes the tables and prints one.
pub fn run(args: &BenchEstimatorsArgs) -> anyhow::Result<()> {
    let plan = plan(args).map_err(usage)?;
    let device = backend::device(&args.backend.backend)?.autodiff();
    let settings = Settings {
        command: "bench-estimators",
        version: env!("CARGO_PKG_VERSION"),
        backend: &args.backend.backend,
        samples: plan.samples,
        estimator: &plan.estimator,
    };
    let mut store = Store::open(&args.out, &settings)?;
    let machine = Machine::new();

    let kept = plan
        .cells()
        .filter(|cell| plan.find(&store, *cell).is_some());
    let mut progress = Progress::new(plan.cells().count(), kept.count());
    for seed in 0..plan.seeds {
        let scores = plan.fit(seed, &device, &mut store, &mut progress)?;
        // After each seed, so that there is something to look at while the others are fitted.
        write(&args.out, &plan, &store, &scores, &machine)?;
    }
    drop(progress);

    let scores = plan.scores(&store);
    if args.json {
        output::line(json!({
            "machine": machine,
            "backend": args.backend.backend,
            "samples": plan.samples,
            "seeds": plan.seeds,
            "scores": scores,
            "summary": Summary::of_each(&scores),
        }))?;
    } else {
        output::line(console::text(&scores).trim_end())?;
    }
    eprintln!("tables in {}", args.out.display());
    Ok(())
}

/// What the arguments ask for.
fn plan(args: &BenchEstimatorsArgs) -> anyhow::Result<Plan> {
    let tasks = tasks::chosen(&args.tasks, args.quick)?;
    let estimator = args.estimator.config();
    let contenders = contender::chosen(&args.measures, &estimator)?;
    let mut pairs = Vec::new();
    for task in tasks {
        for contender in &contenders {
            if let Some(truth) = task.truth(contender.measure()) {
                pairs.push(Pair {
                    task: task.clone(),
                    contender: contender.clone(),
                    truth,
                });
            }
        }
    }
    if pairs.is_empty() {
        bail!("none of the chosen measures has a known truth for the chosen tasks");
    }
    Ok(Plan {
        pairs,
        seeds: args.seeds.unwrap_or(if args.quick { 1 } else { 3 }),
        samples: usize::try_from(args.samples)?,
        estimator,
    })
}

impl Plan {
    /// Every pair with every seed.
    fn cells(&self) -> impl Iterator<Item = (&Pair, u64)> {
        (0..self.seeds).flat_map(|seed| self.pairs.iter().map(move |pair| (pair, seed)))
    }

    fn find<'a>(&self, store: &'a Store<Cell>, (pair, seed): (&Pair, u64)) -> Option<&'a Cell> {
        store.cells().iter().find(|cell| {
            cell.seed == seed
                && cell.task == pair.task.name()
                && cell.measure == pair.contender.name
        })
    }

    /// Fits every pair with one seed, unless it is there already.
    fn fit(
        &self,
        seed: u64,
        device: &Device,
        store: &mut Store<Cell>,
        progress: &mut Progress,
    ) -> anyhow::Result<Vec<Score>> {
        for pair in &self.pairs {
            if self.find(store, (pair, seed)).is_some() {
                continue;
            }
            let config = pair.contender.config.clone().with_seed(seed);
            let fit = fit(pair.task.law(), self.samples, &config, device)?;
            progress.cell(&line(pair, seed, &fit));
            store.push(Cell {
                task: pair.task.name().to_owned(),
                measure: pair.contender.name.clone(),
                seed,
                fit,
            })?;
        }
        Ok(self.scores(store))
    }

    /// What every pair reached, as far as it is fitted.
    fn scores(&self, store: &Store<Cell>) -> Vec<Score> {
        let score = |pair: &Pair| {
            let cells = (0..self.seeds).filter_map(|seed| self.find(store, (pair, seed)));
            let fits: Vec<&Fit> = cells.map(|cell| &cell.fit).collect();
            Score::new(pair, &fits)
        };
        self.pairs.iter().map(score).collect()
    }
}

fn line(pair: &Pair, seed: u64, fit: &Fit) -> String {
    let (task, measure) = (pair.task.name(), &pair.contender.name);
    let found = match &fit.found {
        Ok(found) => number(found.value, 4),
        Err(error) => error.clone(),
    };
    let (truth, seconds) = (pair.truth, fit.seconds);
    format!("{task}  {measure}  seed {seed}: {found}, truth {truth}, {seconds:.1} s")
}

/// Writes the tables.
fn write(
    out: &Path,
    plan: &Plan,
    store: &Store<Cell>,
    scores: &[Score],
    machine: &Machine,
) -> anyhow::Result<()> {
    table::write(&out.join("estimators.parquet"), plan, store)?;
    let text = markdown::text(scores, plan, machine);
    Ok(write_atomically(
        &out.join("estimators.md"),
        text.as_bytes(),
    )?)
}
