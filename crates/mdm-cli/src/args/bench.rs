//! `mdm bench`

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::BackendArgs;

/// Time training steps, Algorithm 1, inference and the estimator; on request beside PyTorch, or as sizes grow.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  mdm bench --quick                                  every workload, one JSON object a line
  mdm bench --only ef_lstm,tfn --json bench.jsonl
  mdm bench --against-pytorch --python venv/bin/python --quick --figure figures
  mdm bench --against-pytorch --backend cuda --pytorch-device cuda
  mdm bench --scale curves                           cost and memory as sizes grow: a table and figures
  mdm bench --only late_lstm --jobs algorithm1 --batch 64 --unroll 20
  RAYON_NUM_THREADS=1 mdm bench --only estimator     on one thread

The scripts of the PyTorch side are inside the program; Python needs torch and transformers. Nothing else should run on
the machine meanwhile.")]
pub struct BenchArgs {
    /// Fewer repeats: about a minute for all workloads.
    #[arg(long)]
    pub quick: bool,
    /// Only these workloads, separated by commas: ef_lstm, late_lstm, mfn, lmf, tfn, tfn_wide, mag_bert, estimator.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub only: Vec<String>,
    /// What is timed of a model: train_step, algorithm1, inference (the three by default), batches (those of a step of
    /// Algorithm 1, put together), epoch (of Algorithm 1, with validation and test).
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        conflicts_with_all = ["against_pytorch", "scale"]
    )]
    pub jobs: Vec<String>,
    /// Write the JSON lines to this file.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Run the PyTorch side in turn with ours and print a table of ratios.
    #[arg(long)]
    pub against_pytorch: bool,
    /// The Python that has torch.
    #[arg(
        long,
        value_name = "PATH",
        default_value = "python3",
        requires = "against_pytorch"
    )]
    pub python: PathBuf,
    /// Where PyTorch computes: cpu, cuda, cuda:1, …
    #[arg(
        long,
        value_name = "DEVICE",
        default_value = "cpu",
        requires = "against_pytorch"
    )]
    pub pytorch_device: String,
    /// Rounds of both sides; a ratio is taken inside a round.
    #[arg(long, value_name = "N", default_value = "3", requires = "against_pytorch", value_parser = clap::value_parser!(u64).range(1..=100))]
    pub rounds: u64,
    /// Draw the ratios into this folder, which is made.
    #[arg(long, value_name = "FOLDER", requires = "against_pytorch")]
    pub figure: Option<PathBuf>,
    /// Time Algorithm 1 of ef_lstm, late_lstm and mfn as each size grows, each point in a process of its own; figures go to
    /// this folder, which is made, and a table is printed.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["against_pytorch", "quick"])]
    pub scale: Option<PathBuf>,
    #[command(flatten)]
    pub sizes: SizeArgs,
    #[command(flatten)]
    pub backend: BackendArgs,
}

/// Sizes of the models' workloads. Without them they are those of the PyTorch side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ClapArgs)]
#[command(next_help_heading = "Sizes of the models' workloads")]
pub struct SizeArgs {
    /// Utterances of a batch. Default: 32, of mag_bert 16.
    #[arg(long, value_name = "N", value_parser = size(1_000_000), conflicts_with_all = ["against_pytorch", "scale"])]
    pub batch: Option<usize>,
    /// Steps of a sequence. Default: 50.
    #[arg(long, value_name = "N", value_parser = size(1_000_000), conflicts_with_all = ["against_pytorch", "scale"])]
    pub steps: Option<usize>,
    /// Modalities, of 300, 74, 47, 300, … numbers a step. Default: 3.
    #[arg(long, value_name = "N", value_parser = size(100), conflicts_with_all = ["against_pytorch", "scale"])]
    pub modalities: Option<usize>,
    /// Width of Z; of ef_lstm of its LSTM too. Default: 32 to 128, by model.
    #[arg(long, value_name = "N", value_parser = size(100_000), conflicts_with_all = ["against_pytorch", "scale"])]
    pub d_z: Option<usize>,
    /// Updates of the critic for each of the model. Default: 10.
    #[arg(long, value_name = "N", value_parser = size(100_000), conflicts_with_all = ["against_pytorch", "scale"])]
    pub unroll: Option<usize>,
    /// Training utterances of the job `epoch`. Default: 1000.
    #[arg(long, value_name = "N", value_parser = size(10_000_000), conflicts_with_all = ["against_pytorch", "scale"])]
    pub utterances: Option<usize>,
}

fn size(most: u64) -> impl clap::builder::TypedValueParser<Value = usize> {
    use clap::builder::TypedValueParser;
    clap::value_parser!(u64)
        .range(1..=most)
        .map(|value| value as usize)
}
