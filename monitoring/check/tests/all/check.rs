//! Tests of `check`: each kind of difference is made in a folder without findings, and found without false positives.

use crate::support::{catalog, every_family, everything, folder, measured, monitoring, query};
use measurand_catalog::{Catalog, Objective, SiteRecord, families};
use measurand_check::{Finding, Settings, check};
use std::collections::BTreeSet;
use std::fs;
use tempfile::TempDir;

/// A folder with the files generated for these functions.
fn generated(sites: &[SiteRecord]) -> TempDir {
    folder(&monitoring(sites))
}

fn findings(catalog: &Catalog, folder: &TempDir) -> Vec<Finding> {
    check(catalog, &Settings::default(), folder.path()).expect("the folder can be read")
}

/// A small program, because reading large dashboards would make these tests slow.
fn small() -> Vec<SiteRecord> {
    let database = [query("select", "patterns", &[]), query("insert", "patterns", &[])];
    [measured("checkout", &[]), measured("search", &[])].into_iter().chain(database).collect()
}

/// Adds a file to a fresh folder, and checks that there is exactly this finding: rule, line, and a part of its text.
#[track_caller]
pub(crate) fn check_own(name: &str, text: &str, expected: Option<(&str, u32, &str)>) {
    let folder = generated(&small());
    fs::write(folder.path().join(name), text).expect("a file in it");
    let found = findings(&catalog(&small()), &folder);
    let found: Vec<_> = found.iter().map(|it| (it.rule, it.line, format!("{}; {}", it.message, it.help))).collect();
    match expected {
        None => assert!(found.is_empty(), "{found:#?}"),
        Some((rule, line, words)) => {
            assert_eq!(found.len(), 1, "{found:#?}");
            assert_eq!((found[0].0, found[0].1), (rule, line), "{found:#?}");
            assert!(found[0].2.contains(words), "`{words}` is not in {}", found[0].2);
        }
    }
}

#[track_caller]
fn check_rule(expression: &str, expected: Option<(&str, &str)>) {
    let text = format!("groups:\n- name: own\n  rules:\n  - alert: Own\n    expr: |-\n      {expression}\n");
    check_own("own.yml", &text, expected.map(|(rule, words)| (rule, 6, words)));
}

/// Changes the program, and checks that there are findings of exactly these rules.
#[track_caller]
fn check_changed(change: impl FnOnce(&mut Catalog), expected: &[&str]) -> Vec<Finding> {
    let folder = generated(&everything());
    let mut changed = catalog(&everything());
    change(&mut changed);
    let changed = Catalog::from_json(changed.to_json().as_bytes()).expect("the changed catalog is correct");
    let found = findings(&changed, &folder);
    let mut rules: Vec<&str> = found.iter().map(|it| it.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    assert_eq!(rules, expected, "{found:#?}");
    found
}

#[test]
fn a_fresh_folder_has_no_findings() {
    // Labels from the result have an expression instead of a fixed value.
    let mut open = every_family();
    for site in &mut open {
        let family = families::ALL.iter().find(|it| it.name == site.family).expect("a family of the table");
        for label in family.labels.iter().filter(|it| it.from_result) {
            site.labels.remove(label.name);
            site.expressions.insert(label.name.to_owned(), "of(result)".to_owned());
        }
    }
    for sites in [everything(), open, vec![query("select", "patterns", &[])]] {
        let found = findings(&catalog(&sites), &generated(&sites));
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn a_renamed_metric_is_found_in_all_files() {
    let found = check_changed(
        |it| it.families[0].metrics[1].name = "db_statement_duration_seconds".to_owned(),
        &["file-stale", "metric-unknown"],
    );
    let recording = found.iter().find(|it| it.file.ends_with("recording-rules.yml") && it.rule == "metric-unknown");
    let recording = recording.expect("in the recording rules");
    assert!(recording.line > 1 && recording.message.contains("`db_query_duration_seconds_"), "{recording:?}");
    assert!(
        found
            .iter()
            .any(|it| it.file.ends_with("grafana-dashboard.json") && it.rule == "metric-unknown" && it.line > 1)
    );
}

#[test]
fn a_dropped_label_is_found() {
    let dropped = |catalog: &mut Catalog| {
        catalog.families[0].labels.retain(|it| it.name != "table");
        catalog.families[0].metrics.iter_mut().for_each(|it| it.labels.retain(|it| it != "table"));
        catalog.sites.iter_mut().for_each(|it| drop(it.labels.remove("table")));
    };
    let found = check_changed(dropped, &["file-stale", "label-unknown"]);
    assert!(found.iter().any(|it| it.message.contains("the label `table`")));
}

#[test]
fn a_changed_bucket_is_found() {
    check_rule(r#"rate(db_query_duration_seconds_bucket{job="shop",le="0.01"}[5m]) > 1"#, None);
    check_rule(r#"rate(db_query_duration_seconds_bucket{job="shop",le=~"1(\\.0)?"}[5m]) > 1"#, None);
    check_rule(r#"rate(db_query_duration_seconds_bucket{job="shop",le="1.0"}[5m]) > 1"#, None);
    let expected = Some(("bucket-unknown", "`0.0001`, `0.0005`"));
    check_rule(r#"rate(db_query_duration_seconds_bucket{job="shop",le="0.02"}[5m]) > 1"#, expected);
}

#[test]
fn a_panel_without_data_is_found() {
    // The last function of a family was removed, but its panels are still there.
    let found = check_changed(|it| it.sites.retain(|it| it.family != "neural"), &["file-stale", "metric-unknown"]);
    assert!(found.iter().any(|it| it.message.contains("the panel `Error ratio by type` uses `")), "{found:#?}");
    assert!(found.iter().any(|it| it.message.contains("the recording rule `job_operation_type")), "{found:#?}");
    let json = r#"{"uid": "own", "schemaVersion": 41, "panels": [
        {"id": 1, "title": "Gone", "type": "timeseries",
         "targets": [{"expr": "rate(function_cals_total{job=~\"$job\"}[$__rate_interval])"}]}]}"#;
    check_own("own.json", json, Some(("metric-unknown", 3, "did you mean `function_calls_total`?")));
}

#[test]
fn an_alert_without_series_is_found() {
    check_rule("sum(rate(function_calls_total[5m])) == 0", None);
    check_rule("rate(function_call_total[5m]) > 1", Some(("metric-unknown", "did you mean `function_calls_total`?")));
    check_rule("node_filesystem_avail_byte < 1", Some(("metric-unknown", "node_filesystem_avail_bytes")));
    check_rule("node_something_new_of_a_later_version_bytes < 1", None);
    let nothing = Some(("selects-nothing", "together"));
    check_rule(
        r#"function_calls_total{function="checkout",module="elsewhere"} > 1"#,
        Some(("value-unknown", "shop::work")),
    );
    check_rule(r#"rate(db_query_errors_total{query_type="select",table="patterns",outcome="panic"}[5m]) > 1"#, None);
    let folder = generated(&[query("select", "a", &[]), query("insert", "b", &[])]);
    let rule = "groups:\n- name: x\n  rules:\n  - alert: X\n    expr: db_query_errors_total{query_type=\"select\",table=\"b\"}\n";
    fs::write(folder.path().join("own.yml"), rule).unwrap();
    let found = findings(&catalog(&[query("select", "a", &[]), query("insert", "b", &[])]), &folder);
    assert_eq!(
        found.iter().map(|it| (it.rule, "together")).collect::<Vec<_>>(),
        nothing.into_iter().collect::<Vec<_>>()
    );
}

#[test]
fn labels_and_values_are_compared() {
    check_rule(r#"function_calls_total{fonction="checkout"} > 1"#, Some(("label-unknown", "did you mean `function`?")));
    check_rule(r#"function_calls_total{function="chekout"} > 1"#, Some(("value-unknown", "did you mean `checkout`?")));
    check_rule(r#"function_calls_total{function=~"check.*|other"} > 1"#, None);
    check_rule(r#"function_calls_total{function!~"internal_.*"} > 1"#, Some(("value-unknown", "internal_")));
    check_rule(r#"function_errors_total{outcome="panics"} > 1"#, Some(("value-unknown", "did you mean `panic`?")));
    check_rule("sum by (modul) (function_calls_total) > 1", Some(("label-unknown", "did you mean `module`?")));
    check_rule("function_calls_total / on (functon) function_errors_total > 1", Some(("label-unknown", "functon")));
}

#[test]
fn recorded_series_have_the_labels_of_their_sources() {
    check_rule(r#"job_query_type_table:db_query_errors:rate5m{table="patterns"} > 1"#, None);
    check_rule(
        r#"job_query_type_table:db_query_errors:rate5m{table="paterns"} > 1"#,
        Some(("value-unknown", "patterns")),
    );
    check_rule("job_query_type_table:db_query_errors:rate5m{instance=\"a\"} > 1", Some(("label-unknown", "instance")));
    check_rule(
        "job:db_query_errors:rate5m > 1",
        Some(("metric-unknown", "did you mean `job_query_type_table:db_query_errors:rate5m`?")),
    );
    let own = "groups:\n- name: a\n  rules:\n  - record: own:calls\n    expr: sum by (function) (function_calls_total)\n  \
               - alert: Own\n    expr: own:calls{module=\"x\"} > 1\n";
    check_own("own.yml", own, Some(("label-unknown", 7, "its labels are `function`")));
}

#[test]
fn a_histogram_has_no_series_of_its_own_name() {
    check_rule("avg(db_query_duration_seconds) > 1", Some(("histogram-part", "`db_query_duration_seconds_bucket`")));
    check_rule("histogram_quantile(0.9, sum(rate(db_query_duration_seconds[5m]))) > 1", None);
}

#[test]
fn another_job_is_found() {
    check_rule(r#"function_calls_total{job="stop"} > 1"#, Some(("job-unknown", "`job=\"shop\"`")));
    check_rule(r#"up{job="node"} == 0"#, None);
}

#[test]
fn names_in_tests_are_checked_too() {
    let test = |series: &str, alert: &str| {
        format!(
            "rule_files: [alerts.yml]\ntests:\n- input_series:\n  - series: '{series}'\n    values: '1'\n  \
             alert_rule_test:\n  - eval_time: 1m\n    alertname: {alert}\n"
        )
    };
    check_own("test.yml", &test(r#"up{job="other"}"#, "ServiceDown"), None);
    check_own("test.yml", &test(r#"function_calls_total{job="other",function="search"}"#, "ServiceDown"), None);
    check_own("test.yml", &test(r#"unrelated{job="x"}"#, "ServiceDown"), None);
    check_own("test.yml", &test(r#"function_calls_total{function="zzz"}"#, "ServiceDown"), None);
    check_own("test.yml", &test("up", "ServiceDwn"), Some(("alert-unknown", 8, "did you mean `ServiceDown`?")));
    check_own("test.yml", &test("uptime", "ServiceDown"), Some(("metric-unknown", 4, "uptime")));
    check_own(
        "test.yml",
        &test(r#"db_query_duration_seconds_bucket{le="3"}"#, "ServiceDown"),
        Some(("bucket-unknown", 4, "`5`")),
    );
}

#[test]
fn broken_links_are_found() {
    let rule = |link: &str| {
        format!(
            "groups:\n- name: x\n  rules:\n  - alert: X\n    expr: up == 0\n    annotations:\n      dashboard_url: {link}\n"
        )
    };
    let id = monitoring(&small()).rows[0].panels[0].id;
    check_own("own.yml", &rule(&format!("http://g/d/measurand-shop?viewPanel={id}")), None);
    check_own("own.yml", &rule("http://g/d/measurand-shop?viewPanel=7"), Some(("panel-unknown", 7, "the panel 7")));
    check_own("own.yml", &rule("http://g/d/measurand-shp/x"), Some(("dashboard-unknown", 7, "`measurand-shop`")));
}

/// A folder in which only one file contains the alerts.
fn with_one_file_of_alerts() -> TempDir {
    let folder = generated(&everything());
    let repeated = folder.path().join("kubernetes.yml");
    if repeated.exists() {
        fs::remove_file(repeated).expect("a generated file");
    }
    folder
}

#[test]
fn stale_and_missing_files_are_found() {
    let folder = with_one_file_of_alerts();
    let path = folder.path().join("alerts.yml");
    let text = fs::read_to_string(&path).unwrap().replace("for: 15m", "for: 16m");
    fs::write(&path, text).unwrap();
    let found = findings(&catalog(&everything()), &folder);
    assert_eq!((found.len(), found[0].rule), (1, "file-stale"));
    assert!(found[0].line > 10, "{found:?}");
    fs::remove_file(&path).unwrap();
    let rules: Vec<&str> = findings(&catalog(&everything()), &folder).iter().map(|it| it.rule).collect();
    assert!(rules.contains(&"file-missing") && rules.contains(&"alert-missing"), "{rules:?}");
}

#[test]
fn a_missing_alert_is_named() {
    let folder = with_one_file_of_alerts();
    let path = folder.path().join("alerts.yml");
    let text = fs::read_to_string(&path).unwrap().replace("alert: DatabaseSlowQueries", "alert: Renamed");
    fs::write(&path, text).unwrap();
    let found = findings(&catalog(&everything()), &folder);
    assert!(found.iter().any(|it| it.rule == "alert-missing" && it.message.contains("`DatabaseSlowQueries`")));
}

#[test]
fn a_missing_alert_of_an_objective_is_named() {
    let mut with_objective = measured("checkout", &[]);
    with_objective.objective = Some(Objective { success: Some(0.999), latency: None });
    let sites = [with_objective, measured("search", &[])];
    let own: Vec<String> = {
        let names = |sites: &[SiteRecord]| -> BTreeSet<String> {
            monitoring(sites).alerts.iter().flat_map(|it| &it.rules).map(|it| it.name.clone()).collect()
        };
        names(&sites).difference(&names(&[measured("checkout", &[]), measured("search", &[])])).cloned().collect()
    };
    assert!(!own.is_empty(), "an objective has alerts");
    let folder = generated(&sites);
    assert_eq!(findings(&catalog(&sites), &folder), []);
    for name in own {
        for file in ["alerts.yml", "kubernetes.yml"] {
            let path = folder.path().join(file);
            let text = fs::read_to_string(&path).unwrap();
            fs::write(&path, text.replace(&format!("alert: {name}\n"), "alert: Other\n")).unwrap();
        }
        let found = findings(&catalog(&sites), &folder);
        assert!(
            found.iter().any(|it| it.rule == "alert-missing" && it.message.contains(&format!("`{name}`"))),
            "{name}"
        );
    }
}

#[test]
fn invalid_files_and_expressions_are_findings() {
    check_own("own.yml", "groups:\n- name: [\n", Some(("syntax", 2, "cannot be read")));
    check_rule("sum(", Some(("promql/syntax", "invalid PromQL")));
    check_own("deep.json", &"[".repeat(100_000), Some(("syntax", 1, "cannot be read")));
}

#[test]
fn third_party_metrics_can_be_listed() {
    let folder = generated(&everything());
    let rule =
        "groups:\n- name: x\n  rules:\n  - alert: X\n    expr: http_requests_total{dc=\"a\"} + up{dc=\"a\"} > 0\n";
    fs::write(folder.path().join("own.yml"), rule).unwrap();
    assert_eq!(findings(&catalog(&everything()), &folder).len(), 1);
    let settings =
        Settings::parse("monitoring.toml", "known_metrics = [\"http_*\"]\ntarget_labels = [\"dc\"]").unwrap();
    assert_eq!(check(&catalog(&everything()), &settings, folder.path()).unwrap(), []);
}

#[test]
fn computed_labels_can_have_any_value() {
    let mut open = query("select", "x", &[]);
    open.labels.remove("table");
    open.expressions.insert("table".to_owned(), "table.name()".to_owned());
    let folder = generated(&[open.clone()]);
    let rule = "groups:\n- name: x\n  rules:\n  - alert: X\n    expr: db_query_errors_total{table=\"anything\"} > 1\n";
    fs::write(folder.path().join("own.yml"), rule).unwrap();
    assert_eq!(findings(&catalog(&[open]), &folder), []);
}

#[test]
fn labels_that_look_like_secrets_are_found() {
    let with = |label: &str, expression: &str| {
        let mut sites = small();
        let site = sites.iter_mut().find(|it| it.family == "database").expect("it is there");
        site.labels.remove(label);
        site.expressions.insert(label.to_owned(), expression.to_owned());
        sites
    };
    let checked = |expression: &str, settings: &str| {
        let sites = with("table", expression);
        let settings = Settings::parse("monitoring.toml", settings).expect("settings");
        let found = check(&catalog(&sites), &settings, generated(&sites).path()).expect("the folder can be read");
        found.into_iter().map(|it| (it.rule, it.line, it.message, it.help)).collect::<Vec<_>>()
    };
    assert!(checked("plan.kind", "").is_empty());
    let found = checked("request.session().apiKey()", "");
    assert_eq!((found.len(), found[0].0), (1, "label-secret"), "{found:#?}");
    assert!(found[0].1 > 0 && found[0].2.ends_with("may contain a secret or personal data: `session`"), "{found:#?}");
    assert!(found[0].3.contains("`.redact(..)`") && found[0].3.contains("`accepted_labels`"), "{found:#?}");
    assert!(checked("request.session()", "accepted_labels = [\"table\"]").is_empty());
    let found = checked("user.to_string()", "");
    assert_eq!((found.len(), found[0].0), (1, "label-unbounded"), "{found:#?}");
    assert!(found[0].2.ends_with("may have a new value in each call: `user`"), "{found:#?}");
    assert!(found[0].3.contains("`accepted_labels`"), "{found:#?}");
    assert!(checked("user.to_string()", "accepted_labels = [\"table\"]").is_empty());
}

/// A function with these error kinds.
fn with_kinds(kinds: &[&str], unknown: bool) -> SiteRecord {
    let error_kinds = kinds.iter().map(|it| (*it).to_owned()).collect();
    SiteRecord { error_kinds, unknown_error_kinds: unknown, ..measured("pay", &[]) }
}

#[test]
fn error_kinds_are_values_of_a_label() {
    let check = |sites: &[SiteRecord], kind: &str, expected: Option<&str>| {
        let folder = generated(sites);
        let expression = format!("rate(function_errors_total{{error_kind=\"{kind}\"}}[5m]) > 0");
        let text = format!("groups:\n- name: own\n  rules:\n  - alert: Own\n    expr: {expression}\n");
        fs::write(folder.path().join("own.yml"), text).expect("a file in it");
        let found = findings(&catalog(sites), &folder);
        let found: Vec<String> = found.iter().map(|it| format!("{}: {}", it.rule, it.help)).collect();
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{kind}");
    };
    let closed = [measured("checkout", &[]), with_kinds(&["declined", "timed_out"], false)];
    check(&closed, "declined", None);
    check(&closed, "decline", Some("value-unknown: did you mean `declined`?"));
    check(&closed, "no_such_kind", Some("value-unknown: its values are `declined`, `timed_out`"));
    check(&[with_kinds(&["declined"], true)], "no_such_kind", None);
    let unset = "value-unknown: remove the matcher, because no function sets this label";
    check(&[measured("checkout", &[])], "declined", Some(unset));
}

#[test]
fn functions_that_share_a_series_are_reported() {
    let sites =
        [query("select", "orders", &[]), SiteRecord { function: "all".to_owned(), ..query("select", "orders", &[]) }];
    let found = findings(&catalog(&sites), &generated(&sites));
    let found: Vec<_> = found.iter().map(|it| (it.rule, it.is_warning, it.message.as_str())).collect();
    let message = "2 functions record the same series of the family `database`: `shop::work::all` (src/work.rs:23), \
                   `shop::work::select_orders` (src/work.rs:23)";
    assert_eq!(found, [("series-shared", true, message)]);

    let sites = [measured("get", &[]), SiteRecord { line: 99, ..measured("get", &[]) }];
    let found = findings(&catalog(&sites), &generated(&sites));
    let found: Vec<_> = found.iter().map(|it| (it.rule, it.is_warning, it.line)).collect();
    assert_eq!(found, [("function-numbered", true, 13)]);
}
