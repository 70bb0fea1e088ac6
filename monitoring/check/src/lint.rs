//! Finds mistakes in rule files and dashboards, without a catalog.
//!
//! Most rules and their names come from pint and from Grafana's dashboard-linter, as far as these need no server.
//! Others find mistakes that Grafana ignores silently, and differences between Prometheus 2 and 3.

mod dashboard;
mod expression;
mod joins;
mod names;
mod numbers;
mod operands;
mod options;
mod panel;
mod rules;
mod switches;
mod template;
mod units;
mod versions;
mod vocabulary;

use crate::finding::{Finding, Findings, sorted};
use crate::metric_index::Known;
use crate::read::folder::{Read, list_files, read_one};
use crate::read::{Content, EXPORT_IT, Rule, RuleKind};
use std::path::{Path, PathBuf};

/// Checks rule files and dashboards, or all such files in a folder. Returns the findings, except those of the rules in
/// `allowed`.
///
/// # Errors
/// If a file cannot be read, or if a path names a file without rules and without a dashboard.
pub fn lint(paths: &[PathBuf], allowed: &[&str]) -> Result<Vec<Finding>, String> {
    let mut all = Vec::new();
    let mut read = Vec::new();
    for path in paths {
        let named = !path.is_dir();
        let files = if named { vec![path.clone()] } else { list_files(path)? };
        for file in files {
            let Some(it) = read_one(&file, &mut all)? else { continue };
            if named && it.documents.iter().all(|it| matches!(it.content, Content::Other)) {
                return Err(nothing_in(path));
            }
            read.push((it, Some(file.with_file_name(".lint"))));
        }
    }
    check_files(&read, &mut all)?;
    all.retain(|it| !allowed.contains(&it.rule));
    Ok(sorted(all))
}

/// Checks the text of one file.
///
/// # Errors
/// If the text cannot be parsed: the line, and the reason.
pub fn lint_text(name: &str, text: &str) -> Result<Vec<Finding>, (u32, String)> {
    let mut all = Vec::new();
    let read = Read::of(name.to_owned(), Path::new(name), text)?;
    check_files(&[(read, None)], &mut all).map_err(|it| (0, it))?;
    Ok(sorted(all))
}

/// Checks files, each with the path of the `.lint` beside it.
fn check_files(read: &[(Read, Option<PathBuf>)], all: &mut Vec<Finding>) -> Result<(), String> {
    let groups = read.iter().flat_map(|(it, _)| &it.documents).filter_map(|document| match &document.content {
        Content::Rules(groups) => Some(groups),
        _ => None,
    });
    let rules = groups.flatten().flat_map(|it| &it.rules);
    let mut known = Known::nothing();
    known.learn(&rules.filter(|it: &&Rule| it.kind == RuleKind::Recording));
    for (file, beside) in read {
        let mut findings = Findings::of(&file.name);
        for document in &file.documents {
            match &document.content {
                Content::Rules(groups) => rules::check(groups, &known, &mut findings),
                Content::GrafanaRules(queries) => {
                    for it in queries {
                        expression::check(&it.expression, &format!("the rule `{}`", it.rule), &known, &mut findings);
                    }
                }
                Content::Dashboard(it) => dashboard::check(it, &document.node, &known, &mut findings),
                Content::Unread(reason) => findings.add(reason.line, "dashboard-format", &reason.text, EXPORT_IT),
                Content::Configuration => versions::configuration(&document.node, &mut findings),
                Content::Tests(_) | Content::Other => {}
            }
        }
        all.extend(switches::apply(file, beside.as_deref(), findings.into_all())?);
    }
    Ok(())
}

fn nothing_in(path: &Path) -> String {
    let path = crate::read::folder::shown(path);
    format!("`{path}` contains neither rules nor a dashboard; help: name a rule file or a dashboard")
}
