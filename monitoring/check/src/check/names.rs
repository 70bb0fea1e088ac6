//! Warns about functions that record the same series, and about functions whose names differ only in a number. Both may
//! be intended.

use crate::finding::{Finding, Findings};
use measurand_catalog::Catalog;

pub(super) fn check(catalog: &Catalog) -> Vec<Finding> {
    let mut all = Vec::new();
    for sharing in catalog.sharing() {
        let Some(first) = sharing.functions.first() else { continue };
        let mut findings = Findings::of(&first.file);
        let rule = if sharing.is_numbered { "function-numbered" } else { "series-shared" };
        findings.add(first.line, rule, sharing.to_string(), sharing.help());
        all.extend(findings.into_all().into_iter().map(|finding| Finding { is_warning: true, ..finding }));
    }
    all
}
