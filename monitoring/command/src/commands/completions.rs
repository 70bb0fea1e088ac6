//! `cargo measurand completions`: what a shell needs to complete the command's arguments.

use crate::cli::{Cli, Completions};
use crate::outcome::Outcome;
use crate::output;
use clap::CommandFactory;

pub(super) fn completions(arguments: &Completions) -> Result<Outcome, String> {
    let mut command = Cli::command().bin_name("cargo-measurand");
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "cargo-measurand", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(Outcome::Fine)
}
