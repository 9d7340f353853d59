//! `cargo xtask`: builds `mdm` with the backend that was asked for and runs it, and holds the project's checks.
//!
//! It depends on neither Burn nor any crate of this workspace, so that it is built in seconds.

mod backend;
mod cargo;
mod checks;
mod fuzz;
mod library;
mod libtorch;
mod mdm;
mod measure_data;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, Parser, Subcommand};

use backend::Backend;
use checks::Step;
use fuzz::Fuzz;
use measure_data::MeasureData;

const ABOUT: &str = "\
Builds mdm in release mode with the backend of --backend (default flex) and runs it.
The commands listed here are xtask's own; everything else goes to mdm unchanged.";

const EXAMPLES: &str = "\
Examples:
  cargo xtask train                                  train on the synthetic corpus, on flex
  cargo xtask train --backend wgpu --measure f       the same on the GPU, with the f-divergence
  cargo xtask train --backend tch                    with libtorch, which is fetched on first use
  cargo xtask train --help                           the options of mdm train
  cargo xtask mdm --help                             all commands of mdm
  cargo xtask data inspect DIR                       look into a prepared store
  cargo xtask reproduce-fig1                         mdm reproduce fig1: a figure of the paper
  cargo xtask bench --quick                          how fast training and inference are
  cargo xtask bench-estimators --quick               the estimators against known truths
  cargo xtask test -p mdm-core -- --nocapture        arguments of test go to cargo test
  cargo xtask ci fmt clippy                          two steps of the gate

Relative paths mean the folder in which the command is typed. The exit code is that of mdm:
0 success, 1 failure, 2 bad usage or configuration.";

/// The command line of `cargo xtask`.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = ABOUT,
    after_help = EXAMPLES,
    disable_help_subcommand = true
)]
struct Xtask {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, PartialEq, Subcommand)]
enum Command {
    /// Run all tests, documentation examples included, on flex
    Test {
        /// Arguments for cargo test
        args: Vec<OsString>,
    },
    /// Run the small test that compares the backends (default: ndarray wgpu tch)
    TestBackends { backends: Vec<Backend> },
    /// Run the gate that every change passes, or only the named steps of it
    Ci { steps: Vec<Step> },
    /// Fetch the CPU build of libtorch into target/libtorch
    SetupLibtorch,
    /// Measure preparing and loading a corpus beside Python's pickle.load: a table of time and memory
    MeasureData(MeasureData),
    /// Run the fuzz targets; needs cargo-fuzz
    Fuzz(Fuzz),
    /// Build the documentation of the workspace, with warnings denied
    Docs,
    #[command(external_subcommand)]
    Mdm(Vec<OsString>),
}

fn main() -> ExitCode {
    let outcome = match parse(std::env::args_os())
        .unwrap_or_else(|e| e.exit())
        .command
    {
        Some(command) => run(command),
        None => print_help(),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Xtask, clap::Error> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    // Clap swallows the first `--`; with one of our own in front, that of `test -- --nocapture` reaches cargo.
    if args.get(1).is_some_and(|a| a == "test")
        && !args.get(2).is_some_and(|a| a == "--help" || a == "-h")
    {
        args.insert(2, "--".into());
    }
    Xtask::try_parse_from(args)
}

fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Test { args } => checks::test(&args)?,
        Command::TestBackends { backends } => checks::test_backends(&backends)?,
        Command::Ci { steps } => checks::ci(&steps)?,
        Command::SetupLibtorch => {
            let dir = libtorch::setup()?;
            eprintln!("libtorch is in {}", dir.display());
        }
        Command::MeasureData(args) => measure_data::run(&args)?,
        Command::Fuzz(args) => fuzz::run(&args)?,
        Command::Docs => checks::docs()?,
        Command::Mdm(args) if args == ["help"] => return print_help(),
        Command::Mdm(args) => return mdm::build_and_run(&mdm::expand_short_name(args)),
    }
    Ok(ExitCode::SUCCESS)
}

fn print_help() -> Result<ExitCode> {
    Xtask::command().print_help()?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str) -> Command {
        let args = ["xtask"]
            .into_iter()
            .chain(line.split(' '))
            .map(OsString::from);
        parse(args).unwrap().command.unwrap()
    }

    fn strings(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn definition_is_consistent() {
        Xtask::command().debug_assert();
    }

    #[test]
    fn other_commands_go_to_mdm_unchanged() {
        for line in [
            "train --backend wgpu --set a=b",
            "train --help",
            "data inspect -- --odd",
            "estimate F --json",
        ] {
            assert_eq!(command(line), Command::Mdm(strings(line)));
        }
    }

    #[test]
    fn arguments_of_test_reach_cargo() {
        let rest = |line| match command(line) {
            Command::Test { args } => args,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            rest("test -p mdm-core -- --nocapture"),
            strings("-p mdm-core -- --nocapture")
        );
        assert_eq!(rest("test -- --ignored"), strings("-- --ignored"));
        assert_eq!(rest("test"), Vec::<OsString>::new());
    }

    #[test]
    fn steps_and_backends_are_checked() {
        assert_eq!(
            command("ci fmt deny"),
            Command::Ci {
                steps: vec![Step::Fmt, Step::Deny]
            }
        );
        assert_eq!(
            command("test-backends tch"),
            Command::TestBackends {
                backends: vec![Backend::Tch]
            }
        );
        let error = parse(["xtask", "test-backends", "nope"].map(OsString::from)).unwrap_err();
        assert_eq!(error.exit_code(), 2);
    }
}
