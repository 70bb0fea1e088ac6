//! Finds generated files that are missing or stale, and alerts that no file contains.

use crate::finding::{Finding, Findings};
use crate::read::RuleKind;
use crate::read::folder::{FILE_BYTES_MAX, Read, rules, shown};
use measurand_catalog::{InputErrorReason, read_text};
use measurand_monitoring::Monitoring;
use std::collections::BTreeSet;
use std::path::Path;

const STALE: &str = "the file differs from what `generate` would write now";
const AGAIN: &str = "run `cargo measurand generate` again";

pub(super) fn check(monitoring: &Monitoring, read: &[Read], directory: &Path) -> Result<Vec<Finding>, String> {
    let mut all = Vec::new();
    // These files are optional, so they are compared only if they exist.
    let others = [
        monitoring.stack_files(),
        monitoring.compose_files(),
        monitoring.kubernetes_files(),
        monitoring.grafana_rule_files(),
        monitoring.test_files(),
    ];
    let others = others.into_iter().flatten().filter(|it| directory.join(it.name).exists());
    for file in monitoring.files().into_iter().chain(others) {
        let path = directory.join(file.name);
        let name = shown(&path);
        let mut findings = Findings::of(&name);
        match read_text(&path, FILE_BYTES_MAX.max(file.contents.len() as u64)) {
            Ok(text) if text == file.contents => {}
            Ok(text) => {
                let line = first_difference(&text, &file.contents);
                findings.add(line, "file-stale", STALE, AGAIN);
            }
            Err(error) if error.is_missing() => {
                findings.add(0, "file-missing", "the generated file is missing", AGAIN);
            }
            Err(error) if matches!(error.reason, InputErrorReason::NotText) => {
                findings.add(0, "file-stale", STALE, AGAIN);
            }
            Err(error) => return Err(error.to_string()),
        }
        all.extend(findings.into_all());
    }
    all.extend(missing_alerts(monitoring, read, directory));
    Ok(all)
}

/// Alerts of families and objectives that no file contains.
fn missing_alerts(monitoring: &Monitoring, read: &[Read], directory: &Path) -> Vec<Finding> {
    let there: BTreeSet<&str> =
        rules(read).filter(|it| it.kind == RuleKind::Alert).map(|it| it.name.text.as_str()).collect();
    let name = shown(directory);
    let mut findings = Findings::of(&name);
    let wanted: BTreeSet<&str> = monitoring.alerts.iter().flat_map(|it| &it.rules).map(|it| it.name.as_str()).collect();
    for alert in wanted.difference(&there) {
        let message = format!("no file contains the alert `{alert}` of an annotated function or its objective");
        let help = format!("{AGAIN}, or list the alert under `[leave_out]` in monitoring.toml");
        findings.add(0, "alert-missing", message, help);
    }
    findings.into_all()
}

fn first_difference(one: &str, other: &str) -> u32 {
    let same = one.lines().zip(other.lines()).take_while(|(a, b)| a == b).count();
    u32::try_from(same + 1).unwrap_or(u32::MAX)
}
