//! `cargo measurand lint`: finds mistakes in rule files and dashboards, without a program.

use crate::cli::{Format, Lint};
use crate::outcome::Outcome;
use crate::output;
use measurand_check::RULES;

pub(super) fn lint(arguments: &Lint) -> Result<Outcome, String> {
    if arguments.rules {
        let rows: Vec<_> = RULES.iter().map(|it| vec![it.name.to_owned(), it.finds.to_owned()]).collect();
        output::print(&match arguments.format {
            Format::Json => output::json(&RULES),
            Format::Text => output::table(&["rule", "finds"], &rows),
        })?;
        return Ok(Outcome::Fine);
    }
    output::findings(&measurand_check::lint(&arguments.files, &arguments.allow)?, arguments.format)
}
