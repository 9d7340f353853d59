//! `mdm bench`

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::BackendArgs;

/// Time training steps, Algorithm 1, inference and the estimator; on request beside PyTorch.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  mdm bench --quick                                  every workload, one JSON object a line
  mdm bench --only ef_lstm,tfn --json bench.jsonl
  mdm bench --against-pytorch --python venv/bin/python --quick
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
    /// Rounds of both sides; a ratio is taken inside a round.
    #[arg(long, value_name = "N", default_value = "3", requires = "against_pytorch", value_parser = clap::value_parser!(u64).range(1..=100))]
    pub rounds: u64,
    #[command(flatten)]
    pub backend: BackendArgs,
}
