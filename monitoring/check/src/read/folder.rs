//! Reads the monitoring files of a folder, within size limits.

use super::{Comment, Content, Document, Rule, comments, format_of, load};
use crate::finding::{Finding, Findings};
use measurand_catalog::read_text;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Maximum size of a rule file, a dashboard or a test. Generated files for thousands of functions have a tenth of it.
pub(crate) const FILE_BYTES_MAX: u64 = 32 << 20;

/// A file that was read.
pub(crate) struct Read {
    /// The name of the file in findings.
    pub(crate) name: String,
    pub(crate) documents: Vec<Document>,
    /// Its pint comments.
    pub(crate) comments: Vec<Comment>,
    /// The numbers of its empty lines.
    pub(crate) empty_lines: Vec<u32>,
}

impl Read {
    /// Parses a text. The error is the line and the reason.
    pub(crate) fn of(name: String, path: &Path, text: &str) -> Result<Self, (u32, String)> {
        let empty_lines =
            (1..).zip(text.lines()).filter(|(_, it)| it.trim().is_empty()).map(|(line, _)| line).collect();
        Ok(Self { name, documents: load(path, text)?, comments: comments(text), empty_lines })
    }
}

/// All rules in the files.
pub(crate) fn rules(read: &[Read]) -> impl Iterator<Item = &Rule> + Clone {
    let documents = read.iter().flat_map(|it| &it.documents);
    let groups = documents.filter_map(|it| if let Content::Rules(groups) = &it.content { Some(groups) } else { None });
    groups.flatten().flat_map(|it| &it.rules)
}

/// Reads all monitoring files in a folder. Files that cannot be parsed become findings.
pub(crate) fn read_all(directory: &Path, all: &mut Vec<Finding>) -> Result<Vec<Read>, String> {
    let mut read = Vec::new();
    for path in list_files(directory)? {
        read.extend(read_one(&path, all)?);
    }
    Ok(read)
}

/// The YAML and JSON files in a folder and its subfolders, sorted by path.
pub(crate) fn list_files(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let mut paths = Vec::new();
    list(directory, &mut paths).map_err(|(path, error)| {
        format!("cannot read `{}`: {error}; help: name a folder with rules and dashboards", shown(&path))
    })?;
    paths.sort();
    Ok(paths)
}

/// Reads a file. Returns `None` and adds a finding if it cannot be parsed.
pub(crate) fn read_one(path: &Path, all: &mut Vec<Finding>) -> Result<Option<Read>, String> {
    let name = shown(path);
    let text = read_text(path, FILE_BYTES_MAX).map_err(|it| it.to_string())?;
    match Read::of(name.clone(), path, &text) {
        Ok(it) => Ok(Some(it)),
        Err((line, reason)) => {
            let mut findings = Findings::of(&name);
            findings.add(line, "syntax", format!("the file cannot be read: {reason}"), "fix the syntax of the file");
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

/// A path for a message of one line, the same on every platform.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string().escape_debug().to_string().replace("\\\\", "/")
}
