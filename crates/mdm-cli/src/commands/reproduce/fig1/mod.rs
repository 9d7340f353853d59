//! Figure 1: dependency measures of a pair of Gaussian variables against their correlation.

mod figure;
mod point;
mod table;

use anyhow::ensure;
use mdm_core::estimate::EstimatorConfig;
use mdm_core::ground_truth::{Gaussian, Task, wasserstein_lower_bound, wasserstein_upper_bound};
use mdm_core::{DependencyMeasure, FDivergence};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::args::Fig1Args;
use crate::failure::usage;
use crate::grid::{Fit, Machine, Progress, Store, fit, number};
use crate::{backend, output, plot};
use point::Point;

/// The three measures of the paper.
const MEASURES: [DependencyMeasure; 3] = [
    DependencyMeasure::TotalCorrelation,
    DependencyMeasure::FDivergence(FDivergence::Kl),
    DependencyMeasure::Wasserstein,
];

/// One fit: a correlation, a measure, a seed.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Cell {
    rho: f64,
    measure: DependencyMeasure,
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
    dim: usize,
    samples: usize,
    /// The estimator before measure and seed are set.
    estimator: &'a EstimatorConfig,
}

/// Which cells make the figure.
struct Plan {
    dim: usize,
    rhos: Vec<f64>,
    seeds: std::ops::Range<u64>,
    samples: usize,
    estimator: EstimatorConfig,
}

/// Fits what is not fitted yet, writes figure and table and prints the table.
pub fn run(args: &Fig1Args) -> anyhow::Result<()> {
    let plan = plan(args).map_err(usage)?;
    let device = backend::device(&args.backend.backend)?.autodiff();
    let settings = Settings {
        command: "reproduce fig1",
        version: env!("CARGO_PKG_VERSION"),
        backend: &args.backend.backend,
        dim: plan.dim,
        samples: plan.samples,
        estimator: &plan.estimator,
    };
    let mut store = Store::open(&args.out, &settings)?;
    let all = plan.rhos.len() * MEASURES.len() * plan.seeds.clone().count();
    let kept = (plan.cells().into_iter()).filter(|&cell| find(&store, cell).is_some());
    let mut progress = Progress::new(all, kept.count());
    for (rho, measure, seed) in plan.cells() {
        if find(&store, (rho, measure, seed)).is_some() {
            continue;
        }
        let config = EstimatorConfig {
            measure,
            seed,
            ..plan.estimator.clone()
        };
        let fit = fit(&task(plan.dim, rho)?, plan.samples, &config, &device)?;
        progress.cell(&line(rho, measure, seed, &fit));
        store.push(Cell {
            rho,
            measure,
            seed,
            fit,
        })?;
    }
    drop(progress);

    let cells: Vec<&Cell> = (plan.cells().into_iter())
        .filter_map(|cell| find(&store, cell))
        .collect();
    let points = Point::of_each(&plan, &cells)?;
    table::write(&args.out.join("fig1.parquet"), plan.dim, &cells)?;
    plot::write(&figure::figure(&plan, &points)?, &args.out, "fig1")?;
    if args.json {
        output::line(json!({
            "machine": Machine::new(),
            "backend": args.backend.backend,
            "dim": plan.dim,
            "samples": plan.samples,
            "seeds": plan.seeds.clone().count(),
            "points": points,
        }))?;
    } else {
        output::line(point::text(&points).trim_end())?;
    }
    eprintln!(
        "fig1.svg, fig1.png and fig1.parquet in {}",
        args.out.display()
    );
    Ok(())
}

fn plan(args: &Fig1Args) -> anyhow::Result<Plan> {
    let most = args.max_rho;
    ensure!(
        most > 0.0 && most < 1.0,
        "--max-rho: expected a number above 0 and below 1, found {most}"
    );
    // Symmetric to the last digit, with 0 in the middle of an odd number.
    let last = (args.points - 1) as f64;
    let rho = |place: u64| most * (2.0 * place as f64 - last) / last;
    Ok(Plan {
        dim: usize::try_from(args.dim)?,
        rhos: (0..args.points).map(rho).collect(),
        seeds: args.seed..args.seed + args.seeds,
        samples: usize::try_from(args.samples)?,
        estimator: args.estimator.config(),
    })
}

impl Plan {
    /// Every cell, seed after seed.
    fn cells(&self) -> Vec<(f64, DependencyMeasure, u64)> {
        let mut cells = Vec::new();
        for seed in self.seeds.clone() {
            for &rho in &self.rhos {
                cells.extend(MEASURES.map(|measure| (rho, measure, seed)));
            }
        }
        cells
    }
}

fn find(store: &Store<Cell>, (rho, measure, seed): (f64, DependencyMeasure, u64)) -> Option<&Cell> {
    store.cells().iter().find(|cell| {
        // A number that went through a file may differ in its last digit.
        (cell.rho - rho).abs() < 1e-9 && cell.measure == measure && cell.seed == seed
    })
}

fn task(dim: usize, rho: f64) -> anyhow::Result<Task> {
    let law = Gaussian::componentwise(dim, rho)?;
    Ok(Task::new(format!("componentwise_{dim}_rho_{rho:.6}"), law))
}

/// What a measure should come to, from below and from above: equal where a formula is known.
fn truth(dim: usize, rho: f64, measure: DependencyMeasure) -> anyhow::Result<[f64; 2]> {
    Ok(match measure {
        DependencyMeasure::Wasserstein => [
            wasserstein_lower_bound(dim, rho)?,
            wasserstein_upper_bound(dim, rho)?,
        ],
        _ => [Gaussian::componentwise(dim, rho)?.total_correlation(); 2],
    })
}

fn line(rho: f64, measure: DependencyMeasure, seed: u64, fit: &Fit) -> String {
    let found = match &fit.found {
        Ok(found) => number(found.value, 4),
        Err(error) => error.clone(),
    };
    format!(
        "rho {rho:.3}  {measure}  seed {seed}: {found}, {:.1} s",
        fit.seconds
    )
}
