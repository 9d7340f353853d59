//! One file a command.

mod bench;
mod bench_estimators;
mod conformance;
mod data;
mod estimate;
mod evaluate;
mod fetch;
mod predict;
mod reproduce;
mod train;

use std::process::ExitCode;

use crate::args::{Args, Command, ModelCommand};

/// Runs a command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Train(args) => train::run(&args)?,
        Command::Evaluate(args) => evaluate::run(&args)?,
        Command::Predict(args) => predict::run(&args)?,
        Command::Estimate(args) => estimate::run(&args)?,
        Command::Bench(args) => bench::run(&args)?,
        Command::BenchEstimators(args) => bench_estimators::run(&args)?,
        Command::Reproduce(command) => return reproduce::run(&command),
        Command::Data(command) => data::run(&command)?,
        Command::Model(ModelCommand::Fetch(args)) => fetch::model(&args)?,
        Command::Conformance(args) => return conformance::run(&args),
    }
    Ok(ExitCode::SUCCESS)
}
