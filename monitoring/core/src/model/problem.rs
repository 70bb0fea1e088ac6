//! The parts of a catalog that are left out, and the reasons.

use measurand_catalog::SiteRecord;
use serde::Serialize;
use std::fmt;

/// A part of the catalog that gets no panels, rules and alerts, and the reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// The source file of the annotation.
    pub file: String,
    /// The line of the annotation.
    pub line: u32,
    /// The part that is left out, and the reason.
    pub message: String,
    /// The fix.
    pub fix: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; {}", self.file, self.line, self.message, self.fix)
    }
}

impl Problem {
    pub(crate) fn at(site: &SiteRecord, message: String, fix: &str) -> Self {
        Self { file: site.file.clone(), line: site.line, message, fix: fix.to_owned() }
    }
}
