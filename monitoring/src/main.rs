//! `cargo measurand`: the shell around the library. It reads arguments, prints, and decides the exit code.

#![forbid(unsafe_code)]

mod cli;
mod commands;
mod output;

use clap::Parser;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse_from(cli::without_subcommand(std::env::args_os()));
    let Err(error) = commands::run(cli.command) else { return ExitCode::SUCCESS };
    let mut stderr = std::io::stderr().lock();
    let word = output::painted("error", "1;31", stderr.is_terminal());
    // Nobody is left to tell when stderr is closed.
    let _ = writeln!(stderr, "{word}: {error}");
    ExitCode::FAILURE
}
