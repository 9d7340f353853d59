//! A cell of a table: a model, a measure, a seed, with the config that they make.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use mdm_models::Model;
use mdm_train::ExperimentConfig;
use mdm_train::config::MeasureChoice;
use mdm_train::run::RunFolder;

use crate::settings::{Layer, Settings};
use crate::training;

macro_rules! tables {
    ($($dataset:literal: $($model:literal),*;)*) => {
        [$($((
            $dataset,
            $model,
            include_str!(concat!("../../../../../../configs/tables/", $dataset, "/", $model, ".toml")),
        )),*),*]
    };
}

/// The hyper-parameters that come with the program: dataset, model, config.
const TABLES: [(&str, &str, &str); 21] = tables! {
    "synthetic": "ef-lstm", "late-lstm", "mfn", "lfn", "tfn", "mag-bert", "mag-xlnet";
    "mmmo": "ef-lstm", "late-lstm", "mfn", "lfn", "tfn";
    "mosi": "ef-lstm", "late-lstm", "mfn", "lfn", "tfn", "mag-bert", "mag-xlnet";
    "default": "mag-bert", "mag-xlnet";
};

/// The dataset whose hyper-parameters others take.
const OTHERS: &str = "default";

/// One run of a table.
#[derive(Debug, Clone)]
pub struct Cell {
    pub model: Model,
    pub measure: MeasureChoice,
    pub seed: u64,
    pub config: ExperimentConfig,
}

/// What is there of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing, or a run that was stopped.
    Open,
    /// A run with this config.
    Finished,
}

impl Cell {
    /// `model-measure-seedN`
    pub fn name(&self) -> String {
        format!("{}-{}-seed{}", self.model, self.measure, self.seed)
    }

    /// The run folder.
    pub fn folder(&self, out: &Path) -> PathBuf {
        out.join(self.name())
    }

    /// Whether the cell is finished.
    ///
    /// # Errors
    ///
    /// A finished run with another config.
    pub fn state(&self, out: &Path) -> anyhow::Result<State> {
        let folder = self.folder(out);
        if !folder.join("metrics.json").is_file() {
            return Ok(State::Open);
        }
        let path = RunFolder::open(&folder).config();
        let found = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read the config {}", path.display()))?;
        let found = toml::Value::Table(found.parse()?);
        let expected = toml::Value::try_from(&self.config)?;
        match difference(&expected, &found, "") {
            None => Ok(State::Finished),
            Some(difference) => bail!(
                "{} is a finished run of another config: {difference}; choose another --out or remove the folder",
                folder.display()
            ),
        }
    }
}

/// The first setting that differs, with both values.
fn difference(expected: &toml::Value, found: &toml::Value, path: &str) -> Option<String> {
    if let (toml::Value::Table(expected), toml::Value::Table(found)) = (expected, found) {
        let keys = expected.keys().chain(found.keys());
        return keys
            .filter_map(|key| {
                let path = match path {
                    "" => key.clone(),
                    path => format!("{path}.{key}"),
                };
                let none = toml::Value::String("nothing".into());
                let of = |table: &toml::Table| table.get(key).unwrap_or(&none).clone();
                difference(&of(expected), &of(found), &path)
            })
            .next();
    }
    (expected != found).then(|| format!("{path} is {found} there and {expected} here"))
}

/// Where hyper-parameters come from.
pub struct Hyperparameters<'a> {
    folder: Option<&'a Path>,
}

impl<'a> Hyperparameters<'a> {
    /// Those of a folder, or those that come with the program.
    pub fn new(folder: Option<&'a Path>) -> Self {
        Self { folder }
    }

    /// The cell of a dataset, given as it is written and by its short name, with the settings of `--set` on top.
    ///
    /// # Errors
    ///
    /// A config that cannot be read or resolved.
    pub fn cell(
        &self,
        (dataset, name): (&str, &str),
        model: Model,
        measure: MeasureChoice,
        seed: u64,
        set: &[String],
    ) -> anyhow::Result<Cell> {
        let mut settings = Settings::new();
        if let Some(layer) = self.layer(name, model)? {
            settings.add(&layer)?;
        }
        let text = |text: String| toml::Value::String(text);
        settings.add_flag("--dataset", "data.dataset", text(dataset.to_owned()))?;
        settings.add_flag("--models", "model.name", text(model.to_string()))?;
        settings.add_flag("--measures", "penalty.measure", text(measure.to_string()))?;
        settings.add_flag(
            "--seeds",
            "seed",
            toml::Value::Integer(i64::try_from(seed)?),
        )?;
        for assignment in set {
            settings.add_assignment(assignment)?;
        }
        let mut config = settings.resolve()?;
        training::anchor(&mut config)?;
        Ok(Cell {
            model,
            measure,
            seed,
            config,
        })
    }

    fn layer(&self, dataset: &str, model: Model) -> anyhow::Result<Option<Layer>> {
        for dataset in [dataset, OTHERS] {
            let place = format!("{dataset}/{model}.toml");
            let text = match self.folder {
                Some(folder) => {
                    let path = folder.join(&place);
                    match path.is_file() {
                        true => Some(std::fs::read_to_string(&path)?),
                        false => None,
                    }
                }
                None => TABLES
                    .iter()
                    .find(|(d, m, _)| *d == dataset && *m == model.name())
                    .map(|(.., text)| (*text).to_owned()),
            };
            if let Some(text) = text {
                let origin = match self.folder {
                    Some(folder) => folder.join(place).display().to_string(),
                    None => format!("configs/tables/{place}"),
                };
                return Layer::parse(origin, text).map(Some);
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_setting_that_differs_is_named() {
        let parse = |text: &str| toml::Value::Table(text.parse().unwrap());
        let a = parse("seed = 1\n[train]\nepochs = 3\n");
        assert_eq!(difference(&a, &a, ""), None);
        let b = parse("seed = 1\n[train]\nepochs = 4\n");
        assert_eq!(
            difference(&a, &b, "").unwrap(),
            "train.epochs is 4 there and 3 here"
        );
        let c = parse("seed = 1\n");
        assert!(difference(&a, &c, "").unwrap().contains("train"));
    }

    #[test]
    fn every_table_of_the_program_resolves() {
        for (dataset, model, _) in TABLES {
            let model: Model = model.parse().unwrap();
            let layer = Hyperparameters::new(None).layer(dataset, model).unwrap();
            let mut settings = Settings::new();
            settings.add(&layer.unwrap()).unwrap();
            settings.resolve().unwrap();
        }
    }
}
