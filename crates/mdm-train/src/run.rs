//! The run folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mdm_data::Preparation;
use mdm_data::atomic::is_temporary;
use mdm_models::Encoder;
use serde::Serialize;
use serde_json::json;

use crate::atomic::write_atomically;
use crate::{Checkpoint, EpochRecord, Error, Observer, Outcome, StepReport, history};

/// A folder that holds everything of one run.
///
/// | file | content | written |
/// |---|---|---|
/// | `config.toml` | the resolved config | at the start |
/// | `preparation.json` | how raw data become the model's input, with everything fitted | at the start |
/// | `word_vectors.txt` | vectors of the corpus's words, where words got any | at the start |
/// | `tokenizer/` | the tokeniser, where words were cut into pieces | at the start |
/// | `history.parquet` | one row an epoch | after every epoch |
/// | `best.safetensors` | weights of the best epoch | when it improves |
/// | `metrics.json` | validation, test, baselines; equal for equal runs | at the end |
/// | `run.json` | times, machine, versions | at the end |
///
/// Every file is written whole or not at all. A folder with `metrics.json` is a finished run. It needs nothing outside it to
/// predict: neither the corpus nor the word vectors.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Creates the folder and writes the config and the preparation.
    ///
    /// # Errors
    ///
    /// [`Error::RunExists`] when there is something in it, [`Error::Io`] and [`Error::Data`] when it cannot be written.
    pub fn create(path: &Path, config: &str, preparation: &Preparation) -> Result<Self, Error> {
        if path.exists() {
            for entry in fs::read_dir(path).map_err(Error::io("open", path))? {
                // What a sudden end left of a file's beginning is in nobody's way.
                if !is_temporary(&entry.map_err(Error::io("open", path))?.path()) {
                    return Err(Error::RunExists {
                        path: path.to_owned(),
                    });
                }
            }
        }
        fs::create_dir_all(path).map_err(Error::io("create", path))?;
        let run = Self {
            path: path.to_owned(),
        };
        write_atomically(&run.config(), config.as_bytes())
            .and_then(|()| Ok(preparation.save(path)?))
            .inspect_err(|_| run.discard_if_unused())?;
        Ok(run)
    }

    /// Takes the folder back after a failure, if no epoch was recorded in it: there is nothing to keep.
    pub fn discard_if_unused(&self) {
        if !self.history().exists() {
            // The failure that led here is what the user must read; a config left behind does no harm.
            let _ = fs::remove_file(self.config());
            for name in Preparation::FILES {
                let _ = fs::remove_file(self.path.join(name));
            }
            let _ = fs::remove_dir_all(self.path.join(Preparation::TOKENIZER));
            let _ = fs::remove_dir(&self.path);
        }
    }

    /// A folder that exists.
    pub fn open(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `config.toml`
    pub fn config(&self) -> PathBuf {
        self.path.join("config.toml")
    }

    /// How the run prepares data; none in a folder from before runs kept it.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] for one that is damaged.
    pub fn preparation(&self) -> Result<Option<Preparation>, Error> {
        let [_, name] = Preparation::FILES;
        if !self.path.join(name).exists() {
            return Ok(None);
        }
        Ok(Some(Preparation::open(&self.path)?))
    }

    /// `history.parquet`
    pub fn history(&self) -> PathBuf {
        self.path.join("history.parquet")
    }

    /// `best.safetensors`
    pub fn weights(&self) -> PathBuf {
        self.path.join("best.safetensors")
    }

    /// Writes `metrics.json` and `run.json`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn finish(&self, outcome: &Outcome, provenance: &Provenance) -> Result<(), Error> {
        write_json(&self.path.join("run.json"), provenance)?;
        // Last: its presence says that the run is finished.
        write_json(&self.path.join("metrics.json"), &metrics_json(outcome))
    }
}

/// The content of `metrics.json`: nothing that differs between two equal runs. `valid`, `test` and `baselines` are the
/// objects of the run's task.
pub fn metrics_json(outcome: &Outcome) -> serde_json::Value {
    let best = &outcome.history[outcome.best_epoch - 1];
    json!({
        "best_epoch": outcome.best_epoch,
        "epochs": outcome.history.len(),
        "valid": outcome.valid,
        "test": outcome.test,
        "baselines": outcome.baselines,
        "dependency": {
            "train": best.train_measure,
            "valid": best.valid_measure,
            "test": outcome.test_measure,
        },
    })
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    let mut text = serde_json::to_string_pretty(value)
        .map_err(|error| Error::io("write", path)(error.into()))?;
    text.push('\n');
    write_atomically(path, text.as_bytes())
}

/// The content of `run.json`: when, where and with what.
#[derive(Debug, Clone, Serialize)]
pub struct Provenance {
    /// Version of this crate.
    pub version: &'static str,
    /// Backend and device.
    pub backend: String,
    /// Operating system and processor architecture.
    pub machine: String,
    /// Processors that the run could use.
    pub processors: usize,
    /// Start, in seconds since 1970.
    pub started: u64,
    /// Wall-clock seconds of the training.
    pub seconds: f64,
}

impl Provenance {
    /// Describes a run on this machine.
    pub fn new(backend: String, started: SystemTime, elapsed: Duration) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            backend,
            machine: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            processors: std::thread::available_parallelism().map_or(1, Into::into),
            started: started
                .duration_since(UNIX_EPOCH)
                .map_or(0, |time| time.as_secs()),
            seconds: elapsed.as_secs_f64(),
        }
    }
}

/// Passes everything on to another observer and keeps history and weights in the folder.
pub struct Recorder<'a, O> {
    run: &'a RunFolder,
    history: Vec<EpochRecord>,
    next: O,
}

impl<'a, O> Recorder<'a, O> {
    /// Records into `run`, reports to `next`.
    pub fn new(run: &'a RunFolder, next: O) -> Self {
        Self {
            run,
            history: Vec::new(),
            next,
        }
    }
}

impl<O: Observer> Observer for Recorder<'_, O> {
    fn step(&mut self, step: &StepReport) {
        self.next.step(step);
    }

    fn epoch(
        &mut self,
        record: &EpochRecord,
        best: Option<&Checkpoint<Encoder>>,
    ) -> Result<(), Error> {
        self.history.push(record.clone());
        if let Some(checkpoint) = best {
            checkpoint.save(&self.run.weights())?;
        }
        history::write(&self.history, &self.run.history())?;
        self.next.epoch(record, best)
    }
}
