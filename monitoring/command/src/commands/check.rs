//! `cargo measurand check`: finds differences between a program and its monitoring files.

use super::source::{read, settings, shown};
use crate::cli::{Check, DashboardModel};
use crate::outcome::Outcome;
use crate::output;

pub(super) fn check(arguments: &Check) -> Result<Outcome, String> {
    let source = &arguments.source.source;
    let catalog = read(source)?;
    let mut settings = settings(&arguments.decisions, &arguments.directory, source)?;
    DashboardModel::set(arguments.grafana, &mut settings.options);
    let findings = measurand_check::check(&catalog, &settings, &arguments.directory)
        .map_err(|it| format!("`{}`: {it}", shown(source)))?;
    output::findings(&findings, arguments.format)
}
