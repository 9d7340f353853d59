//! `mdm predict`

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail, ensure};
use mdm_data::preparation::PreparationReport;
use mdm_data::{Corpus, Split};
use mdm_train::{Checkpoint, evaluate, trainer};
use serde::Serialize;

use crate::args::{PredictArgs, TableFormat};
use crate::failure::usage;
use crate::predictions::{Cell, Columns, JsonRow, Writer};
use crate::{backend, dataset, output, progress, settings};

/// Predicts from every utterance of the input, in its order.
pub fn run(args: &PredictArgs) -> anyhow::Result<()> {
    let format = format(args).map_err(usage)?;
    if let Some(path) = &args.output {
        check_output(path, args.overwrite)?;
    }
    let (run, config) = settings::of_run(&args.run)?;
    let Some(preparation) = run.preparation()? else {
        bail!(
            "{} has no preparation.json: its run is from before runs kept how they prepare data, so train it again",
            args.run.display()
        );
    };
    let device = backend::device(&args.backend.backend)?;
    let mut corpus = dataset::read_input(&args.input, args.layout)?;
    if let Some(split) = args.split {
        keep_split(&mut corpus, split)?;
    }
    // As they are in the input: the model may see fewer.
    let words: Vec<String> = corpus
        .utterances()
        .map(|(_, u)| u.words.join(" "))
        .collect();
    let report = preparation.apply(&mut corpus)?;
    for note in report.notes() {
        eprintln!("{note}");
    }
    let checkpoint: Checkpoint<_> =
        Checkpoint::of(&trainer::untrained(&config, &corpus, &device)?).load(&run.weights())?;

    let columns = Columns::new(config.train.task, &corpus, checkpoint.critic.is_some());
    let names = columns.names();
    // A JSON object holds all rows at once; other forms on standard output come as they are predicted.
    let mut rows = (args.json && args.output.is_none()).then(Vec::new);
    let mut writer = Writer::new(format, names.clone())?;
    let bar = progress::utterances(corpus.len());
    let mut words = words.into_iter();
    'all: for split in Split::ALL {
        let batches = evaluate::predictions(&checkpoint, corpus.split(split), &device);
        for (utterances, predictions) in batches {
            let outputs = predictions
                .outputs
                .chunks_exact(config.train.task.outputs());
            for (index, (utterance, outputs)) in utterances.iter().zip(outputs).enumerate() {
                let score = predictions.scores.as_ref().map(|scores| scores[index]);
                let words = words.next().expect("a transcript for every utterance");
                let row = columns.row((split, utterance), words, outputs, score);
                match &mut rows {
                    Some(rows) => rows.push(row),
                    None => writer.push(row)?,
                }
            }
            bar.inc(utterances.len() as u64);
            if args.output.is_none() && rows.is_none() && !output::raw(&writer.take()?)? {
                break 'all;
            }
        }
    }
    bar.finish_and_clear();
    if let Some(path) = &args.output {
        writer.save(path)?;
        eprintln!("{} predictions written to {}", corpus.len(), path.display());
    }
    if args.json {
        let rows = rows.as_deref();
        let summary = Summary::new(args.output.as_deref(), &corpus, &report, &names, rows);
        output::line(serde_json::to_string(&summary)?)?;
    }
    Ok(())
}

/// The form that was asked for, or that the extension tells.
fn format(args: &PredictArgs) -> anyhow::Result<TableFormat> {
    let of_extension = |path: &PathBuf| {
        let extension = path.extension().unwrap_or_default();
        match extension.to_string_lossy().to_lowercase().as_str() {
            "csv" => Ok(TableFormat::Csv),
            "jsonl" => Ok(TableFormat::Jsonl),
            "parquet" => Ok(TableFormat::Parquet),
            _ => Err(anyhow!(
                "--output {}: expected the extension csv, jsonl or parquet, or --format",
                path.display()
            )),
        }
    };
    match (args.format, &args.output) {
        (Some(TableFormat::Parquet), None) => {
            bail!("--format parquet needs --output: it is no text for standard output")
        }
        (Some(format), _) => Ok(format),
        (None, Some(path)) => of_extension(path),
        (None, None) => Ok(TableFormat::Csv),
    }
}

fn check_output(path: &Path, overwrite: bool) -> anyhow::Result<()> {
    ensure!(!path.is_dir(), "{} is a folder", path.display());
    ensure!(
        overwrite || !path.exists(),
        "{} already exists; --overwrite replaces it",
        path.display()
    );
    Ok(())
}

fn keep_split(corpus: &mut Corpus, split: Split) -> anyhow::Result<()> {
    if corpus.split(split).is_empty() {
        let others = Split::ALL.into_iter();
        let others = others.filter(|&other| !corpus.split(other).is_empty());
        let others: Vec<&str> = others.map(Split::name).collect();
        return Err(usage(anyhow!(
            "--split {split}: {} has no such utterances, only {}",
            corpus.name,
            others.join(", ")
        )));
    }
    for other in Split::ALL.into_iter().filter(|&other| other != split) {
        corpus.split_mut(other).clear();
    }
    Ok(())
}

/// What `--json` prints.
#[derive(Serialize)]
struct Summary<'a> {
    utterances: usize,
    /// Longer than the run's `data.max_steps`.
    cut: usize,
    /// Feature values that became 0.
    replaced: u64,
    /// Words, where the run has vectors or pieces, and those without a vector.
    words: Option<usize>,
    words_without_vector: Option<usize>,
    columns: &'a [String],
    output: Option<&'a Path>,
    #[serde(skip_serializing_if = "Option::is_none")]
    predictions: Option<Vec<JsonRow<'a>>>,
}

impl<'a> Summary<'a> {
    fn new(
        output: Option<&'a Path>,
        corpus: &Corpus,
        report: &PreparationReport,
        columns: &'a [String],
        rows: Option<&'a [Vec<Cell>]>,
    ) -> Self {
        let (words, pieces) = (
            report.embed.map(|embed| embed.words),
            report.pieces.as_ref(),
        );
        Self {
            utterances: corpus.len(),
            cut: report.cut + pieces.map_or(0, |pieces| pieces.cut),
            replaced: report.clean.total(),
            words: words.or(pieces.map(|pieces| pieces.words)),
            words_without_vector: report.embed.map(|embed| embed.words - embed.found),
            columns,
            output,
            predictions: rows.map(|rows| rows.iter().map(|row| JsonRow(columns, row)).collect()),
        }
    }
}
