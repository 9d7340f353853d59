//! This build against reference cases: inputs and weights with the outputs and gradients that belong to them.
//!
//! A case is a folder ([`case`]); each kind of case has its file here, which runs the project's own code on the inputs
//! and hands what comes out to [`compare`]. A new kind is one file and one line in `check`.

mod bert;
mod case;
mod compare;
mod critic;
mod encoders;
mod fusion;
mod gaussian_tc;
mod gradient_penalty;
mod mag_gate;
mod measures;
mod metrics;
mod named;
mod pieces;
mod spectral_norm;
mod torch;
mod two_stage_step;
mod xlnet;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use anyhow::bail;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use case::{Case, ReadError, Spec};
use compare::Checks;
use encoders::Kind;

/// How a case went.
#[derive(Debug, Clone, Serialize)]
pub struct CaseReport {
    /// The case's folder.
    pub name: String,
    /// What it tests.
    pub kind: String,
    /// Whether everything that was expected came out.
    pub passed: bool,
    /// The largest absolute error; none when nothing was compared.
    pub largest_error: Option<f64>,
    /// Why it failed.
    pub detail: Option<String>,
}

/// Runs the cases of `kinds` (all of them when empty) on a plain device, telling `on_case` of each.
///
/// `dir` is a folder with an `index.json` or the folder of one case. A damaged case fails and the others run.
///
/// # Errors
///
/// When `dir` is neither, has no case, or has none of a kind that was asked for.
pub fn run(
    dir: &Path,
    kinds: &[String],
    device: &Device,
    on_case: &mut dyn FnMut(&CaseReport),
) -> anyhow::Result<Vec<CaseReport>> {
    let mut reports = Vec::new();
    for entry in select(list(dir)?, kinds, dir)? {
        let report = run_entry(entry, device);
        on_case(&report);
        reports.push(report);
    }
    Ok(reports)
}

/// A case whose tensors are not read yet.
struct Entry {
    name: String,
    kind: String,
    folder: PathBuf,
    spec: Result<Spec, ReadError>,
}

impl Entry {
    fn read(folder: PathBuf, name: String) -> Self {
        let spec = Spec::read(&folder);
        let kind = match &spec {
            Ok(spec) => spec.kind.clone(),
            // Unreadable: by the name, folders are called `<kind>__<what>`.
            Err(_) => name.split("__").next().unwrap_or_default().to_owned(),
        };
        Self {
            name,
            kind,
            folder,
            spec,
        }
    }
}

#[derive(Deserialize)]
struct Index {
    cases: Vec<String>,
}

fn list(dir: &Path) -> Result<Vec<Entry>, ReadError> {
    if dir.join("case.json").is_file() {
        let folder = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
        let name = folder.file_name().unwrap_or(dir.as_os_str());
        let name = name.to_string_lossy().into_owned();
        return Ok(vec![Entry::read(folder, name)]);
    }
    let path = dir.join("index.json");
    let expected = "a list of cases (or a folder with the case.json of one case)";
    let text =
        std::fs::read_to_string(&path).map_err(|error| ReadError::new(&path, expected, error))?;
    let index: Index =
        serde_json::from_str(&text).map_err(|error| ReadError::new(&path, expected, error))?;
    if index.cases.is_empty() {
        return Err(ReadError::new(&path, "at least one case", "none"));
    }
    let entry = |name: String| Entry::read(dir.join(&name), name);
    Ok(index.cases.into_iter().map(entry).collect())
}

fn select(entries: Vec<Entry>, kinds: &[String], dir: &Path) -> anyhow::Result<Vec<Entry>> {
    for kind in kinds {
        if !entries.iter().any(|entry| entry.kind == *kind) {
            let mut known: Vec<&str> = entries.iter().map(|entry| entry.kind.as_str()).collect();
            known.dedup();
            bail!(
                "{}: no case of kind `{kind}`; there are {}",
                dir.display(),
                known.join(", ")
            );
        }
    }
    let wanted = |entry: &Entry| kinds.is_empty() || kinds.contains(&entry.kind);
    Ok(entries.into_iter().filter(wanted).collect())
}

fn run_entry(entry: Entry, device: &Device) -> CaseReport {
    let Entry {
        name,
        kind,
        folder,
        spec,
    } = entry;
    let (largest_error, failure) = match spec.and_then(|spec| Case::read(&folder, spec)) {
        Ok(case) => run_case(&case, device),
        Err(error) => (None, Some(error.to_string())),
    };
    CaseReport {
        name,
        kind,
        passed: failure.is_none(),
        largest_error,
        detail: failure,
    }
}

fn run_case(case: &Case, device: &Device) -> (Option<f64>, Option<String>) {
    let mut checks = Checks::new(case);
    // Inputs are checked before use; this is for backends, some of which panic on what they do not support.
    let outcome = catch_unwind(AssertUnwindSafe(|| check(case, device, &mut checks)));
    let failure = match outcome {
        Ok(Ok(())) => checks.verdict().err(),
        Ok(Err(error)) => Some(format!("{error:#}")),
        Err(panic) => Some(format!("panic: {}", message(panic.as_ref()))),
    };
    (checks.largest_error(), failure)
}

fn check(case: &Case, device: &Device, checks: &mut Checks) -> anyhow::Result<()> {
    match case.spec.kind.as_str() {
        "measures" => measures::check(case, device, checks),
        "critic" => critic::check(case, device, checks),
        "gradient_penalty" => gradient_penalty::check(case, device, checks),
        "spectral_norm" => spectral_norm::check(case, device, checks),
        "metrics" => metrics::check(case, checks),
        "gaussian_tc" => gaussian_tc::check(case, checks),
        "ef_lstm" => encoders::check(Kind::EfLstm, case, device, checks),
        "late_lstm" => encoders::check(Kind::LateLstm, case, device, checks),
        "tfn" => encoders::check(Kind::Tfn, case, device, checks),
        "lmf" => encoders::check(Kind::Lmf, case, device, checks),
        "mfn" => encoders::check(Kind::Mfn, case, device, checks),
        "mag_gate" => mag_gate::check(case, device, checks),
        "bert" => bert::check(case, device, checks),
        "mag_bert" => bert::check_mag(case, device, checks),
        "xlnet" => xlnet::check(case, device, checks),
        "mag_xlnet" => xlnet::check_mag(case, device, checks),
        "two_stage_step" => two_stage_step::check(case, device, checks),
        _ => bail!("kind not implemented"),
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}
