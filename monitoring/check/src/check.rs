//! Drift, in both directions: what files name and the catalog lacks, and what follows from the catalog and the files
//! lack.
//!
//! Looks at files only: a metric that was never incremented is in the catalog, so there is no false alarm for it.

mod current;
mod links;
mod names;
mod secrets;
mod series;

use crate::finding::{Finding, Findings, sorted};
use crate::metric_index::Known;
use crate::read::{Comment, Content, Document, Rule, RuleKind, Target, comments, format_of, load};
use crate::settings::Settings;
use measurand_catalog::{Catalog, read_text};
use measurand_monitoring::Problem;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Bytes of a file of rules, a dashboard or a test. The largest that we generate, for thousands of functions, have a tenth.
pub(crate) const FILE_BYTES_MAX: u64 = 32 << 20;

/// What a test puts in so that there is something, when what it is about is missing.
const UNRELATED: &str = "unrelated";

/// Files that were read.
pub(crate) struct Read {
    /// How the file is named in findings.
    pub(crate) name: String,
    pub(crate) documents: Vec<Document>,
    /// What its comments say to pint.
    pub(crate) comments: Vec<Comment>,
    /// The lines on which nothing stands.
    pub(crate) empty_lines: Vec<u32>,
}

impl Read {
    /// Reads a text; the error is a line and what is wrong there.
    pub(crate) fn of(name: String, path: &Path, text: &str) -> Result<Self, (u32, String)> {
        let empty_lines =
            (1..).zip(text.lines()).filter(|(_, it)| it.trim().is_empty()).map(|(line, _)| line).collect();
        Ok(Self { name, documents: load(path, text)?, comments: comments(text), empty_lines })
    }
}

/// Holds every rule, dashboard and test file of a folder against a catalog.
///
/// # Errors
/// When the folder or a file in it cannot be read, or as [`Settings::monitoring`].
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

/// A part of the catalog without monitoring.
fn left_out(it: &Problem) -> Vec<Finding> {
    let file = shown(Path::new(&it.file));
    let mut findings = Findings::of(&file);
    findings.add(it.line, "left-out", &it.message, &it.fix);
    findings.into_all()
}

/// Every rule in the files.
fn rules(read: &[Read]) -> impl Iterator<Item = &Rule> + Clone {
    let documents = read.iter().flat_map(|it| &it.documents);
    let groups = documents.filter_map(|it| if let Content::Rules(groups) = &it.content { Some(groups) } else { None });
    groups.flatten().flat_map(|it| &it.rules)
}

fn document(document: &Document, checker: &mut series::Checker<'_, '_, '_>) {
    match &document.content {
        Content::Rules(groups) => {
            for rule in groups.iter().flat_map(|it| &it.rules) {
                let what = if rule.kind == RuleKind::Alert { "the alert" } else { "the recording rule" };
                checker.expression(&rule.expression, &format!("{what} `{}`", rule.name.text), true);
            }
        }
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
                // A test may well put in what must not count: another job, for example.
                let series = test.series.iter().filter(|it| it.text.split('{').next() != Some(UNRELATED));
                series.for_each(|it| checker.expression(it, "a series that a test puts in", false));
                test.expressions.iter().for_each(|it| checker.expression(it, "a test", false));
                test.alerts.iter().for_each(|it| checker.alert(it, "a test"));
            }
        }
        Content::Configuration | Content::Other => {}
    }
}

/// All of these files.
fn read_all(directory: &Path, all: &mut Vec<Finding>) -> Result<Vec<Read>, String> {
    let mut read = Vec::new();
    for path in list_files(directory)? {
        read.extend(read_one(&path, all)?);
    }
    Ok(read)
}

/// The files of a folder and of the folders in it that can hold something, by name.
pub(crate) fn list_files(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let mut paths = Vec::new();
    list(directory, &mut paths).map_err(|(path, error)| {
        format!("cannot read `{}`: {error}; name a folder with rules and dashboards", shown(&path))
    })?;
    paths.sort();
    Ok(paths)
}

/// A file, or nothing where there is no sense in it, which is a finding.
pub(crate) fn read_one(path: &Path, all: &mut Vec<Finding>) -> Result<Option<Read>, String> {
    let name = shown(path);
    let text = read_text(path, FILE_BYTES_MAX).map_err(|it| it.to_string())?;
    match Read::of(name.clone(), path, &text) {
        Ok(it) => Ok(Some(it)),
        Err((line, reason)) => {
            let mut findings = Findings::of(&name);
            findings.add(line, "syntax", format!("this cannot be read: {reason}"), "mend the syntax of the file");
            all.extend(findings.into_all());
            Ok(None)
        }
    }
}

fn list(directory: &Path, paths: &mut Vec<PathBuf>) -> Result<(), (PathBuf, io::Error)> {
    let failed = |error| (directory.to_owned(), error);
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if kind.is_dir() && !hidden {
            list(&path, paths)?;
        } else if !kind.is_dir() && !hidden && format_of(&path).is_some() {
            paths.push(path);
        }
    }
    Ok(())
}

/// A path in a message of one line, the same on every platform.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string().escape_debug().to_string().replace("\\\\", "/")
}
