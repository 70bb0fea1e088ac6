//! Checks that silent cases are near misses: the alert fires once its thresholds are moved slightly.

use super::file::TestFile;
use super::{Kind, Suite};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// The relative change of the thresholds.
const LITTLE: f64 = 0.15;

/// Returns the alerts that stay silent in spite of the change. It runs the first silent test with the same series as in
/// the test in which the alert fires.
pub(super) fn missing(suite: &Suite, folder: &Path, rules: &[&str]) -> Vec<String> {
    let moved = tempfile::tempdir().expect("a temporary folder");
    for name in rules {
        let text = std::fs::read_to_string(folder.join(name)).expect("rules");
        let text = if name.ends_with("alerts.yml") { text.lines().map(relaxed).collect() } else { text };
        std::fs::write(moved.path().join(name), text).expect("a file in it");
    }
    let needed = || suite.alerts.iter().filter(|it| Kind::Silent.is_needed(it));
    let cases = suite.cases();
    let first = |alert| {
        let fires = cases.iter().find(|it| Kind::Firing.is_in(it, alert));
        let mut silent = cases.iter().filter(|it| Kind::Silent.is_in(it, alert));
        let near = silent.find(|it| fires.is_none_or(|fires| it.series_for(alert) == fires.series_for(alert)))?;
        Some(near.test.name.as_str())
    };
    let firsts: BTreeSet<&str> = needed().filter_map(first).collect();
    let mut output = String::new();
    for (index, file) in suite.files.iter().enumerate() {
        let tests = file.tests.iter().filter(|it| firsts.contains(it.name.as_str())).cloned().collect();
        let file = TestFile { tests, ..file.clone() };
        let name = format!("{index}.json");
        std::fs::write(moved.path().join(&name), serde_json::to_string(&file).expect("JSON")).expect("a file in it");
        let run = Command::new("promtool")
            .args(["test", "rules", &name])
            .current_dir(moved.path())
            .env("GOGC", "400")
            .output();
        let run = run.expect("promtool runs; install it: apt-get install prometheus");
        output.push_str(&String::from_utf8_lossy(&run.stderr));
        output.push_str(&String::from_utf8_lossy(&run.stdout));
    }
    // Promtool prints the labels of unexpected alerts.
    let fired: Vec<&str> = output.split("Labels:{").skip(1).filter_map(|it| it.split('}').next()).collect();
    let silent = needed().filter(|alert| {
        let labels = alert.rule.labels.iter().map(|(name, value)| format!("{name}=\"{value}\""));
        let labels: Vec<String> = labels.chain([format!("alertname=\"{}\"", alert.name)]).collect();
        !fired.iter().any(|it| labels.iter().all(|label| it.contains(label)))
    });
    silent.map(|it| format!("{it}: near miss")).collect()
}

/// Returns an expression with relaxed thresholds. Other lines stay unchanged.
fn relaxed(line: &str) -> String {
    if !line.trim_start().starts_with("expr: ") {
        return format!("{line}\n");
    }
    let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    for index in 1..words.len() {
        let digits = words[index].trim_end_matches(')').len();
        let Ok(value) = words[index][..digits].parse::<f64>() else { continue };
        let (sign, value) = match words[index - 1].as_str() {
            ">" if value > 0.0 => (">", value * (1.0 - LITTLE)),
            // A count of zero, such as no failures.
            ">" => (">", -1.0),
            "<" => ("<", value * (1.0 + LITTLE)),
            // A count of one.
            "==" => ("<", value + 2.0),
            _ => continue,
        };
        words[index] = format!("{value}{}", &words[index][digits..]);
        sign.clone_into(&mut words[index - 1]);
    }
    format!("{}\n", words.join(" "))
}

#[test]
fn thresholds_are_relaxed() {
    assert_eq!(relaxed("  for: 5m"), "  for: 5m\n");
    assert_eq!(relaxed("  expr: a / (b > 0) > 0.5 and c == 0"), "  expr: a / (b > -1) > 0.425 and c < 2\n");
    assert_eq!(relaxed("  expr: up < 2"), "  expr: up < 2.3\n");
}
