//! `mdm estimate`, and what is made of many estimates.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use mdm_core::estimate::EstimatorConfig;

use super::BackendArgs;

/// Estimate how dependent variables are, from a file of their samples.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  mdm estimate pairs.csv --variables x,y                total correlation in nats, with a 95 % interval
  mdm estimate features.npz --variables language,audio,vision --json
  mdm estimate table.parquet --variables x,y --measure wasserstein --out estimate.json
  mdm estimate pairs.csv --variables x,y --set max_steps=5000 --set \"hidden=[128, 128]\"

In CSV and Parquet a variable is a column, or a prefix: x takes the columns x_0, x_1, …; in npz it is an array. The
settings of --config and --set are the fields of mdm_core::estimate::EstimatorConfig; the defaults suit most data.")]
pub struct EstimateArgs {
    /// An .npz, .parquet, .csv or .tsv file, a sample a row.
    pub file: PathBuf,
    /// At least two variables, separated by commas; left out, the error lists what the file has.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub variables: Vec<String>,
    /// kl (the default), mine, smile, info-nce, f, wasserstein or an f-divergence: f-jensen-shannon, …
    #[arg(long)]
    pub measure: Option<String>,
    /// The seed of the critics, the folds and the bootstrap.
    #[arg(long)]
    pub seed: Option<u64>,
    /// A TOML file of settings.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Change one setting; repeatable.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    #[command(flatten)]
    pub backend: BackendArgs,
    /// Write the whole estimate, with training curves and the score of each sample, as JSON.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// One JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// Measure the estimators against laws whose dependence is known; resumable.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  mdm bench-estimators --quick                                   a few tasks, one seed: some minutes
  mdm bench-estimators --out runs/estimators                     52 tasks, all measures, 3 seeds: hours
  mdm bench-estimators --tasks line_ --tasks dense --measures kl,mine
  mdm bench-estimators --measures kl-network-alone --seeds 1     the critic without its closed-form part

Every fit is kept in the folder as it ends; the same command goes on where it was stopped. Tables: estimators.md and
estimators.parquet in the folder, and standard output.")]
pub struct BenchEstimatorsArgs {
    /// Only tasks whose name contains this; repeatable.
    #[arg(long, value_name = "TEXT")]
    pub tasks: Vec<String>,
    /// Only these measures, separated by commas.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub measures: Vec<String>,
    /// Seeds 0, 1, … of each task and measure; 3, with --quick 1.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub seeds: Option<u64>,
    /// A few tasks of each kind.
    #[arg(long)]
    pub quick: bool,
    /// Samples of each task, at least 100.
    #[arg(long, value_name = "N", default_value = "10000", value_parser = clap::value_parser!(u64).range(100..))]
    pub samples: u64,
    #[command(flatten)]
    pub estimator: EstimatorArgs,
    #[command(flatten)]
    pub backend: BackendArgs,
    /// The folder of the results.
    #[arg(long, value_name = "DIR", default_value = "runs/estimators")]
    pub out: PathBuf,
    /// One JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// Reproduce what the paper shows.
#[derive(Debug, Subcommand)]
pub enum ReproduceCommand {
    Fig1(Fig1Args),
    /// Table 1: EF-LSTM without and with each measure; resumable.
    #[command(after_help = TABLE_EXAMPLES)]
    Table1(TableArgs),
    /// Table 2: MFN, LFN, TFN, MAG-BERT and MAG-XLNet without and with each measure; resumable.
    #[command(after_help = TABLE_EXAMPLES)]
    Table2(TableArgs),
}

const TABLE_EXAMPLES: &str = "\
Examples:
  mdm reproduce table2                                     the synthetic corpus, 2 seeds; some 10 minutes on 2 cores
  mdm reproduce table1 --dataset mosi --seeds 5
  mdm reproduce table2 --models mfn,lfn --measures none,kl --seeds 3 --out runs/two
  mdm reproduce table1 --dataset stores/mine --set train.epochs=20

Each cell is a run folder OUT/MODEL-MEASURE-seedN. Finished cells are kept: the same command goes on where it was
stopped. OUT/table.md and OUT/table.parquet are written after every cell. Hyper-parameters: configs/tables/DATASET/MODEL.toml
on top of configs/default.toml. The command exits with 1 when a cell failed.";

/// A table of the paper: models, measures, seeds.
#[derive(Debug, ClapArgs)]
pub struct TableArgs {
    /// `synthetic`, a known dataset (mosi, mmmo, …) or the folder of a prepared store.
    #[arg(long, value_name = "NAME|DIR", default_value = "synthetic")]
    pub dataset: String,
    /// Models in place of those of the table, separated by commas.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub models: Vec<String>,
    /// Measures, separated by commas.
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "none,kl,f,wasserstein"
    )]
    pub measures: Vec<String>,
    /// Seeds of each cell: 0, 1, …
    #[arg(long, value_name = "N", default_value = "2", value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub seeds: u64,
    /// Change one setting of every cell, `section.key=value`; repeatable.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Hyper-parameters from this folder (DATASET/MODEL.toml in it) in place of those that come with the program.
    #[arg(long, value_name = "DIR")]
    pub configs: Option<PathBuf>,
    #[command(flatten)]
    pub backend: BackendArgs,
    /// The folder of the cells and the table; by default runs/TABLE-DATASET.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Train finished cells again whose config is not the one asked for now.
    #[arg(long)]
    pub overwrite: bool,
    /// One JSON object on standard output in place of the table.
    #[arg(long)]
    pub json: bool,
}

/// Figure 1: three measures of a pair of Gaussian variables against their correlation; resumable.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  mdm reproduce fig1                              fig1.svg, fig1.png and fig1.parquet in runs/fig1; about 10 minutes
  mdm reproduce fig1 --dim 5 --out runs/fig1-dim5
  mdm reproduce fig1 --points 5 --seeds 1 --out runs/fig1-quick

The components X_i and Y_k of the pair have the correlation rho where i = k and 0 elsewhere. Every fit is kept in the
folder as it ends; the same command goes on where it was stopped.")]
pub struct Fig1Args {
    /// Components of each of the two variables.
    #[arg(long, value_name = "N", default_value = "2", value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub dim: u64,
    /// Correlations between −max-rho and max-rho.
    #[arg(long, value_name = "N", default_value = "17", value_parser = clap::value_parser!(u64).range(2..=1001))]
    pub points: u64,
    /// Largest correlation, above 0 and below 1.
    #[arg(long, value_name = "RHO", default_value = "0.95")]
    pub max_rho: f64,
    /// Seeds of each point; the figure shows their mean and range.
    #[arg(long, value_name = "N", default_value = "3", value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub seeds: u64,
    /// The first seed.
    #[arg(long, value_name = "N", default_value = "0", value_parser = clap::value_parser!(u64).range(..1 << 53))]
    pub seed: u64,
    /// Samples behind each estimate, at least 100.
    #[arg(long, value_name = "N", default_value = "5000", value_parser = clap::value_parser!(u64).range(100..))]
    pub samples: u64,
    #[command(flatten)]
    pub estimator: EstimatorArgs,
    #[command(flatten)]
    pub backend: BackendArgs,
    /// The folder of the results.
    #[arg(long, value_name = "DIR", default_value = "runs/fig1")]
    pub out: PathBuf,
    /// One JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// The estimator of a benchmark or figure.
#[derive(Debug, ClapArgs)]
pub struct EstimatorArgs {
    /// Most optimiser steps of a critic; left out, the estimator's own, which is best.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_steps: Option<u64>,
}

impl EstimatorArgs {
    /// The estimator's defaults with these changes.
    pub fn config(&self) -> EstimatorConfig {
        let mut config = EstimatorConfig::default();
        if let Some(steps) = self.max_steps {
            config.max_steps = steps as usize;
        }
        config
    }
}
