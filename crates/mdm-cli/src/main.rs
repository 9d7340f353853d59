//! The `mdm` command.

// wgpu's types are nested deeper than the default limit.
#![recursion_limit = "256"]

mod args;
mod backend;
mod commands;
mod conformance;
mod dataset;
mod failure;
mod fetch;
mod grid;
mod inspect_page;
mod memory;
mod output;
mod plot;
mod predictions;
mod progress;
mod robustness;
mod settings;
mod table;
mod text_encoder;
mod training;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    memory::keep_what_is_freed();
    match commands::run(args::Args::parse()) {
        Ok(code) => code,
        Err(error) => failure::report(&error),
    }
}
