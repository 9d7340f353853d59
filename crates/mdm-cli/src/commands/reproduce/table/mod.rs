//! Tables 1 and 2 of the paper: models with and without a dependency measure, over seeds.

mod cell;
mod hyperparameters;
mod published;
mod record;
mod render;
mod summary;

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use burn::tensor::Device;
use mdm_models::Model;
use mdm_train::config::MeasureChoice;
use mdm_train::{Observer, StepReport, Task};

use crate::args::TableArgs;
use crate::dataset::{self, Prepared};
use crate::failure::usage;
use crate::grid::{Machine, Progress, lock};
use crate::{backend, output, training};
use cell::Cell;
use hyperparameters::Hyperparameters;
use record::Record;
use summary::Summary;

/// Which table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// EF-LSTM.
    Table1,
    /// The other models.
    Table2,
}

impl Which {
    fn name(self) -> &'static str {
        match self {
            Self::Table1 => "table1",
            Self::Table2 => "table2",
        }
    }

    /// The models of the paper's table; TFN, which its text names in place of LFN, beside them.
    fn models(self) -> &'static [Model] {
        match self {
            Self::Table1 => &[Model::EfLstm],
            Self::Table2 => &[
                Model::Mfn,
                Model::Lfn,
                Model::Tfn,
                Model::MagBert,
                Model::MagXlnet,
            ],
        }
    }
}

/// What a table is made of.
struct Plan {
    which: Which,
    dataset: String,
    models: Vec<Model>,
    measures: Vec<MeasureChoice>,
    seeds: u64,
    out: PathBuf,
}

/// Runs the cells that are not finished, and writes and prints the table.
pub fn run(which: Which, args: &TableArgs) -> anyhow::Result<ExitCode> {
    let plan = plan(which, args).map_err(usage)?;
    let backend = &*args.backend.backend;
    let device = backend::device(backend)?;
    let cells = cells(&plan, args).map_err(usage)?;
    let finished = || -> anyhow::Result<Vec<Option<Record>>> {
        let finished = |cell: &Cell| cell.finished(&plan.out, backend, args.overwrite);
        cells.iter().map(finished).collect()
    };
    // A corpus that cannot be read is found before anything is trained or written.
    let mut corpora = Corpora::default();
    for (cell, record) in cells.iter().zip(finished()?) {
        if record.is_none() {
            corpora.of(cell)?;
        }
    }
    let _lock = claim(&plan.out)?;
    // Again: whoever held the lock until now may have finished some.
    let mut records = finished()?;

    let mut progress = Progress::new(cells.len(), records.iter().flatten().count());
    for (place, cell) in cells.iter().enumerate() {
        if records[place].is_some() {
            continue;
        }
        let prepared = corpora.of(cell)?;
        let trained = train(cell, &plan.out, prepared, &device, backend, &progress)
            .and_then(|()| Record::read(cell, &plan.out));
        let record = trained.unwrap_or_else(|error| Record::failed(cell, format!("{error:#}")));
        progress.cell(&record.line());
        records[place] = Some(record);
        write(&plan, &records, backend)?;
    }
    drop(progress);

    let summary = write(&plan, &records, backend)?;
    if args.json {
        output::line(summary.json(&Machine::new(), backend))?;
    } else {
        output::line(render::text(&summary).trim_end())?;
    }
    eprintln!("table.md and table.parquet are in {}", plan.out.display());
    Ok(match summary.failures().next() {
        None => ExitCode::SUCCESS,
        Some(_) => ExitCode::FAILURE,
    })
}

/// Creates the folder and takes it for this process.
fn claim(out: &Path) -> anyhow::Result<File> {
    fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let path = out.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot open {}", path.display()))?;
    lock(&file, out)?;
    Ok(file)
}

fn plan(which: Which, args: &TableArgs) -> anyhow::Result<Plan> {
    let models = match args.models.is_empty() {
        true => which.models().to_vec(),
        false => parsed("--models", &args.models)?,
    };
    let dataset = Path::new(&args.dataset);
    let name = dataset.file_name().unwrap_or(dataset.as_os_str());
    let name = name.to_string_lossy().into_owned();
    let default = || Path::new("runs").join(format!("{}-{name}", which.name()));
    Ok(Plan {
        which,
        dataset: name.clone(),
        models,
        measures: parsed("--measures", &args.measures)?,
        seeds: args.seeds,
        out: args.out.clone().unwrap_or_else(default),
    })
}

fn parsed<T>(flag: &str, names: &[String]) -> anyhow::Result<Vec<T>>
where
    T: std::str::FromStr + PartialEq,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let mut values = Vec::new();
    for name in names {
        let value = name.parse()?;
        if values.contains(&value) {
            bail!("{flag}: `{name}` is named twice");
        }
        values.push(value);
    }
    Ok(values)
}

fn cells(plan: &Plan, args: &TableArgs) -> anyhow::Result<Vec<Cell>> {
    let hyperparameters = Hyperparameters::new(args.configs.as_deref())?;
    let mut cells = Vec::new();
    for &model in &plan.models {
        for &measure in &plan.measures {
            for seed in 0..plan.seeds {
                let dataset = (&*args.dataset, &*plan.dataset);
                let cell = hyperparameters.cell(dataset, model, measure, seed, &args.set)?;
                if cell.config.train.task != Task::Regression {
                    return Err(anyhow!(
                        "the tables of the paper are of the regression, found train.task = \"{}\"",
                        cell.config.train.task
                    ));
                }
                cells.push(cell);
            }
        }
    }
    Ok(cells)
}

/// The corpora that are loaded, one for each way to prepare one.
#[derive(Default)]
struct Corpora(HashMap<String, Prepared>);

impl Corpora {
    fn of(&mut self, cell: &Cell) -> anyhow::Result<&Prepared> {
        let mut key = toml::to_string(&cell.config.data)?;
        if let Some(text) = cell.config.model.text() {
            key += &toml::to_string(text)?;
        }
        if !self.0.contains_key(&key) {
            let prepared = dataset::load(&cell.config)?;
            for note in &prepared.notes {
                eprintln!("{}: {note}", cell.model);
            }
            self.0.insert(key.clone(), prepared);
        }
        Ok(&self.0[&key])
    }
}

fn train(
    cell: &Cell,
    out: &Path,
    prepared: &Prepared,
    device: &Device,
    backend: &str,
    progress: &Progress,
) -> anyhow::Result<()> {
    // A run that was killed, or may be overwritten: nothing of it is used again.
    cell.clear(out)?;
    let run = training::folder(&cell.config, prepared, device, &cell.folder(out))?;
    let epochs = Epochs {
        progress,
        cell: cell.name(),
        all: cell.config.train.epochs,
    };
    training::into_folder(&run, &cell.config, prepared, device, backend, epochs)?;
    Ok(())
}

/// Shows how far a cell is.
struct Epochs<'a> {
    progress: &'a Progress,
    cell: String,
    all: usize,
}

impl Observer for Epochs<'_> {
    fn step(&mut self, step: &StepReport) {
        let (cell, epoch, all) = (&self.cell, step.epoch, self.all);
        self.progress.now(format!("{cell} epoch {epoch}/{all}"));
    }
}

/// Writes the table of the cells that are done.
fn write(plan: &Plan, records: &[Option<Record>], backend: &str) -> anyhow::Result<Summary> {
    let records: Vec<&Record> = records.iter().flatten().collect();
    let summary = Summary::new(plan, &records);
    let markdown = render::markdown(&summary, plan, &Machine::new(), backend);
    mdm_train::write_atomically(&plan.out.join("table.md"), markdown.as_bytes())?;
    record::write_parquet(&plan.out.join("table.parquet"), &records)?;
    Ok(summary)
}
