//! Tests of Grafana's other formats: dashboards as resources and in schema V2, dashboards that are not read, and rules
//! of Grafana's own alerting.

use crate::check::check_own;
use crate::lint::linted;
use crate::support::{catalog, everything};
use measurand_check::{Finding, Settings, check, lint};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;

/// A dashboard in schema V2 with one panel.
const V2: &str = r#"{
  "apiVersion": "dashboard.grafana.app/v2",
  "kind": "Dashboard",
  "metadata": {"name": "own"},
  "spec": {
    "title": "Own",
    "editable": false,
    "annotations": [],
    "variables": [
      {"kind": "DatasourceVariable", "spec": {"name": "datasource", "label": "Data source", "pluginId": "prometheus"}},
      {"kind": "QueryVariable", "spec": {"name": "job", "label": "Job", "multi": true, "allValue": ".+",
        "refresh": "onTimeRangeChanged",
        "query": {"kind": "DataQuery", "group": "prometheus", "datasource": {"name": "${datasource}"},
          "spec": {"query": "label_values(function_calls_in_flight, job)"}}}},
      {"kind": "QueryVariable", "spec": {"name": "instance", "label": "Instance", "multi": true, "allValue": ".+",
        "refresh": "onTimeRangeChanged",
        "query": {"kind": "DataQuery", "group": "prometheus", "datasource": {"name": "${datasource}"},
          "spec": {"__legacyStringValue": "label_values(up{job=~\"$job\"}, instance)"}}}}
    ],
    "elements": {
      "panel-1": {"kind": "Panel", "spec": {
        "id": 1,
        "title": "Calls",
        "description": "Calls per second.",
        "data": {"kind": "QueryGroup", "spec": {"queries": [
          {"kind": "PanelQuery", "spec": {"refId": "A", "hidden": false, "query": {
            "kind": "DataQuery", "group": "prometheus", "version": "v0", "datasource": {"name": "${datasource}"},
            "spec": {
              "expr": "sum by (function) (rate(function_calls_total{job=~\"$job\",instance=~\"$instance\"}[$__rate_interval]))",
              "legendFormat": "{{function}}"}}}}
        ], "transformations": [
          {"kind": "Transformation", "group": "merge", "spec": {"options": {}}}
        ], "queryOptions": {}}},
        "vizConfig": {"kind": "VizConfig", "group": "timeseries", "version": "13.0.0", "spec": {
          "options": {"legend": {"displayMode": "list", "placement": "bottom"}},
          "fieldConfig": {"defaults": {"unit": "ops"}, "overrides": []}}}
      }}
    },
    "layout": {"kind": "AutoGridLayout", "spec": {"items": [
      {"kind": "AutoGridLayoutItem", "spec": {"element": {"kind": "ElementReference", "name": "panel-1"}}}]}}
  }
}"#;

/// Replaces a part of the dashboard, and checks for exactly this finding of `check`, in JSON and in YAML.
#[track_caller]
fn check_v2(from: &str, to: &str, expected: Option<(&str, u32, &str)>) {
    assert!(V2.contains(from), "{from}");
    let text = V2.replacen(from, to, 1);
    // JSON is YAML.
    for name in ["own.json", "own.yaml"] {
        check_own(name, &text, expected);
    }
}

/// Checks for exactly this finding of `lint`.
#[track_caller]
fn lint_v2(from: &str, to: &str, expected: Option<(&str, u32)>) {
    assert!(V2.contains(from), "{from}");
    let found = linted("own.json", &V2.replacen(from, to, 1));
    let places: Vec<(&str, u32)> = found.iter().map(|it| (it.rule, it.line)).collect();
    assert_eq!(places, expected.into_iter().collect::<Vec<_>>(), "{found:#?}");
}

#[test]
fn queries_of_schema_v2_are_checked() {
    check_v2("Own", "Own", None);
    check_v2(
        "rate(function_calls",
        "rate(function_cals",
        Some(("metric-unknown", 29, "did you mean `function_calls_total`?")),
    );
    check_v2("by (function)", "by (functon)", Some(("label-unknown", 29, "did you mean `function`?")));
    check_v2("(function_calls_in", "(function_cals_in", Some(("metric-unknown", 14, "a variable or annotation")));
    let annotation =
        r#""annotations": [{"kind": "AnnotationQuery", "spec": {"query": {"spec": {"expr": "nothing"}}}}]"#;
    check_v2("\"annotations\": []", annotation, Some(("metric-unknown", 8, "a variable or annotation")));
    check_v2("\"group\": \"prometheus\", \"version\"", "\"group\": \"loki\", \"version\"", None);
}

#[test]
fn mistakes_in_schema_v2_are_found() {
    lint_v2("Own", "Own", None);
    lint_v2("\"timeseries\"", "\"timeserie\"", Some(("panel-type", 34)));
    lint_v2("\"placement\"", "\"placment\"", Some(("option-unknown", 35)));
    lint_v2("\"ops\"", "\"opps\"", Some(("panel-units-rule", 36)));
    lint_v2("\"merge\"", "\"murge\"", Some(("transformation-unknown", 32)));
    lint_v2(
        "${datasource}\"},\n            \"spec",
        "abc\"},\n            \"spec",
        Some(("panel-datasource-rule", 23)),
    );
    lint_v2("onTimeRangeChanged", "onDashboardLoad", Some(("template-on-time-change-reload-rule", 11)));
    lint_v2("\"multi\": true", "\"multi\": false", Some(("template-job-rule", 11)));
    lint_v2("$instance", "$instanse", Some(("variable-unknown", 29)));
    lint_v2("\"editable\": false", "\"editable\": true", Some(("uneditable-dashboard", 7)));
}

/// The older version of schema V2 has the id of a transformation in another place.
#[test]
fn version_v2beta1_is_read() {
    let old = V2.replace("grafana.app/v2", "grafana.app/v2beta1");
    let old = old.replace(
        r#""kind": "Transformation", "group": "merge", "spec": {"#,
        r#""kind": "murge", "spec": {"id": "murge", "#,
    );
    let found = linted("own.json", &old);
    assert_eq!(found.iter().map(|it| (it.rule, it.line)).collect::<Vec<_>>(), [("transformation-unknown", 32)]);
}

/// Returns a classic dashboard with a panel whose query is invalid.
fn classic() -> Value {
    json!({"title": "Own", "schemaVersion": 41, "panels": [
        {"id": 1, "type": "text", "title": "Calls", "targets": [{"refId": "A", "expr": "function_cals_total"}]}]})
}

#[test]
fn classic_dashboards_in_resources_are_checked() {
    let unknown = Some(("metric-unknown", 1, "did you mean `function_calls_total`?"));
    for (version, kind) in
        [("dashboard.grafana.app/v1beta1", "Dashboard"), ("grizzly.grafana.com/v1alpha1", "Dashboard")]
    {
        let resource = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "own"}, "spec": classic()});
        check_own("own.json", &resource.to_string(), unknown);
        check_own("own.yml", &resource.to_string(), unknown);
    }
    let operator = json!({"kind": "GrafanaDashboard", "spec": {"json": classic().to_string()}});
    check_own("own.yml", &operator.to_string(), unknown);
}

/// A link from an alert to a dashboard uses the name of the resource.
#[test]
fn the_name_of_a_resource_is_the_uid() {
    let rule = |panel: u32| {
        format!(
            "groups: [{{name: own, rules: [{{alert: Own, expr: 'up{{job=\"shop\"}} == 0', \
             annotations: {{link: 'http://g/d/own?viewPanel={panel}'}}}}]}}]\n---\n{V2}\n"
        )
    };
    check_own("own.yml", &rule(1), None);
    check_own("own.yml", &rule(2), Some(("panel-unknown", 1, "which the dashboard `own` lacks")));
}

#[test]
fn a_format_that_is_not_read_is_reported() {
    let unread = |text: &str, words: &str| {
        check_own("own.json", text, Some(("dashboard-format", 1, words)));
        let found = linted("own.json", text);
        assert_eq!(found.iter().map(|it| it.rule).collect::<Vec<_>>(), ["dashboard-format"]);
    };
    unread(&V2.replace("app/v2", "app/v3"), "`dashboard.grafana.app/v3` is not one of the versions v0alpha1");
    unread(&V2.replace("app/v2", "app/v2alpha1"), "as classic or as V2 resource");
    unread(&V2.replace("\"elements\"", "\"element\""), "neither `panels` nor `elements`");
    unread(r#"{"title": "Own", "schemaVersion": 14, "rows": [{"panels": []}]}"#, "`rows` instead of `panels`");
    unread(r#"{"kind": "GrafanaDashboard", "spec": {"url": "http://localhost"}}"#, "neither `panels` nor `elements`");
    check_own("own.json", r#"{"kind": "Deployment", "spec": {"replicas": 1}}"#, None);
}

/// Generated files in Grafana's new formats have no findings, and a change of the program is found in each of them.
#[test]
fn generated_files_in_other_formats_are_current() {
    let settings = Settings::parse("monitoring.toml", "grafana = \"v2\"\ngrafana_datasource = \"cloud\"\n").unwrap();
    let mut catalog = catalog(&everything());
    let folder = tempfile::tempdir().unwrap();
    let monitoring = settings.monitoring(&catalog).unwrap();
    for file in [monitoring.files(), monitoring.grafana_rule_files()].concat() {
        fs::write(folder.path().join(file.name), file.contents).unwrap();
    }
    assert_eq!(check(&catalog, &settings, folder.path()).unwrap(), []);
    assert_eq!(lint(&[folder.path().to_owned()], &[]).unwrap(), []);
    let files = |found: Vec<Finding>, rule: &str| -> BTreeSet<String> {
        let found = found.into_iter().filter(|it| it.rule == rule && it.line > 0);
        found.map(|it| it.file.rsplit('/').next().unwrap().to_owned()).collect()
    };
    let new = ["grafana-alerts.yml", "grafana-dashboard.json", "grafana-recording-rules.yml"].map(str::to_owned);
    assert!(
        files(check(&catalog, &Settings::default(), folder.path()).unwrap(), "file-stale")
            .is_superset(&new.clone().into())
    );
    catalog.families[0].metrics[1].name = "db_statement_duration_seconds".to_owned();
    assert!(files(check(&catalog, &settings, folder.path()).unwrap(), "metric-unknown").is_superset(&new.into()));
}

#[test]
fn queries_of_rules_in_grafana_are_checked() {
    let rule = |model: Value| {
        let data = json!([{"refId": "A", "datasourceUid": "cloud", "model": model},
            {"refId": "B", "datasourceUid": "__expr__", "model": {"type": "math", "expression": "$A > 1"}}]);
        json!({"apiVersion": 1, "groups": [{"name": "own", "rules": [{"title": "Own", "data": data}]}]}).to_string()
    };
    let unknown = Some(("metric-unknown", 1, "the rule `Own` uses `function_cals_total`"));
    check_own("own.yml", &rule(json!({"expr": "rate(function_cals_total[5m])"})), unknown);
    let other = json!({"expr": "{app=\"a\"} |= \"b\"", "datasource": {"type": "loki"}});
    check_own("own.yml", &rule(other), None);
    let found = linted("own.yml", &rule(json!({"expr": "rate(x_total[5m]"})));
    assert_eq!(found.iter().map(|it| it.rule).collect::<Vec<_>>(), ["promql/syntax"]);
}
