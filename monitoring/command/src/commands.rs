//! One module for each command. A command reads its input, gets a result from the library as data, and prints it.

mod check;
mod completions;
mod diff;
mod down;
mod explain;
mod generate;
mod lint;
mod secrets;
mod size;
mod source;
mod status;
mod top;
mod up;

use crate::cli::Command;
use crate::outcome::Outcome;
use crate::output;

/// Runs a command. The error is one line with the problem and what to do.
pub(crate) fn run(command: Command) -> Result<Outcome, String> {
    match command {
        Command::Generate(it) => generate::generate(&it),
        Command::Check(it) => check::check(&it),
        Command::Diff(it) => diff::run(&it),
        Command::Explain(it) => explain::explain(&it),
        Command::Lint(it) => lint::lint(&it),
        Command::Secrets(it) => secrets::secrets(&it),
        Command::Top(it) => top::top(&it),
        Command::Size(it) => size::size(&it),
        Command::Up(it) => up::up(&it),
        Command::Status(it) => status::status(&it),
        Command::Down(it) => down::down(&it),
        Command::Completions(it) => completions::completions(&it),
        Command::Catalog(it) => {
            output::print(&output::ascii_controls(&source::read(&it.source.source)?.to_json()))?;
            Ok(Outcome::Fine)
        }
    }
}
