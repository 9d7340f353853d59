//! Tables 1 and 2 of the paper: models with and without a dependency measure, over seeds.

mod cell;
mod published;
mod render;
mod result;
mod summary;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::anyhow;
use burn::tensor::Device;
use mdm_models::Model;
use mdm_train::Task;
use mdm_train::config::MeasureChoice;

use crate::args::TableArgs;
use crate::dataset::{self, Prepared};
use crate::failure::usage;
use crate::grid::{Machine, Progress};
use crate::{backend, output, training};
use cell::{Cell, Hyperparameters, State};
use result::CellResult;
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
    let device = backend::device(&args.backend.backend)?;
    let cells = cells(&plan, args).map_err(usage)?;
    let mut states = Vec::new();
    for cell in &cells {
        states.push(cell.state(&plan.out)?);
    }
    let kept = states.iter().filter(|state| **state == State::Finished);
    let mut progress = Progress::new(cells.len(), kept.count());
    let mut corpora = Corpora::default();
    let mut failures = Vec::new();
    for (cell, state) in cells.iter().zip(states) {
        if state == State::Finished {
            continue;
        }
        let prepared = corpora.of(cell)?;
        let trained = train(cell, &plan.out, prepared, &device, &args.backend.backend);
        if let Err(error) = &trained {
            failures.push((cell.name(), format!("{error:#}")));
        }
        let line = match trained {
            Ok(()) => CellResult::read(cell, &plan.out)?.line(),
            Err(error) => format!("{}: failed: {error:#}", cell.name()),
        };
        progress.cell(&line);
        write(&plan, &cells, &failures, &args.backend.backend)?;
    }
    drop(progress);

    let summary = write(&plan, &cells, &failures, &args.backend.backend)?;
    if args.json {
        output::line(summary.json(&Machine::new(), &args.backend.backend))?;
    } else {
        output::line(render::text(&summary).trim_end())?;
    }
    eprintln!("table.md and table.parquet are in {}", plan.out.display());
    Ok(match failures.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn plan(which: Which, args: &TableArgs) -> anyhow::Result<Plan> {
    let models = match args.models.is_empty() {
        true => which.models().to_vec(),
        false => parsed(&args.models)?,
    };
    let dataset = Path::new(&args.dataset);
    let name = dataset.file_name().unwrap_or(dataset.as_os_str());
    let name = name.to_string_lossy().into_owned();
    let default = || Path::new("runs").join(format!("{}-{name}", which.name()));
    Ok(Plan {
        which,
        dataset: name.clone(),
        models,
        measures: parsed(&args.measures)?,
        seeds: args.seeds,
        out: args.out.clone().unwrap_or_else(default),
    })
}

fn parsed<T: std::str::FromStr>(names: &[String]) -> anyhow::Result<Vec<T>>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    Ok(names
        .iter()
        .map(|name| name.parse())
        .collect::<Result<_, _>>()?)
}

fn cells(plan: &Plan, args: &TableArgs) -> anyhow::Result<Vec<Cell>> {
    let hyperparameters = Hyperparameters::new(args.configs.as_deref());
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
) -> anyhow::Result<()> {
    let folder = cell.folder(out);
    if folder.exists() {
        // A run that was killed: nothing of it is used again.
        std::fs::remove_dir_all(&folder)?;
    }
    let run = training::folder(&cell.config, prepared, device, &folder)?;
    training::into_folder(&run, &cell.config, prepared, device, backend, ())?;
    Ok(())
}

/// Writes the table of the cells that are finished.
fn write(
    plan: &Plan,
    cells: &[Cell],
    failures: &[(String, String)],
    backend: &str,
) -> anyhow::Result<Summary> {
    let mut results = Vec::new();
    for cell in cells {
        if cell.state(&plan.out)? == State::Finished {
            results.push(CellResult::read(cell, &plan.out)?);
        }
    }
    let summary = Summary::new(plan, &results, failures);
    std::fs::create_dir_all(&plan.out)?;
    let markdown = render::markdown(&summary, plan, &Machine::new(), backend);
    mdm_train::write_atomically(&plan.out.join("table.md"), markdown.as_bytes())?;
    result::write_parquet(&plan.out.join("table.parquet"), &results)?;
    Ok(summary)
}
