//! `cargo xtask fuzz`: the targets of `fuzz/` through cargo-fuzz.

use std::fs;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use xshell::Shell;

use crate::cargo::{cargo, root};

/// A target, under the name that cargo-fuzz knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Target {
    Pickle,
    Layouts,
    Hdf5,
    Npz,
    Tsv,
    Glove,
    Store,
    Config,
}

impl Target {
    fn name(self) -> &'static str {
        match self {
            Self::Pickle => "pickle",
            Self::Layouts => "layouts",
            Self::Hdf5 => "hdf5",
            Self::Npz => "npz",
            Self::Tsv => "tsv",
            Self::Glove => "glove",
            Self::Store => "store",
            Self::Config => "config",
        }
    }

    /// Folders of inputs to begin with, from the root of the workspace.
    fn seeds(self) -> &'static [&'static str] {
        match self {
            Self::Pickle | Self::Layouts => &[
                "crates/mdm-data/tests/files/pickles",
                "crates/mdm-data/tests/files/hostile",
            ],
            Self::Npz => &["crates/mdm-data/tests/files/npz"],
            Self::Hdf5 => &["fuzz/seeds/hdf5"],
            Self::Tsv => &["fuzz/seeds/tsv"],
            Self::Glove => &["fuzz/seeds/glove"],
            Self::Store => &["fuzz/seeds/store"],
            Self::Config => &["fuzz/seeds/config", "configs"],
        }
    }
}

#[derive(Args, Debug, PartialEq)]
pub struct Fuzz {
    /// Targets; all of them when none is named
    targets: Vec<Target>,
    /// Executions of each target
    #[arg(long, value_name = "N", default_value = "100000")]
    runs: u64,
}

/// Runs the targets one after the other; stops at the first finding.
pub fn run(args: &Fuzz) -> Result<()> {
    let sh = Shell::new()?;
    sh.change_dir(root());
    if cargo(&sh, "fuzz")
        .arg("--version")
        .quiet()
        .ignore_stdout()
        .run()
        .is_err()
    {
        bail!("cargo-fuzz is missing: cargo install cargo-fuzz");
    }
    let targets = match &args.targets[..] {
        [] => Target::value_variants(),
        named => named,
    };
    for target in targets {
        let name = target.name();
        // What the fuzzer finds is kept here, outside of version control, and taken up by the next run.
        let corpus = root().join("fuzz/corpus").join(name);
        fs::create_dir_all(&corpus)
            .with_context(|| format!("cannot create {}", corpus.display()))?;
        let runs = format!("-runs={}", args.runs);
        cargo(&sh, "fuzz")
            // Without a sanitizer, which would need a nightly Rust and find little in safe code.
            .args(["run", "--sanitizer", "none", name])
            .arg(&corpus)
            .args(target.seeds())
            .args([
                "--",
                &runs,
                "-timeout=5",
                "-rss_limit_mb=2048",
                "-print_final_stats=1",
            ])
            .run()
            .with_context(|| format!("fuzz target `{name}`"))?;
    }
    Ok(())
}
