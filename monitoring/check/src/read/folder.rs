//! The files of a folder, each within its limit.

use super::{Comment, Content, Document, Rule, comments, format_of, load};
use crate::finding::{Finding, Findings};
use measurand_catalog::read_text;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Bytes of a file of rules, a dashboard or a test. The largest that we generate, for thousands of functions, have a tenth.
pub(crate) const FILE_BYTES_MAX: u64 = 32 << 20;

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

/// Every rule in the files.
pub(crate) fn rules(read: &[Read]) -> impl Iterator<Item = &Rule> + Clone {
    let documents = read.iter().flat_map(|it| &it.documents);
    let groups = documents.filter_map(|it| if let Content::Rules(groups) = &it.content { Some(groups) } else { None });
    groups.flatten().flat_map(|it| &it.rules)
}

/// All of these files.
pub(crate) fn read_all(directory: &Path, all: &mut Vec<Finding>) -> Result<Vec<Read>, String> {
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
