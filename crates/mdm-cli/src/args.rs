//! The command line.

use std::path::PathBuf;

use clap::{ArgGroup, Args as ClapArgs, Parser, Subcommand};
use mdm_core::estimate::EstimatorConfig;
use mdm_data::surgery::Fill;

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
    Estimate(EstimateArgs),
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
    /// ef-lstm or late-lstm.
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

/// The backend that computes.
#[derive(Debug, ClapArgs)]
pub struct BackendArgs {
    /// flex, ndarray, wgpu, vulkan, metal, tch or cuda, if compiled in (`cargo xtask` compiles in the right one).
    #[arg(long, default_value = "flex", value_name = "NAME")]
    pub backend: String,
}

/// Commands on corpora.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    Fetch(DataFetchArgs),
    Prepare(PrepareArgs),
    Inspect(InspectArgs),
    Verify(VerifyArgs),
    Export(ExportArgs),
}

/// Commands on pretrained encoders.
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    Fetch(ModelFetchArgs),
}

/// Fetch a known corpus or word vectors, check them and prepare a store; without a name, list what is known.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  mdm data fetch                                   what is known, with its size
  mdm data fetch mosei-mmsa                        into the folder in MDM_DATA_DIR, and a store in stores/mosei-mmsa
  mdm data fetch mosi --from ~/Downloads           files that are there already: checked, copied, prepared
  mdm data fetch glove.6B --dir corpora            word vectors, into a folder of your choice
  mdm data fetch --manifest mine.toml --no-prepare

A download that breaks off is continued by the same command. Every file is compared with the SHA-256 of its manifest
before it gets its name. The form of a manifest, for a corpus of your own: docs/datasets.md, \"Fetching\".")]
pub struct DataFetchArgs {
    #[command(flatten)]
    pub fetch: FetchArgs,
    /// The store to prepare [default: stores/NAME].
    #[arg(long, value_name = "DIR", conflicts_with = "no_prepare")]
    pub output: Option<PathBuf>,
    /// Only fetch.
    #[arg(long)]
    pub no_prepare: bool,
}

/// Fetch a known pretrained encoder and check it; without a name, list what is known.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  mdm model fetch                                  what is known, with its size
  mdm model fetch bert-base-uncased                into the folder in MDM_MODELS_DIR
  mdm model fetch all-minilm-l6-v2 --from ~/Downloads --dir models")]
pub struct ModelFetchArgs {
    #[command(flatten)]
    pub fetch: FetchArgs,
}

/// What to fetch, from where and to where.
#[derive(Debug, ClapArgs)]
pub struct FetchArgs {
    /// The name of a manifest.
    pub name: Option<String>,
    /// A manifest of your own in place of a known one.
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    pub manifest: Option<PathBuf>,
    /// Take the files from this folder, under their names, and download nothing.
    #[arg(long, value_name = "FOLDER")]
    pub from: Option<PathBuf>,
    /// The folder to fetch into [default: that in MDM_DATA_DIR, for models that in MDM_MODELS_DIR].
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Give up waiting for a silent server after this many seconds.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: u64,
    /// Tries of an address that bring a file no further, with growing pauses, before the next one.
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub attempts: u32,
}

/// Read a corpus file or folder and write a prepared store.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  mdm data prepare --input mosi.pkl --glove glove.6B.50d.txt --output stores/mosi
  mdm data prepare --input transcripts/ --glove glove.6B.50d.txt --output stores/text
  mdm data prepare --layout multibench --input mosi_raw.pkl --output stores/mosi-raw

Layouts of one file: mag, misa, mult, multibench, mmsa, conversations (pickles), npz.
Layouts of a folder: csd, cmu-h5, mmmo-h5 (HDF5), tsv, store.
Without --layout, the content tells; multibench looks like mult and has to be named.")]
pub struct PrepareArgs {
    /// One of the layouts below; left out, it is told from the content.
    #[arg(long, value_name = "NAME")]
    pub layout: Option<String>,
    /// The corpus file or folder.
    #[arg(long, value_name = "PATH")]
    pub input: PathBuf,
    /// The folder to write; empty or not there yet.
    #[arg(long, value_name = "DIR")]
    pub output: PathBuf,
    /// A GloVe text file, to give words their vectors.
    #[arg(long, value_name = "FILE")]
    pub glove: Option<PathBuf>,
    /// Replace a prepared store that is there already.
    #[arg(long)]
    pub overwrite: bool,
}

/// Print sizes, dimensions, labels, lengths, missing values and what is odd of a corpus; draw them on a page.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  mdm data inspect stores/mosi                          tables
  mdm data inspect mosi.pkl                             the same of a file that is not prepared
  mdm data inspect stores/mosi --html mosi.html         a page with pictures, for any browser
  mdm data inspect stores/mosi --html mosi.html --utterance '03bSnISJMiM[11]'
  mdm data inspect stores/mosi --json | jq '.features[] | select(.zeros == .values)'

The page is one file that loads nothing: histograms of labels and lengths, range and missing values of every feature, the
frequencies of emotions where there are any, and one utterance over time with its words.")]
pub struct InspectArgs {
    /// A prepared store, or a corpus file or folder whose content tells its layout.
    pub corpus: PathBuf,
    /// Also write a page with tables and pictures; a file that is there is replaced.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// The utterance that the page draws; by default the first of median length.
    #[arg(long, value_name = "ID", requires = "html")]
    pub utterance: Option<String>,
    /// One JSON object on standard output, with the histograms and the range of every feature.
    #[arg(long)]
    pub json: bool,
}

/// Check every part of a prepared store against the hashes of its manifest.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:\n  mdm data verify stores/mosi")]
pub struct VerifyArgs {
    /// The prepared store.
    pub store: PathBuf,
}

/// Write a prepared store as a NumPy archive, or as safetensors with a line of JSON for each utterance.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  mdm data export stores/mosi --format npz --output mosi.npz
  mdm data export stores/mosi --format safetensors --output exports/mosi")]
pub struct ExportArgs {
    /// The prepared store.
    pub store: PathBuf,
    /// npz or safetensors.
    #[arg(long)]
    pub format: String,
    /// The file to write (npz), or the folder (safetensors).
    #[arg(long, value_name = "PATH")]
    pub output: PathBuf,
    /// Replace an export that is there already.
    #[arg(long)]
    pub overwrite: bool,
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
