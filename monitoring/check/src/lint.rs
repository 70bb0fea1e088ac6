//! What is wrong with a rule or a dashboard by itself, whatever it is about.
//!
//! The rules are those that pint and Grafana's dashboard-linter can apply without a server, under their names, and those
//! for what Grafana swallows without a word. Nothing here knows a catalog.

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
use crate::read::{Content, Rule, RuleKind};
use std::path::{Path, PathBuf};

/// Looks at files of rules and dashboards; of a folder, at all that are in it. Rules in `allowed` find nothing.
///
/// # Errors
/// When a file cannot be read, or holds neither rules nor a dashboard although it was named.
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
    look_at(&read, &mut all)?;
    all.retain(|it| !allowed.contains(&it.rule));
    Ok(sorted(all))
}

/// The same for one file that lies in memory; the error says in which line it cannot be read, and why.
///
/// # Errors
/// When there is no sense in the text.
pub fn lint_text(name: &str, text: &str) -> Result<Vec<Finding>, (u32, String)> {
    let mut all = Vec::new();
    let read = Read::of(name.to_owned(), Path::new(name), text)?;
    look_at(&[(read, None)], &mut all).map_err(|it| (0, it))?;
    Ok(sorted(all))
}

/// Looks at files, each with the place of the `.lint` beside it.
fn look_at(read: &[(Read, Option<PathBuf>)], all: &mut Vec<Finding>) -> Result<(), String> {
    let groups = read.iter().flat_map(|(it, _)| &it.documents).filter_map(|it| match &it.content {
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
                Content::Dashboard(it) => dashboard::check(it, &document.node, &known, &mut findings),
                Content::Configuration => versions::configuration(&document.node, &mut findings),
                Content::Tests(_) | Content::Other => {}
            }
        }
        all.extend(switches::apply(file, beside.as_deref(), findings.into_all())?);
    }
    Ok(())
}

fn nothing_in(path: &Path) -> String {
    format!("`{}` holds neither rules nor a dashboard; name a file that does", crate::read::folder::shown(path))
}
