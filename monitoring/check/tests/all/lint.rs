//! Tests of `lint` with rule files: each mistake is found by its rule.

use crate::support::{every_family, everything, folder, monitoring};
use measurand_check::{Finding, lint};
use std::fs;

pub(crate) fn linted(name: &str, text: &str) -> Vec<Finding> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    fs::write(&path, text).expect("a file in it");
    lint(&[path], &[]).expect("the file can be read")
}

/// Checks the findings in a rule file with this group.
#[track_caller]
fn check(rules: &str, expected: &[(&str, u32)]) {
    let found = linted("rules.yml", &format!("groups:\n- name: own\n{rules}"));
    let places: Vec<(&str, u32)> = found.iter().map(|it| (it.rule, it.line)).collect();
    assert_eq!(places, expected, "{found:#?}");
    assert!(found.iter().all(|it| !it.help.is_empty()));
}

/// Checks an alert that is complete, with this expression on line 5.
#[track_caller]
fn check_expression(expression: &str, expected: Option<&str>) {
    let rest = "    for: 5m\n    labels: {severity: P1}\n    annotations: {summary: It is., description: It is so.}\n";
    let found =
        format!("  rules:\n  - alert: Own\n    expr: {}\n{rest}", serde_json::to_string(expression).expect("a text"));
    check(&found, &expected.into_iter().map(|it| (it, 5)).collect::<Vec<_>>());
}

/// Checks an alert with this template in a label (line 9) and in an annotation (line 12).
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
fn generated_files_have_no_findings() {
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
    check_expression(r#"up{job=~"shop_.+_eu"} == 0"#, Some("promql/regexp"));
    check_expression(r#"up{job=~"shop.*|store.*"} == 0"#, None);
}

#[test]
fn impossible_expressions() {
    check_expression("sum by (cluster) (sum(x)) > 1", Some("promql/impossible"));
    check_expression("sum by (cluster) (sum by (cluster, job) (x)) > 1", None);
    check_expression("sum by (a) (x) / on (b) sum by (b) (y) > 1", Some("promql/impossible"));
    check_expression(r#"x{job="a"} unless sum(x)"#, Some("promql/impossible"));
    check_expression(r#"sum_over_time(x{job="a"}[5m]) > 1 and sum(x) > 1"#, Some("promql/impossible"));
    check_expression(r#"x{job="a"} unless on () sum(x)"#, None);
    check_expression("sum by (a) (x) unless sum by (b) (y)", Some("promql/vector_matching"));
    check_expression("x and on (i) y * on (c) group_left (env) z > 1", Some("promql/impossible"));
    check_expression("(x and on (i) y) * on (c) group_left (env) z > 1", None);
}

#[test]
fn divisions_by_zero() {
    for operation in ["sum", "avg", "stddev", "stdvar"] {
        check_expression(&format!("{operation}(x / y) > 1"), Some("promql/nan"));
    }
    for safe in
        ["(y > 0)", "(y != 0)", "clamp_min(y, 1)", "clamp_max(y, -1)", "5", "count by (a) (y)", "sum by (a) (y > 0)"]
    {
        check_expression(&format!("sum(x / on (a) {safe}) > 1").replace("on (a) 5", "5"), None);
    }
    for unsafe_ in ["(y >= 0)", "(y > bool 0)", "clamp_min(y, 0)", "0", "(y > -1)", "sum by (a) (y != 0)"] {
        check_expression(&format!("sum(x / on (a) {unsafe_}) > 1").replace("on (a) 0", "0"), Some("promql/nan"));
    }
    check_expression("max(x / y) > 1", None);
    check_expression("sum(x % y) > 1", Some("promql/nan"));
    check_expression("sum(max by (a) (x / y)) > 1", None);
    check_expression("sum(x / y > 0.5) > 1", None);
    check_expression("sum(x) / sum(y) > 1", None);
}

#[test]
fn two_versions_of_prometheus() {
    check_expression(r#"rate(x_bucket{le="1"}[5m]) > 1"#, Some("prometheus-3/bound"));
    check_expression(r#"rate(x_bucket{le="1.0"}[5m]) > 1"#, Some("prometheus-3/bound"));
    check_expression(r#"rate(x_bucket{le!="5"}[5m]) > 1"#, Some("prometheus-3/bound"));
    check_expression(r#"rate(x_bucket{le=~"0.5|5"}[5m]) > 1"#, Some("prometheus-3/bound"));
    check_expression(r#"rate(x_bucket{le=~"5(\\.0)?"}[5m]) > 1"#, None);
    check_expression(r#"rate(x_bucket{le=~"5|5\\.0"}[5m]) > 1"#, None);
    check_expression(r#"rate(x_bucket{le=~"0.5|\\+Inf"}[5m]) > 1"#, None);
    check_expression(r#"rate(x_bucket{le="0.5"}[5m]) > 1"#, None);
    check_expression("max_over_time(deriv(x[5m:5m])[5m:1m]) > 1", Some("prometheus-3/range"));
    check_expression("deriv(x[10m:5m]) > 1", None);
    check_expression("sum_over_time(x[5m:5m]) > 1", None);
    check_expression("holt_winters(x[5m], 0.5, 0.5) > 1", Some("prometheus-3/function"));
    check_expression("mad_over_time(x[5m]) > 1", Some("promql/features"));
    check_expression("double_exponential_smoothing(x[5m], 0.5, 0.5) > 1", Some("promql/features"));
    check_expression("sum(limitk(3, x)) > 1", Some("promql/features"));
    check_expression(r#"{"http.requests"} > 1"#, Some("prometheus-3/name"));
    let configuration = "scrape_configs:\n- job_name: a\n  scrape_classic_histograms: true\nalerting:\n  alertmanagers:\n  - \
                         api_version: v1\n  - api_version: v2\n";
    let found = linted("prometheus.yml", configuration);
    let found: Vec<(&str, u32)> = found.iter().map(|it| (it.rule, it.line)).collect();
    assert_eq!(found, [("prometheus-3/configuration", 3), ("prometheus-3/configuration", 6)]);
}

#[test]
fn alerts() {
    let annotated = "    labels: {severity: P1}\n    annotations: {summary: It is., description: It is so.}\n";
    let alert =
        |name: &str, hold: &str| format!("  rules:\n  - alert: {name}\n    expr: absent(up)\n{hold}{annotated}");
    check(&alert("Gone", "    for: 1m\n"), &[]);
    check(&alert("Gone", ""), &[("alerts/absent", 4)]);
    check(&alert("Gone", "    for: 30s\n"), &[("alerts/absent", 6)]);
    check(&alert("Gone", "    for: 7 minutes\n"), &[("alerts/for", 6)]);
    check(&alert("Gone", "    for: 1m\n    keep_firing_for: 5\n"), &[("alerts/for", 7)]);
    check(&alert("Gone", "    for: 1m\n    keep_firing_for: 0s\n"), &[("alerts/for", 7)]);
    let by =
        |expression: &str, hold: &str| format!("  rules:\n  - alert: Own\n    expr: {expression}\n{hold}{annotated}");
    let jobs = r#"sum(x{job="a"}) / sum(y{job="b"}) > 1"#;
    check(&by(jobs, ""), &[("promql/fragile", 4)]);
    check(&by(jobs, "    for: 2m\n"), &[]);
    check(&by(r#"sum(x{job="a"}) / sum(y{job="a"}) > 1"#, ""), &[]);
    check(&by("topk(10, x > 0)", ""), &[("promql/fragile", 5)]);
    check(&by("topk(10, x) > 0", ""), &[("promql/fragile", 5)]);
    check(&by("sum(topk(10, x)) > 0", ""), &[]);
    check(&by("x > 0 and topk(10, x)", ""), &[]);
    let untyped = annotated.replace("severity: P1", "severity: 1, on_call: yes, '2': '2', other: 2.x");
    check(&format!("  rules:\n  - alert: Own\n    expr: x > 1\n{untyped}"), &[("yaml/parse", 6), ("yaml/parse", 6)]);
    let renamed = annotated.replace("severity: P1", "severity: P1, alertname: Other");
    check(&format!("  rules:\n  - alert: Own\n    expr: x > 1\n{renamed}"), &[("labels/conflict", 6)]);
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
fn rates_and_queries_in_templates() {
    let of = |expression: &str, text: &str| {
        let text = serde_json::to_string(text).unwrap();
        let rest = format!("    labels: {{severity: P1}}\n    annotations: {{summary: It is., description: {text}}}\n");
        format!("  rules:\n  - alert: Own\n    expr: {expression}\n{rest}")
    };
    let found = |rules: String| check(&rules, &[("alerts/template", 7)]);
    found(of("rate(x_total[5m]) > 1", "{{ $value }}"));
    found(of("sum by (job) (rate(x_total[5m])) > 1", "It is {{ .Value }}."));
    check(&of("rate(x_total[5m]) > 1", "{{ $value | humanize }}"), &[]);
    check(&of("rate(x_total[5m]) > 1", "{{ printf \"%.2f\" $value }}"), &[]);
    check(&of("x > 1", "{{ $value }}"), &[]);
    check(&of("count(rate(x_total[5m])) > 1", "{{ $value }}"), &[]);
    found(of("x > 1", "{{ with query \"sum(up\" }}{{ . | first | value }}{{ end }}"));
    found(of("x > 1", "{{ with query \"sum(up)\" }}{{ . | first | label \"instance\" }}{{ end }}"));
    check(&of("x > 1", "{{ with query \"up\" }}{{ . | first | label \"instance\" }}{{ end }}"), &[]);
    let each = |by: &str| format!("{{{{ range query `sum by ({by}) (up)` }}}}{{{{ .Labels.instance }}}}{{{{ end }}}}");
    check(&of("sum by (job) (x) > 1", &each("instance")), &[]);
    found(of("sum by (job) (x) > 1", &each("job")));
    check(&of("x > 1", "{{ with query `sum by (job) (up{job=\"a\"})` }}{{ . | first | label \"job\" }}{{ end }}"), &[]);
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
    let base = "  rules:\n  - record: a:x\n    expr: sum(x)\n- name: other\n  rules:\n";
    check(&format!("{base}  - record: b:x\n    expr: a:x * 2\n"), &[("rule/dependency", 9)]);
    check(&format!("{base}  - record: b:x\n    expr: avg_over_time(a:x[1d])\n"), &[]);
    check(&format!("{base}  - record: b:x\n    expr: sum(y)\n"), &[]);
    let doubled = linted("rules.yml", "groups:\n- name: own\n  rules: []\n  name: other\n");
    assert_eq!(doubled.iter().map(|it| it.rule).collect::<Vec<_>>(), ["syntax"]);
    assert!(doubled[0].message.contains("the key `name` twice, on lines 2 and 4"), "{doubled:#?}");
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
    assert_eq!(lint(std::slice::from_ref(&path), &["rule/name"]).unwrap(), []);
    fs::write(&path, "a: b\n").unwrap();
    assert!(lint(std::slice::from_ref(&path), &[]).unwrap_err().contains("neither rules nor a dashboard"));
    assert!(lint(&[folder.path().to_owned()], &[]).unwrap().is_empty(), "other files in a folder are ignored");
    assert!(lint(&[folder.path().join("gone.yml")], &[]).unwrap_err().contains("gone.yml"));
}
