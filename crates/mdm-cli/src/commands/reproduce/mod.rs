//! `mdm reproduce`

mod fig1;
mod table;

use std::process::ExitCode;

use crate::args::ReproduceCommand;

/// Reproduces a figure or a table of the paper.
pub fn run(command: &ReproduceCommand) -> anyhow::Result<ExitCode> {
    match command {
        ReproduceCommand::Fig1(args) => fig1::run(args).map(|()| ExitCode::SUCCESS),
        ReproduceCommand::Table1(args) => table::run(table::Which::Table1, args),
        ReproduceCommand::Table2(args) => table::run(table::Which::Table2, args),
    }
}
