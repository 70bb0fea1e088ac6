//! What is wrong with a rule or a dashboard by itself, whatever it is about.
//!
//! The rules are those that pint and Grafana's dashboard-linter can apply without a server, under their names, and those
//! for what Grafana swallows without a word. Nothing here knows a catalog.

mod dashboard;
mod expression;
mod names;
mod options;
mod panel;
mod rules;
mod template;
mod units;
mod vocabulary;

use crate::check::{Read, list_files, read_one};
use crate::finding::{Finding, Findings, sorted};
use crate::known::Known;
use crate::read::{Content, Rule, RuleKind, load};
use std::path::{Path, PathBuf};

/// Looks at files of rules and dashboards; of a folder, at all that are in it. Rules in `allowed` find nothing.
///
/// # Errors
/// When a file cannot be read, or holds neither rules nor a dashboard although it was named.
pub fn lint(paths: &[PathBuf], allowed: &[String]) -> Result<Vec<Finding>, String> {
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
            read.push(it);
        }
    }
    look_at(&read, &mut all);
    all.retain(|it| !allowed.iter().any(|rule| rule == it.rule));
    Ok(sorted(all))
}

/// The same for one file that lies in memory; the error says in which line it cannot be read, and why.
///
/// # Errors
/// When there is no sense in the text.
pub fn lint_text(name: &str, text: &str) -> Result<Vec<Finding>, (u32, String)> {
    let mut all = Vec::new();
    look_at(&[Read { name: name.to_owned(), documents: load(Path::new(name), text)? }], &mut all);
    Ok(sorted(all))
}

fn look_at(read: &[Read], all: &mut Vec<Finding>) {
    let groups = read.iter().flat_map(|it| &it.documents).filter_map(|it| match &it.content {
        Content::Rules(groups) => Some(groups),
        _ => None,
    });
    let rules = groups.flatten().flat_map(|it| &it.rules);
    let mut known = Known::nothing();
    known.learn(&rules.filter(|it: &&Rule| it.kind == RuleKind::Recording));
    for file in read {
        let mut findings = Findings::of(&file.name);
        for document in &file.documents {
            match &document.content {
                Content::Rules(groups) => rules::check(groups, &known, &mut findings),
                Content::Dashboard(it) => dashboard::check(it, &document.node, &known, &mut findings),
                Content::Tests(_) | Content::Other => {}
            }
        }
        all.extend(findings.into_all());
    }
}

fn nothing_in(path: &Path) -> String {
    format!("`{}` holds neither rules nor a dashboard; name a file that does", crate::check::shown(path))
}
