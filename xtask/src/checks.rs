//! The tests and the gate that every change passes.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::ValueEnum;
use xshell::{Cmd, Shell, cmd};

use crate::backend::Backend;
use crate::cargo::{cargo, root};
use crate::library;
use crate::libtorch::Libtorch;

/// The cargo-deny that is installed where there is none.
const CARGO_DENY: &str = "0.20.2";

/// Folders of files that are not in the repository; the tests that need one do nothing without it.
const DATA_VARIABLES: [&str; 3] = ["MDM_DATA_DIR", "MDM_CONFORMANCE_DIR", "MDM_MODELS_DIR"];

/// A step of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// rustfmt has nothing to change
    Fmt,
    /// licences, sources and versions of the dependencies
    Deny,
    /// known vulnerabilities of the dependencies; needs github.com, so it runs only when it is named
    Advisories,
    /// clippy has nothing to say
    Clippy,
    /// the documentation builds without a warning
    Docs,
    /// all tests, on flex
    Test,
    /// mdm-core packages and builds from the package, with no dependency but the few it may have
    Package,
    /// the example outside the workspace passes its test
    Example,
    /// the interface of mdm-core keeps the promises of its version; asks crates.io for the last one
    Semver,
    /// the backends agree
    Backends,
}

impl Step {
    /// What runs when no step is named, cheapest first.
    const GATE: [Self; 9] = [
        Self::Fmt,
        Self::Deny,
        Self::Clippy,
        Self::Docs,
        Self::Test,
        Self::Package,
        Self::Example,
        Self::Semver,
        Self::Backends,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Deny => "deny",
            Self::Advisories => "advisories",
            Self::Clippy => "clippy",
            Self::Docs => "docs",
            Self::Test => "test",
            Self::Package => "package",
            Self::Example => "example",
            Self::Semver => "semver",
            Self::Backends => "backends",
        }
    }

    fn run(self) -> Result<()> {
        match self {
            Self::Fmt => fmt(),
            Self::Deny => deny(&["bans", "licenses", "sources"]),
            Self::Advisories => deny(&["advisories"]),
            Self::Clippy => clippy(),
            Self::Docs => docs(),
            Self::Test => test(&[]),
            Self::Package => library::package(),
            Self::Example => library::example(),
            Self::Semver => library::semver(),
            Self::Backends => test_backends(&[]),
        }
    }
}

/// Runs these steps, or the whole gate when there are none, until one fails.
pub fn ci(steps: &[Step]) -> Result<()> {
    let steps = if steps.is_empty() { &Step::GATE } else { steps };
    for step in steps {
        println!("== {}", step.name());
        let start = Instant::now();
        let outcome = step.run();
        let seconds = start.elapsed().as_secs();
        let verdict = if outcome.is_ok() { "ok" } else { "FAILED" };
        println!(
            "== {}: {verdict} ({} min {:02} s)",
            step.name(),
            seconds / 60,
            seconds % 60
        );
        outcome.with_context(|| format!("step `{}`", step.name()))?;
    }
    Ok(())
}

/// All tests in the dev profile, documentation examples included; `args` go to `cargo test`.
pub fn test(args: &[OsString]) -> Result<()> {
    let sh = shell()?;
    let outcome = with_data(cargo(&sh, "test"))?
        .args((!names_package(args)).then_some("--workspace"))
        .args(args)
        .run();
    println!("{}", data_line(|name| std::env::var_os(name)));
    Ok(outcome?)
}

/// The small test that trains on each of the backends and compares; all that run without a GPU when none is named.
pub fn test_backends(backends: &[Backend]) -> Result<()> {
    let backends = match backends {
        [] => &[Backend::Ndarray, Backend::Wgpu, Backend::Tch],
        named => named,
    };
    let sh = shell()?;
    let mut test =
        with_data(cargo(&sh, "test"))?.args(["--package", "mdm-cli", "--test", "backends"]);
    if let Some(features) = Backend::features(backends) {
        // The test fails if one of these is not compiled in, instead of comparing fewer.
        test = test
            .args(["--features", &features])
            .env("MDM_TEST_BACKENDS", &features);
    }
    if backends.contains(&Backend::Tch) {
        test = test.envs(Libtorch::find_or_setup()?.variables());
    }
    Ok(test.run()?)
}

/// The documentation of the workspace, with warnings denied.
pub fn docs() -> Result<()> {
    let sh = shell()?;
    let doc = cargo(&sh, "doc").args(["--workspace", "--no-deps"]);
    Ok(doc.env("RUSTDOCFLAGS", "-D warnings").run()?)
}

fn fmt() -> Result<()> {
    let sh = shell()?;
    cargo(&sh, "fmt").args(["--all", "--check"]).run()?;
    library::example_fmt(&sh)
}

fn clippy() -> Result<()> {
    let sh = shell()?;
    let clippy = cargo(&sh, "clippy").args(["--workspace", "--all-targets"]);
    Ok(clippy.args(["--", "-D", "warnings"]).run()?)
}

fn deny(checks: &[&str]) -> Result<()> {
    let sh = shell()?;
    let program = tool(&sh, "cargo-deny", CARGO_DENY)?;
    let locked = std::env::var_os("CI").map(|_| "--locked");
    Ok(cmd!(
        sh,
        "{program} --log-level error {locked...} check {checks...}"
    )
    .run()?)
}

/// A program of cargo's: the installed one, or else one of our own in `target/tools`.
pub fn tool(sh: &Shell, name: &str, version: &str) -> Result<PathBuf> {
    let own = root().join("target/tools");
    let program = own.join(format!("bin/{name}{}", std::env::consts::EXE_SUFFIX));
    for candidate in [PathBuf::from(name), program.clone()] {
        let answer = cmd!(sh, "{candidate} --version")
            .quiet()
            .ignore_stderr()
            .read();
        if answer.is_ok() {
            return Ok(candidate);
        }
    }
    // It runs for seconds, so it is not worth optimising: that takes several times as long.
    let config = "profile.dev.debug=0";
    cargo(sh, "install")
        .args([
            name,
            "--version",
            version,
            "--locked",
            "--profile",
            "dev",
            "--config",
            config,
        ])
        .arg("--root")
        .arg(&own)
        .run()
        .with_context(|| format!("cannot install {name}"))?;
    Ok(program)
}

/// A shell in the folder of the workspace.
pub fn shell() -> Result<Shell> {
    let sh = Shell::new()?;
    sh.change_dir(root());
    Ok(sh)
}

/// Whether the arguments of cargo, up to `--`, choose packages themselves.
fn names_package(args: &[OsString]) -> bool {
    args.iter()
        .map(|a| a.to_string_lossy())
        .take_while(|a| a != "--")
        .any(|a| a.starts_with("-p") || a == "--package" || a.starts_with("--package="))
}

/// Makes relative data folders absolute, since every test runs in the folder of its own crate.
fn with_data(mut cmd: Cmd<'_>) -> Result<Cmd<'_>> {
    for name in DATA_VARIABLES {
        if let Some(dir) = std::env::var_os(name).filter(|d| !d.is_empty()) {
            cmd = cmd.env(name, std::path::absolute(dir)?);
        }
    }
    Ok(cmd)
}

/// Says in one line which tests had the files that they need.
fn data_line(variable: impl Fn(&str) -> Option<OsString>) -> String {
    let is_set = |name: &&str| variable(name).is_some_and(|d| d != OsStr::new(""));
    let (set, unset): (Vec<_>, Vec<_>) = DATA_VARIABLES.iter().copied().partition(is_set);
    let mut parts = Vec::new();
    if !set.is_empty() {
        parts.push(format!("{} set", set.join(", ")));
    }
    if !unset.is_empty() {
        parts.push(format!(
            "{} not set, and the tests that need these files skipped",
            unset.join(", ")
        ));
    }
    format!("test data: {}", parts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_replace_the_workspace() {
        let names =
            |line: &str| names_package(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert!(names("-p mdm-core"));
        assert!(names("--release --package=mdm-core"));
        assert!(!names("--test backends -- -p"));
        assert!(!names("--release"));
    }

    #[test]
    fn the_data_line_names_each_variable() {
        assert_eq!(
            data_line(|name| (name == "MDM_DATA_DIR").then(|| "/data".into())),
            "test data: MDM_DATA_DIR set; MDM_CONFORMANCE_DIR, MDM_MODELS_DIR not set, \
             and the tests that need these files skipped"
        );
        assert_eq!(
            data_line(|_| Some("/data".into())),
            "test data: MDM_DATA_DIR, MDM_CONFORMANCE_DIR, MDM_MODELS_DIR set"
        );
        assert!(
            data_line(|_| Some(OsString::new())).starts_with("test data: MDM_DATA_DIR, MDM_CONF")
        );
    }

    #[test]
    fn the_gate_is_every_step_but_the_one_that_needs_github() {
        let all = Step::value_variants()
            .iter()
            .filter(|s| **s != Step::Advisories);
        assert!(all.eq(&Step::GATE));
        for step in Step::value_variants() {
            assert_eq!(Step::from_str(step.name(), false), Ok(*step));
        }
    }
}
