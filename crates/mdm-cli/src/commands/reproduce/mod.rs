//! `mdm reproduce`

mod fig1;

use crate::args::ReproduceCommand;

/// Reproduces a figure of the paper.
pub fn run(command: &ReproduceCommand) -> anyhow::Result<()> {
    match command {
        ReproduceCommand::Fig1(args) => fig1::run(args),
    }
}
