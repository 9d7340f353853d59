//! The command line.

mod bench;
mod data;
mod estimate;
mod predict;

use std::path::PathBuf;

use clap::{ArgGroup, Args as ClapArgs, Parser, Subcommand};
use mdm_data::surgery::Fill;

pub use bench::*;
pub use data::*;
pub use estimate::*;
pub use predict::*;

/// Fusion models with mutual dependency penalties: train, evaluate, prepare data.
#[derive(Debug, Parser)]
#[command(
    name = "mdm",
    version,
    propagate_version = true,
    args_override_self = true
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    Train(TrainArgs),
    Evaluate(EvaluateArgs),
    Predict(PredictArgs),
    Estimate(EstimateArgs),
    Bench(BenchArgs),
    BenchEstimators(BenchEstimatorsArgs),
    #[command(subcommand)]
    Reproduce(ReproduceCommand),
    /// Fetch, prepare and inspect corpora.
    #[command(subcommand)]
    Data(DataCommand),
    /// Fetch pretrained encoders.
    #[command(subcommand)]
    Model(ModelCommand),
    Conformance(ConformanceArgs),
}

/// Train a fusion model with a dependency penalty and print its test table.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  mdm train                                          the synthetic corpus, EF-LSTM, total correlation
  mdm train --measure none                           the same model without penalty
  mdm train --config configs/mosi/ef_lstm_kl.toml    MOSI, from the folder in MDM_DATA_DIR
  mdm train --dataset stores/mine --model late-lstm  a prepared store (mdm data prepare)
  mdm train --set train.task=classes-7               seven classes in place of a number
  mdm train --config my.toml --set penalty.lambda=0.05 --seed 3 --out runs/a

Every setting with its default is in configs/default.toml.")]
pub struct TrainArgs {
    /// A TOML file, a delta on the defaults.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where the paper and the official code differ: `paper` or `official`. Applied before the config.
    #[arg(long, value_name = "NAME")]
    pub preset: Option<String>,
    /// Change one setting, `section.key=value`; repeatable.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// `synthetic`, a known dataset (mosi, mmmo, …: `mdm data fetch` lists them) or the folder of a prepared store.
    #[arg(long, value_name = "NAME|DIR")]
    pub dataset: Option<String>,
    /// ef-lstm, late-lstm, tfn, lfn or mfn.
    #[arg(long)]
    pub model: Option<String>,
    /// none, kl, f, wasserstein or another measure (see configs/default.toml).
    #[arg(long)]
    pub measure: Option<String>,
    /// Weight of the measure in the loss.
    #[arg(long, allow_negative_numbers = true)]
    pub lambda: Option<f64>,
    /// The one seed of the run.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Most epochs.
    #[arg(long)]
    pub epochs: Option<u64>,
    #[command(flatten)]
    pub backend: BackendArgs,
    /// The run folder; by default one under `runs/` that is not taken yet.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print the content of metrics.json on standard output instead of the table.
    #[arg(long)]
    pub json: bool,
}

/// Evaluate the best weights of a run again, on request with modalities missing from the test split.
#[derive(Debug, ClapArgs)]
#[command(
    group(ArgGroup::new("missing").args(["keep", "drop"])),
    after_help = "\
Examples:
  mdm evaluate runs/synthetic-ef-lstm-kl-seed0
  mdm evaluate runs/a --json | jq .test.mae
  mdm evaluate runs/a --keep audio                         only audio is left, zeros stand for the others
  mdm evaluate runs/a --drop language --fill shuffle       everybody hears another's words
  mdm evaluate runs/a --drop audio,vision --fill mean --rate 0.3 --seed 1
  mdm evaluate runs/a --keep audio --json | jq .robustness.ratio

With --keep or --drop a second table sets the test metrics beside those without the modalities: the ratio of the binary
accuracies, and what always predicting the majority class reaches."
)]
pub struct EvaluateArgs {
    /// The run folder.
    pub run: PathBuf,
    /// Modalities that stay, separated by commas; the others are dropped.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub keep: Vec<String>,
    /// Modalities that are dropped, separated by commas; the others stay.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub drop: Vec<String>,
    /// What stands in for a dropped modality: zero, mean (of the training split, per feature), noise (Gaussian, with the
    /// training split's mean and deviation) or shuffle (that of another utterance).
    #[arg(
        long,
        value_name = "NAME",
        default_value = "zero",
        requires = "missing"
    )]
    pub fill: Fill,
    /// The probability with which an utterance loses each dropped modality.
    #[arg(
        long,
        value_name = "R",
        default_value = "1",
        requires = "missing",
        allow_negative_numbers = true
    )]
    pub rate: f64,
    /// The seed of what is dropped, of noise and of shuffling.
    #[arg(long, value_name = "N", default_value = "0", requires = "missing")]
    pub seed: u64,
    #[command(flatten)]
    pub backend: BackendArgs,
    /// One JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// The backend that computes.
#[derive(Debug, ClapArgs)]
pub struct BackendArgs {
    /// flex, ndarray, wgpu, vulkan, metal, tch or cuda, if compiled in (`cargo xtask` compiles in the right one).
    #[arg(long, default_value = "flex", value_name = "NAME")]
    pub backend: String,
}

/// Compare this build with reference cases: one line a case, then `N passed, N failed`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  mdm conformance conformance
  mdm conformance conformance --kind measures --kind critic --json")]
pub struct ConformanceArgs {
    /// The folder of the cases, or one case.
    pub dir: PathBuf,
    /// Only cases of this kind; repeatable.
    #[arg(long, value_name = "KIND")]
    pub kind: Vec<String>,
    #[command(flatten)]
    pub backend: BackendArgs,
    /// One JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}
