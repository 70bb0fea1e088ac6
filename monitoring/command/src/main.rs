//! `cargo measurand`: reads the arguments, calls the library, prints the result and sets the exit code.

#![forbid(unsafe_code)]

mod cli;
mod commands;
mod local;
mod outcome;
mod output;

use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

/// The exit code for wrong usage and for input that cannot be read. Clap uses the same one for a wrong argument.
const UNUSABLE: u8 = 2;

fn main() -> ExitCode {
    let cli = cli::Cli::parse_from(cli::without_subcommand(std::env::args_os()));
    match commands::run(cli.command) {
        Ok(outcome::Outcome::Fine) => ExitCode::SUCCESS,
        Ok(outcome::Outcome::Findings) => ExitCode::FAILURE,
        Err(error) => {
            let mut stderr = anstream::AutoStream::auto(std::io::stderr().lock());
            let word = output::painted("error", "1;31");
            // If stderr is closed, the error cannot be reported.
            let _ = writeln!(stderr, "{word}: {}", output::seen(&error));
            ExitCode::from(UNUSABLE)
        }
    }
}
