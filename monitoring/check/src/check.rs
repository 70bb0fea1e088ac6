//! Finds drift between files and a catalog: names in files that the catalog lacks, and generated parts that files lack.
//!
//! The catalog contains every metric that the program can record. So a metric that was never incremented is not
//! reported.

mod current;
mod links;
mod names;
mod secrets;
mod series;

use crate::finding::{Finding, Findings, sorted};
use crate::metric_index::Known;
use crate::read::folder::{read_all, rules, shown};
use crate::read::{Content, Document, EXPORT_IT, RuleKind, Target};
use crate::settings::Settings;
use measurand_catalog::Catalog;
use measurand_monitoring::{PROGRAMS_UID, Problem};
use std::path::Path;

/// A series that tests use as input when the series under test is missing.
const UNRELATED: &str = "unrelated";

/// Compares the rules, dashboards and tests in a folder with a catalog. Returns the differences.
///
/// # Errors
/// If the folder or a file in it cannot be read, and as [`Settings::monitoring`].
pub fn check(catalog: &Catalog, settings: &Settings, directory: &Path) -> Result<Vec<Finding>, String> {
    let monitoring = settings.monitoring(catalog)?;
    let mut all = Vec::new();
    let read = read_all(directory, &mut all)?;
    let mut known = Known::new(catalog, &settings.known_metrics, &settings.target_labels);
    known.learn(&rules(&read).filter(|it| it.kind == RuleKind::Recording));
    let names: Vec<&str> =
        rules(&read).filter(|it| it.kind == RuleKind::Alert).map(|it| it.name.text.as_str()).collect();
    for file in &read {
        let mut findings = Findings::of(&file.name);
        let mut checker = series::Checker {
            known: &known,
            job: &monitoring.job,
            histograms: monitoring.histograms,
            alerts: &names,
            findings: &mut findings,
        };
        file.documents.iter().for_each(|it| document(it, &mut checker));
        all.extend(findings.into_all());
    }
    all.extend(links::check(&read));
    all.extend(names::check(catalog));
    all.extend(secrets::check(catalog, &settings.accepted_labels));
    all.extend(monitoring.problems.iter().flat_map(left_out));
    all.extend(current::check(&monitoring, &read, directory)?);
    Ok(sorted(all))
}

/// The finding for a family or an objective that has no panels and no alerts.
fn left_out(it: &Problem) -> Vec<Finding> {
    let file = shown(Path::new(&it.file));
    let mut findings = Findings::of(&file);
    findings.add(it.line, "left-out", &it.message, &it.fix);
    findings.into_all()
}

fn document(document: &Document, checker: &mut series::Checker<'_, '_, '_>) {
    match &document.content {
        Content::Rules(groups) => {
            for rule in groups.iter().flat_map(|it| &it.rules) {
                let what = if rule.kind == RuleKind::Alert { "the alert" } else { "the recording rule" };
                checker.expression(&rule.expression, &format!("{what} `{}`", rule.name.text), true);
            }
        }
        Content::GrafanaRules(queries) => {
            for it in queries {
                checker.expression(&it.expression, &format!("the rule `{}`", it.rule), true);
            }
        }
        // The dashboard about all programs also names metrics that this program lacks.
        Content::Dashboard(dashboard) if dashboard.uid.as_ref().is_some_and(|it| it.text == PROGRAMS_UID) => {}
        Content::Dashboard(dashboard) => {
            for panel in &dashboard.panels {
                let context = format!("the panel `{}`", panel.title.text);
                panel.targets.iter().for_each(|it| checker.expression(&it.expression, &context, true));
            }
            let others = dashboard.others.iter();
            others.for_each(|it: &Target| checker.expression(&it.expression, "a variable or annotation", true));
        }
        Content::Tests(tests) => {
            for test in tests {
                // A test may use series that the rule must ignore, for example those of another job.
                let series = test.series.iter().filter(|it| it.text.split('{').next() != Some(UNRELATED));
                series.for_each(|it| checker.expression(it, "an input series of a test", false));
                test.expressions.iter().for_each(|it| checker.expression(it, "a test", false));
                test.alerts.iter().for_each(|it| checker.alert(it, "a test"));
            }
        }
        Content::Unread(reason) => {
            checker.findings.add(reason.line, "dashboard-format", &reason.text, EXPORT_IT);
        }
        Content::Configuration | Content::Other => {}
    }
}
