//! `cargo measurand diff`: finds metric changes between two versions of a program, and those that break queries.

use super::source::{program, read, shown};
use crate::cli::{Diff, Format};
use crate::outcome::Outcome;
use crate::output::{self, painted};
use measurand_catalog::visible;
use measurand_check::Settings;
use measurand_check::diff::{Change, Difference, Level, diff};

pub(super) fn run(arguments: &Diff) -> Result<Outcome, String> {
    let (old, new) = (read(&arguments.old)?, read(&arguments.new)?);
    let mut settings = arguments.config.as_deref().map(Settings::read).transpose()?.unwrap_or_default();
    settings.options.program = program(&arguments.old);
    let monitoring = settings.monitoring(&old).map_err(|it| format!("`{}`: {it}", shown(&arguments.old)))?;
    let difference = diff(&old, &new, &monitoring);
    output::print(&match arguments.format {
        Format::Text => text(&difference),
        Format::Json => output::json(&difference),
    })?;
    Ok(if difference.level == Level::Breaking { Outcome::Findings } else { Outcome::Fine })
}

fn text(difference: &Difference) -> String {
    let verdict = match difference.level {
        Level::None => "no changes: the metrics stay the same",
        Level::Additive => "additive: existing queries still work",
        Level::Breaking => {
            "breaking: adapt the panels, alerts and queries that use these, or keep the old names for a while"
        }
    };
    difference.changes.iter().map(change).chain([format!("{verdict}\n")]).collect()
}

fn change(it: &Change) -> String {
    let word = match it.level {
        Level::Breaking => painted("breaking", "1;31"),
        Level::Additive => painted("additive", "1;32"),
        Level::None => "none".to_owned(),
    };
    let hits = |what: &str, names: &[String]| {
        if names.is_empty() { String::new() } else { format!("    {what}: {}\n", visible(&names.join(", "))) }
    };
    let hits = hits("panels", &it.panels) + &hits("alerts", &it.alerts);
    format!("{word} {}: {}\n{hits}", visible(&it.subject), visible(&it.message))
}
