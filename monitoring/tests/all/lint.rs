//! Mistakes in rules: each is made on purpose and found by the rule that is meant for it.

use crate::support::{every_family, everything, folder, monitoring};
use measurand_monitoring::{Finding, lint};
use std::fs;

pub(crate) fn linted(name: &str, text: &str) -> Vec<Finding> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    fs::write(&path, text).expect("a file in it");
    lint(&[path], &[]).expect("the file can be read")
}

/// The findings in a file of rules with this group.
#[track_caller]
fn check(rules: &str, expected: &[(&str, u32)]) {
    let found = linted("rules.yml", &format!("groups:\n- name: own\n{rules}"));
    let places: Vec<(&str, u32)> = found.iter().map(|it| (it.rule, it.line)).collect();
    assert_eq!(places, expected, "{found:#?}");
    assert!(found.iter().all(|it| !it.mend.is_empty()));
}

/// An alert that has all it needs but this expression, which stands in line 5.
#[track_caller]
fn check_expression(expression: &str, expected: Option<&str>) {
    let rest = "    for: 5m\n    labels: {severity: P1}\n    annotations: {summary: It is., description: It is so.}\n";
    let found =
        format!("  rules:\n  - alert: Own\n    expr: {}\n{rest}", serde_json::to_string(expression).expect("a text"));
    check(&found, &expected.into_iter().map(|it| (it, 5)).collect::<Vec<_>>());
}

/// An alert with this line in its labels and annotations, which stands in line 9 and 12.
#[track_caller]
fn check_template(text: &str, in_label: usize, in_annotation: usize) {
    let text = serde_json::to_string(text).expect("a text");
    let rules = format!(
        "  rules:\n  - alert: Own\n    expr: sum by (job) (x) > 1\n    for: 5m\n    labels:\n      severity: P1\n      \
         own: {text}\n    annotations:\n      summary: It is.\n      description: {text}\n"
    );
    let found = linted("rules.yml", &format!("groups:\n- name: own\n{rules}"));
    assert!(found.iter().all(|it| it.rule == "alerts/template"), "{found:#?}");
    let count = |line: u32| found.iter().filter(|it| it.line == line).count();
    assert_eq!((count(9), count(12)), (in_label, in_annotation), "{found:#?}");
}

#[test]
fn what_is_generated_is_clean() {
    for sites in [everything(), every_family()] {
        let folder = folder(&monitoring(&sites));
        let found = lint(&[folder.path().to_owned()], &[]).unwrap();
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn expressions() {
    check_expression("sum(rate(x_total[5m])) > 1", None);
    check_expression("sum(rate(x_total[5m]) > 1", Some("promql/syntax"));
    check_expression("rate(sum(x)) > 1", Some("promql/syntax"));
    check_expression("sum(rate(x_total[5m]))", Some("alerts/comparison"));
    check_expression("sum(rate(x_total[5m])) > bool 1", Some("alerts/comparison"));
    check_expression("vector(1)", None);
    check_expression("up unless on (job) x", None);
    check_expression("sum(x_total) > 1", Some("promql/counter"));
    check_expression("count(x_total) > 1", None);
    check_expression("rate(process_open_fds[5m]) > 1", Some("promql/rate"));
    check_expression("delta(x_total[5m]) > 1", Some("promql/rate"));
    check_expression("rate(x_total[15s]) > 1", Some("promql/rate"));
    check_expression("rate(sum(x_total)[5m:]) > 1", Some("promql/rate"));
    check_expression(r#"up{job=~"shop"} == 0"#, Some("promql/regexp"));
    check_expression(r#"up{job=~"^shop.*"} == 0"#, Some("promql/regexp"));
    check_expression(r#"up{job=~"shop|store"} == 0"#, None);
    check_expression("sum without (a) (x) / sum without (a) (y) > 1", Some("promql/fragile"));
    check_expression("sum by (a) (x) / sum by (b) (y) > 1", Some("promql/vector_matching"));
    check_expression("sum by (a, b) (x) / on (a) group_left () sum by (a) (y) > 1", None);
    check_expression("absent(up) == 0", Some("promql/impossible"));
    check_expression("count(up == 1) < 1", Some("promql/impossible"));
    check_expression("count(up == 1) < 2", None);
}

#[test]
fn alerts() {
    let annotated = "    labels: {severity: P1}\n    annotations: {summary: It is., description: It is so.}\n";
    let alert =
        |name: &str, hold: &str| format!("  rules:\n  - alert: {name}\n    expr: absent(up)\n{hold}{annotated}");
    check(&alert("Gone", "    for: 1m\n"), &[]);
    check(&alert("Gone", ""), &[("alerts/absent", 4)]);
    check(&alert("Gone", "    for: 30s\n"), &[("alerts/absent", 6)]);
    check(&alert("Gone", "    for: 1m\n    keep_firing_for: 5\n"), &[("alerts/for", 7)]);
    check(&alert("is gone", "    for: 1m\n"), &[("rule/name", 4)]);
    check(
        "  rules:\n  - alert: Bare\n    expr: up == 0\n",
        &[("alerts/annotation", 4), ("alerts/annotation", 4), ("rule/label", 4)],
    );
    let twice = alert("Gone", "    for: 1m\n");
    check(&format!("{twice}{}", twice.replace("  rules:\n", "")), &[("rule/duplicate", 9)]);
}

#[test]
fn templates() {
    check_template("plain", 0, 0);
    check_template("{{ $value }}", 1, 0);
    check_template("{{ $value | humanize }} of {{ $labels.job }}", 1, 0);
    check_template("{{ $labels.instance }}", 1, 1);
    check_template("{{ $labels.severity }}", 0, 0);
    check_template("{{ .Foo }}", 1, 1);
    check_template("{{ $labels.job", 1, 1);
    check_template("{{ with $labels.job }}{{ . }}{{ end }}", 0, 0);
    check_template("{{ 0.5 | humanizePercentage }}%", 1, 1);
}

#[test]
fn groups_and_recordings() {
    check("  interval: 10m\n  rules: []\n", &[("group/interval", 3)]);
    check("  interval: 5min\n  rules: []\n", &[("group/interval", 3)]);
    check("  rules:\n  - record: job:x:rate5m\n    expr: sum by (job) (rate(x_total[5m]))\n", &[]);
    check("  rules:\n  - record: x\n    expr: sum by (job) (y)\n", &[("rule/name", 4)]);
    check("  rules:\n  - record: job:x-y\n    expr: sum by (job) (y)\n", &[("rule/name", 4)]);
    let later = "  rules:\n  - record: a:x\n    expr: b:x * 2\n  - record: b:x\n    expr: sum(x)\n";
    check(later, &[("rule/dependency", 5)]);
    let parts = "  rules:\n  - record: b:x\n    expr: sum(x)\n    labels: {of: x}\n  - record: a:x\n    expr: b:x * 2\n  \
                 - record: b:x\n    expr: sum(y)\n    labels: {of: y}\n";
    check(parts, &[]);
    let twice = "  rules:\n  - record: a:x\n    expr: sum(x)\n  - record: a:x\n    expr: sum(y)\n";
    check(twice, &[("rule/duplicate", 6)]);
    check("  rules: []\n- name: own\n  rules: []\n", &[("rule/duplicate", 4)]);
}

#[test]
fn labels_of_recorded_series_are_known() {
    let rules = "  rules:\n  - record: job:x:sum\n    expr: sum by (job) (x)\n  - alert: Own\n    expr: job:x:sum > 1\n    \
                 for: 1m\n    labels: {severity: P1}\n    annotations: {summary: It is., description: '{{ $labels.instance }}'}\n";
    check(rules, &[("alerts/template", 10)]);
}

#[test]
fn rules_can_be_allowed_and_other_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.yml");
    fs::write(&path, "groups:\n- name: a\n  rules:\n  - record: x\n    expr: sum(y)\n").unwrap();
    assert_eq!(lint(std::slice::from_ref(&path), &[]).unwrap().len(), 1);
    assert_eq!(lint(std::slice::from_ref(&path), &["rule/name".to_owned()]).unwrap(), []);
    fs::write(&path, "a: b\n").unwrap();
    assert!(lint(std::slice::from_ref(&path), &[]).unwrap_err().contains("neither rules nor a dashboard"));
    assert!(lint(&[folder.path().to_owned()], &[]).unwrap().is_empty(), "in a folder it is none of our business");
    assert!(lint(&[folder.path().join("gone.yml")], &[]).unwrap_err().contains("gone.yml"));
}
