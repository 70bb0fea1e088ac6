//! `cargo measurand completions`: prints a shell's completion script.

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
