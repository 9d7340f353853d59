//! One file a command.

mod conformance;
mod data;
mod estimate;
mod evaluate;
mod train;

use std::process::ExitCode;

use crate::args::{Args, Command};

/// Runs a command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Train(args) => train::run(&args)?,
        Command::Evaluate(args) => evaluate::run(&args)?,
        Command::Estimate(args) => estimate::run(&args)?,
        Command::Data(command) => data::run(&command)?,
        Command::Conformance(args) => return conformance::run(&args),
    }
    Ok(ExitCode::SUCCESS)
}
