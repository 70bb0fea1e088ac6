//! `cargo measurand lint`: what is wrong with files of rules and dashboards by themselves.

use super::Outcome;
use crate::cli::Lint;
use crate::output;

pub(super) fn lint(arguments: &Lint) -> Result<Outcome, String> {
    output::findings(&measurand_monitoring::lint(&arguments.files, &arguments.allow)?, arguments.format)
}
