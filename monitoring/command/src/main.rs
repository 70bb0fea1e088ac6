//! `cargo measurand`: the shell around the library. It reads arguments, prints, and decides the exit code.

#![forbid(unsafe_code)]

mod cli;
mod commands;
mod local;
mod outcome;
mod output;

use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

/// Usage, or input that cannot be read: what clap returns for a wrong argument too.
const UNUSABLE: u8 = 2;

fn main() -> ExitCode {
    let cli = cli::Cli::parse_from(cli::without_subcommand(std::env::args_os()));
    match commands::run(cli.command) {
        Ok(outcome::Outcome::Fine) => ExitCode::SUCCESS,
        Ok(outcome::Outcome::Findings) => ExitCode::FAILURE,
        Err(error) => {
            let mut stderr = anstream::AutoStream::auto(std::io::stderr().lock());
            let word = output::painted("error", "1;31");
            // Nobody is left to tell when stderr is closed.
            let _ = writeln!(stderr, "{word}: {}", output::seen(&error));
            ExitCode::from(UNUSABLE)
        }
    }
}
