//! The PyTorch side, which comes with the program.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use tempfile::TempDir;

use super::Row;

const FILES: [(&str, &str); 3] = [
    ("bench.py", include_str!("pytorch/bench.py")),
    ("models.py", include_str!("pytorch/models.py")),
    ("measures.py", include_str!("pytorch/measures.py")),
];

/// The scripts in a folder of their own, and who runs them.
pub struct PyTorch {
    folder: TempDir,
    python: PathBuf,
    device: String,
}

impl PyTorch {
    /// Writes the scripts; tells early when Python lacks a package or PyTorch a device.
    pub fn new(python: &Path, device: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        for (name, text) in FILES {
            std::fs::write(folder.path().join(name), text)?;
        }
        let probe = Command::new(python)
            .args(["-c", "import torch, transformers"])
            .output()
            .with_context(|| format!("cannot run {}", python.display()))?;
        if !probe.status.success() {
            bail!(
                "{} lacks torch or transformers (`pip install torch==2.9.0 transformers==4.57.1`):\n{}",
                python.display(),
                String::from_utf8_lossy(&probe.stderr).trim()
            );
        }
        let probe = Command::new(python)
            .args([
                "-c",
                "import sys, torch; torch.ones(1, device=sys.argv[1])",
                device,
            ])
            .output()?;
        if !probe.status.success() {
            let error = String::from_utf8_lossy(&probe.stderr);
            let last = error.trim().lines().last().unwrap_or_default();
            bail!("PyTorch cannot use the device `{device}`: {last}");
        }
        Ok(Self {
            folder,
            python: python.to_owned(),
            device: device.to_owned(),
        })
    }

    /// The rows of a workload.
    pub fn run(&self, name: &str, threads: usize, quick: bool) -> anyhow::Result<Vec<Row>> {
        let mut command = Command::new(&self.python);
        command.arg(self.folder.path().join("bench.py"));
        command.args(["--only", name, "--threads", &threads.to_string()]);
        command.args(["--device", &self.device]);
        if quick {
            command.arg("--quick");
        }
        rows(command)
    }
}

/// The rows that a program prints, one JSON object a line; a workload that was skipped has none.
pub fn rows(mut command: Command) -> anyhow::Result<Vec<Row>> {
    let output = command
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!(
            "{command:?} failed:\n{}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let text = String::from_utf8(output.stdout).context("output that is no text")?;
    let lines = text.lines().filter(|line| !line.contains("\"skipped\""));
    lines
        .map(|line| serde_json::from_str(line).with_context(|| format!("no row: {line}")))
        .collect()
}
