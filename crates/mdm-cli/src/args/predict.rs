//! `mdm predict`

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use mdm_data::Split;
use mdm_data::layout::Layout;

use super::BackendArgs;

/// Predict from new utterances with the best weights of a run; nothing outside its folder is needed.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  mdm predict runs/a --input stores/new                  CSV on standard output
  mdm predict runs/a --input new.tsv                     transcripts, with or without a column of labels
  mdm predict runs/a --input new.pkl --split test --output predictions.parquet
  mdm predict runs/a --input new.npz --json | jq .predictions[0].score

One row an utterance, in the order of the input:
  id, split                what the input calls it
  words                    its transcript
  prediction               the sentiment, for the task regression
  probability_NAME         the probability of each class or emotion, for the other tasks
  class                    the most probable class, for tasks with classes
  label, label_NAME        the sentiment or the emotions as they are annotated, where the input has them
  score                    T_theta of the utterance as it is, where the run was trained with a dependency measure:
                           how much it looks as if its modalities belong together

Layouts: those of mdm data prepare. Labels may be missing from transcripts (tsv; a single table counts as the test split)
and from NumPy archives (npz). Words and features go the same way as in training: vectors of the run, its cut and its
scaling. Standard error tells what was replaced, cut or left out and how many words have no vector.")]
pub struct PredictArgs {
    /// The run folder.
    pub run: PathBuf,
    /// The corpus file or folder, or a prepared store.
    #[arg(long, value_name = "PATH")]
    pub input: PathBuf,
    /// Its layout (see mdm data prepare); left out, it is told from the content.
    #[arg(long, value_name = "NAME")]
    pub layout: Option<Layout>,
    /// Only the utterances of this split: train, valid or test.
    #[arg(long, value_name = "NAME")]
    pub split: Option<Split>,
    /// The file to write, in place of standard output.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Left out, the extension of the file tells, and standard output gets CSV.
    #[arg(long, value_name = "NAME")]
    pub format: Option<TableFormat>,
    /// Replace a file that is there already.
    #[arg(long, requires = "output")]
    pub overwrite: bool,
    #[command(flatten)]
    pub backend: BackendArgs,
    /// One JSON object on standard output: what was done and, unless a file takes them, the predictions.
    #[arg(long)]
    pub json: bool,
}

/// The form of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    /// Comma-separated values, a line of names first.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// A Parquet file.
    Parquet,
}
