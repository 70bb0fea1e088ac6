//! What follows from the catalog and the files lack: generated files as they would be now, and every alert.

use crate::finding::{Finding, Findings};
use crate::read::RuleKind;
use crate::read::folder::{FILE_BYTES_MAX, Read, rules, shown};
use measurand_catalog::{InputErrorReason, read_text};
use measurand_monitoring::Monitoring;
use std::collections::BTreeSet;
use std::path::Path;

const AGAIN: &str = "run `cargo measurand generate` again";

pub(super) fn check(monitoring: &Monitoring, read: &[Read], directory: &Path) -> Result<Vec<Finding>, String> {
    let mut all = Vec::new();
    // What belongs to a Prometheus or to a cluster is not everybody's, and so need not be here.
    let others =
        [monitoring.stack_files(), monitoring.compose_files(), monitoring.kubernetes_files(), monitoring.test_files()];
    let others = others.into_iter().flatten().filter(|it| directory.join(it.name).exists());
    for file in monitoring.files().into_iter().chain(others) {
        let path = directory.join(file.name);
        let name = shown(&path);
        let mut findings = Findings::of(&name);
        match read_text(&path, FILE_BYTES_MAX.max(file.contents.len() as u64)) {
            Ok(text) if text == file.contents => {}
            Ok(text) => {
                let line = first_difference(&text, &file.contents);
                findings.add(line, "file-stale", "this is not what would be generated now", AGAIN);
            }
            Err(error) if error.is_missing() => {
                findings.add(0, "file-missing", "this file would be generated now", AGAIN);
            }
            Err(error) if matches!(error.reason, InputErrorReason::NotText) => {
                findings.add(0, "file-stale", "this is not what would be generated now", AGAIN);
            }
            Err(error) => return Err(error.to_string()),
        }
        all.extend(findings.into_all());
    }
    all.extend(missing_alerts(monitoring, read, directory));
    Ok(all)
}

/// Alerts that the catalog asks for, those of objectives among them, and that no file has.
fn missing_alerts(monitoring: &Monitoring, read: &[Read], directory: &Path) -> Vec<Finding> {
    let there: BTreeSet<&str> =
        rules(read).filter(|it| it.kind == RuleKind::Alert).map(|it| it.name.text.as_str()).collect();
    let name = shown(directory);
    let mut findings = Findings::of(&name);
    let wanted: BTreeSet<&str> = monitoring.alerts.iter().flat_map(|it| &it.rules).map(|it| it.name.as_str()).collect();
    for it in wanted.difference(&there) {
        let message =
            format!("no file has the alert `{it}`, which follows from an annotated function or its objective");
        findings.add(0, "alert-missing", message, format!("{AGAIN}, or leave it out in monitoring.toml"));
    }
    findings.into_all()
}

fn first_difference(one: &str, other: &str) -> u32 {
    let same = one.lines().zip(other.lines()).take_while(|(a, b)| a == b).count();
    u32::try_from(same + 1).unwrap_or(u32::MAX)
}
