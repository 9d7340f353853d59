//! A cell of a table: a model, a measure, a seed, with the config that they make.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use mdm_models::Model;
use mdm_train::ExperimentConfig;
use mdm_train::config::MeasureChoice;
use mdm_train::run::RunFolder;

use super::record::Record;
use crate::failure::usage;
use crate::grid::is_empty;
use crate::settings;

/// One run of a table.
#[derive(Debug, Clone)]
pub struct Cell {
    pub model: Model,
    pub measure: MeasureChoice,
    pub seed: u64,
    pub config: ExperimentConfig,
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

    /// What an earlier command has left of the cell: its numbers, or nothing where it was stopped or is damaged.
    ///
    /// # Errors
    ///
    /// A folder that holds something else, and, unless it may be overwritten, a finished run of another config or backend.
    pub fn finished(
        &self,
        out: &Path,
        backend: &str,
        overwrite: bool,
    ) -> anyhow::Result<Option<Record>> {
        let folder = self.folder(out);
        if !folder.exists() {
            return Ok(None);
        }
        if !RunFolder::open(&folder).config().is_file() {
            // A run begins with its config.
            return match is_empty(&folder)? {
                true => Ok(None),
                false => Err(usage(anyhow!(
                    "{} holds something that is no run; choose another --out",
                    folder.display()
                ))),
            };
        }
        let Ok(record) = Record::read(self, out) else {
            return Ok(None);
        };
        match self.difference(&folder, &record, backend) {
            Ok(None) => Ok(Some(record)),
            _ if overwrite => Ok(None),
            Ok(Some(difference)) => Err(usage(anyhow!(
                "{} is a finished run of another config: {difference}; choose another --out, or --overwrite it",
                folder.display()
            ))),
            Err(error) => Err(usage(error.context(format!(
                "{} is a finished run whose config cannot be read; choose another --out, or --overwrite it",
                folder.display()
            )))),
        }
    }

    /// Takes away what is left of a run that is not used.
    ///
    /// # Errors
    ///
    /// A folder that cannot be removed.
    pub fn clear(&self, out: &Path) -> anyhow::Result<()> {
        let folder = self.folder(out);
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        Ok(())
    }

    /// What a finished run differs in.
    fn difference(
        &self,
        folder: &Path,
        record: &Record,
        backend: &str,
    ) -> anyhow::Result<Option<String>> {
        let (_, found) = settings::of_run(folder)?;
        let found = toml::Value::try_from(&found)?;
        let expected = toml::Value::try_from(&self.config)?;
        let difference = difference(&expected, &found, "");
        Ok(difference.or_else(|| {
            (record.backend != backend)
                .then(|| format!("backend is {} there and {backend} here", record.backend))
        }))
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
}
