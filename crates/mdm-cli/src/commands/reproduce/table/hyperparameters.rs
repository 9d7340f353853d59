//! What each model is trained with, for each dataset.

use std::path::Path;

use anyhow::{Context, bail};
use mdm_models::Model;
use mdm_train::config::MeasureChoice;

use super::cell::Cell;
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

/// The settings that tell the cells of a table apart, with the option for each.
const CHOSEN: [(&str, &str); 4] = [
    ("data.dataset", "--dataset"),
    ("model.name", "--models"),
    ("penalty.measure", "--measures"),
    ("seed", "--seeds"),
];

/// Where hyper-parameters come from.
pub struct Hyperparameters<'a> {
    folder: Option<&'a Path>,
}

impl<'a> Hyperparameters<'a> {
    /// Those of a folder, or those that come with the program.
    ///
    /// # Errors
    ///
    /// A folder that is not there.
    pub fn new(folder: Option<&'a Path>) -> anyhow::Result<Self> {
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            bail!("--configs {}: there is no such folder", folder.display());
        }
        Ok(Self { folder })
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
        for assignment in set {
            let key = assignment.split('=').next().unwrap_or_default().trim();
            if let Some((_, flag)) = CHOSEN.into_iter().find(|(chosen, _)| *chosen == key) {
                bail!("--set {assignment}: a table has its own {key}; use {flag}");
            }
            settings.add_assignment(assignment)?;
        }
        // Last, so that a cell is what its name says.
        let text = |text: String| toml::Value::String(text);
        let values = [
            text(dataset.to_owned()),
            text(model.to_string()),
            text(measure.to_string()),
            toml::Value::Integer(i64::try_from(seed)?),
        ];
        for ((key, flag), value) in CHOSEN.into_iter().zip(values) {
            settings.add_flag(flag, key, value)?;
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
                        true => Some(
                            std::fs::read_to_string(&path)
                                .with_context(|| format!("cannot read {}", path.display()))?,
                        ),
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
    fn every_table_of_the_program_resolves() {
        for (dataset, model, _) in TABLES {
            let model: Model = model.parse().unwrap();
            let layer = Hyperparameters::new(None)
                .unwrap()
                .layer(dataset, model)
                .unwrap();
            let mut settings = Settings::new();
            settings.add(&layer.unwrap()).unwrap();
            settings.resolve().unwrap();
        }
    }
}
