//! Tests of `lint` with dashboards: each mistake is made in a generated dashboard and found by its rule.

use crate::lint::linted;
use crate::support::{catalog, everything, file, folder, monitoring};
use measurand_check::{Settings, check};
use serde_json::{Value, json};
use std::fs;

fn generated() -> Value {
    serde_json::from_str(&file(&monitoring(&everything()), "grafana-dashboard.json")).expect("JSON")
}

/// Changes a generated dashboard, and checks that only this rule has findings, one of them with these words.
#[track_caller]
fn check_change(change: impl FnOnce(&mut Value), rule: &str, words: &str) {
    let mut dashboard = generated();
    change(&mut dashboard);
    let text = serde_json::to_string_pretty(&dashboard).expect("JSON");
    let found = linted("dashboard.json", &text);
    assert!(found.iter().all(|it| it.rule == rule) && !found.is_empty(), "{rule}: {found:#?}");
    let said: Vec<String> = found.iter().map(|it| format!("{}; {}", it.message, it.help)).collect();
    assert!(said.iter().any(|it| it.contains(words)), "`{words}` is not in {said:#?}");
    assert!(found.iter().all(|it| it.line > 0), "{found:#?}");
}

/// All panels, also those in collapsed rows.
pub(crate) fn panels(dashboard: &mut Value) -> Vec<&mut Value> {
    let all = dashboard["panels"].as_array_mut().expect("panels").iter_mut();
    let inside = |it: &Value| it["panels"].as_array().is_some_and(|it| !it.is_empty());
    all.flat_map(|it| if inside(it) { panels(it) } else { vec![it] }).collect()
}

/// The first panel of this type.
fn panel<'a>(dashboard: &'a mut Value, kind: &str) -> &'a mut Value {
    panels(dashboard).into_iter().find(|it| it["type"] == kind).expect("a panel of this kind")
}

fn titled<'a>(dashboard: &'a mut Value, title: &str) -> &'a mut Value {
    // The last one, because the panels of the overview come first and show several families.
    panels(dashboard).into_iter().rev().find(|it| it["title"] == title).expect("a panel with this title")
}

/// The last time series panel with this unit.
fn in_unit<'a>(dashboard: &'a mut Value, unit: &str) -> &'a mut Value {
    let mut panels = panels(dashboard).into_iter().rev().filter(|it| it["type"] == "timeseries");
    panels.find(|it| it["fieldConfig"]["defaults"]["unit"] == unit).expect("a panel in this unit")
}

/// A panel that maps values to texts.
fn mapped(dashboard: &mut Value) -> &mut Value {
    let mut panels = panels(dashboard).into_iter();
    panels.find(|it| it["fieldConfig"]["defaults"]["mappings"][0].is_object()).expect("a panel with mappings")
}

/// Replaces a part of a text value.
fn replace(value: &mut Value, from: &str, to: &str) {
    let text = value.as_str().expect("a text");
    assert!(text.contains(from), "`{from}` is not in `{text}`");
    *value = text.replace(from, to).into();
}

#[test]
fn invalid_queries() {
    let expr = |dashboard: &mut Value, from: &str, to: &str| {
        replace(&mut titled(dashboard, "Error ratio")["targets"][0]["expr"], from, to);
    };
    check_change(|it| expr(it, "sum by", "sum bye"), "promql/syntax", "the panel `Error ratio` has invalid PromQL");
    check_change(|it| expr(it, "$instance", "$instanse"), "variable-unknown", "did you mean `instance`?");
}

#[test]
fn a_misspelt_metric_needs_the_catalog() {
    let folder = folder(&monitoring(&everything()));
    let mut dashboard = generated();
    replace(
        &mut titled(&mut dashboard, "Functions now")["targets"][3]["expr"],
        "function_duration",
        "function_duraton",
    );
    dashboard["uid"] = "own".into();
    fs::write(folder.path().join("own.json"), dashboard.to_string()).unwrap();
    let found = check(&catalog(&everything()), &Settings::default(), folder.path()).unwrap();
    let found: Vec<(&str, &str)> = found.iter().map(|it| (it.rule, it.help.as_str())).collect();
    assert_eq!(found, [("metric-unknown", "did you mean `function_duration_seconds_bucket`?")]);
}

#[test]
fn ids_that_grafana_does_not_know() {
    check_change(|it| panel(it, "stat")["type"] = "stats".into(), "panel-type", "did you mean `stat`?");
    check_change(|it| panel(it, "stat")["type"] = "singlestat".into(), "panel-type", "removed this type");
    let transformation = |it: &mut Value| panel(it, "table")["transformations"][0]["id"] = "murge".into();
    check_change(transformation, "transformation-unknown", "did you mean `merge`?");
    let unit = |it: &mut Value| titled(it, "Error ratio")["fieldConfig"]["defaults"]["unit"] = "percentunits".into();
    check_change(unit, "panel-units-rule", "did you mean `percentunit`?");
    let reducer = |it: &mut Value| panel(it, "timeseries")["options"]["legend"]["calcs"][0] = "last_not_null".into();
    check_change(reducer, "reducer-unknown", "did you mean `lastNotNull`?");
    let color = |it: &mut Value| panel(it, "timeseries")["fieldConfig"]["defaults"]["color"]["mode"] = "palete".into();
    check_change(color, "color-unknown", "did you mean `palette-classic`?");
    let mapping = |it: &mut Value| mapped(it)["fieldConfig"]["defaults"]["mappings"][0]["type"] = "valu".into();
    check_change(mapping, "mapping-unknown", "did you mean `value`?");
}

#[test]
fn options_that_grafana_ignores() {
    let options =
        |it: &mut Value, path: &str, value: Value| *panel(it, "timeseries").pointer_mut(path).unwrap() = value;
    check_change(
        |it| options(it, "/options/legend/displayMode", json!("grid")),
        "option-unknown",
        "use one of hidden, list, table",
    );
    let style = "/fieldConfig/defaults/custom/drawStyle";
    check_change(|it| options(it, style, json!("lines")), "option-unknown", "did you mean `line`?");
    let renamed = |dashboard: &mut Value, path: &str, from: &str, to: &str| {
        let map = panel(dashboard, "timeseries").pointer_mut(path).unwrap().as_object_mut().unwrap();
        let value = map.remove(from).unwrap();
        map.insert(to.to_owned(), value);
    };
    check_change(
        |it| renamed(it, "/options/legend", "placement", "placment"),
        "option-unknown",
        "did you mean `placement`?",
    );
    check_change(
        |it| renamed(it, "/fieldConfig/defaults/custom", "fillOpacity", "fillOpacty"),
        "option-unknown",
        "did you mean `fillOpacity`?",
    );
}

#[test]
fn tables_show_one_point_in_time() {
    let change = |it: &mut Value| drop(panel(it, "table")["targets"][0].as_object_mut().unwrap().remove("instant"));
    check_change(change, "table-instant", "a row for each point in time");
}

#[test]
fn panels_have_their_own_ids_and_places() {
    let same_id = |it: &mut Value| it["panels"][2]["id"] = it["panels"][1]["id"].clone();
    check_change(same_id, "panel-id", "have the id");
    check_change(|it| it["panels"][2]["gridPos"] = it["panels"][1]["gridPos"].clone(), "panel-place", "overlaps");
    check_change(|it| it["panels"][1]["gridPos"]["w"] = 25.into(), "panel-place", "outside of the grid");
}

#[test]
fn overrides_that_do_nothing() {
    let overridden = |dashboard: &mut Value, path: &str, value: &str| {
        let overrides = &mut titled(dashboard, "Functions now")["fieldConfig"]["overrides"];
        *overrides[0].pointer_mut(path).unwrap() = value.into();
    };
    check_change(|it| overridden(it, "/matcher/id", "byNam"), "matcher-unknown", "did you mean `byName`?");
    check_change(
        |it| overridden(it, "/matcher/options", "Calls per secund"),
        "override-name",
        "did you mean `Calls per second`?",
    );
    check_change(|it| overridden(it, "/properties/0/id", "unt"), "property-unknown", "did you mean `unit`?");
    let of_line = |dashboard: &mut Value| {
        let matcher = json!([{"matcher": {"id": "byName", "options": "P90"}, "properties": []}]);
        titled(dashboard, "Duration: P50, P95, P99")["fieldConfig"]["overrides"] = matcher;
    };
    check_change(of_line, "override-name", "overrides `P90`");
}

#[test]
fn thresholds_are_numbers() {
    let steps = |dashboard: &mut Value, value: Value| {
        titled(dashboard, "Error ratio")["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] = value;
    };
    check_change(|it| steps(it, json!("0.05")), "threshold", "without quotes");
    check_change(|it| steps(it, Value::Null), "threshold", "not a number");
}

#[test]
fn legends_show_labels_that_are_kept() {
    let legend = |it: &mut Value| replace(&mut titled(it, "Error ratio")["targets"][0]["legendFormat"], "{{", "{{x");
    check_change(legend, "legend-label", "which the query does not keep");
}

#[test]
fn units_are_those_of_the_metric() {
    let unit =
        |it: &mut Value, title: &str, unit: &str| titled(it, title)["fieldConfig"]["defaults"]["unit"] = unit.into();
    check_change(|it| unit(it, "Duration: P50, P95, P99", "ms"), "unit-mismatch", "shows Seconds in the unit `ms`");
    let other = |it: &mut Value, of: &str, unit: &str| in_unit(it, of)["fieldConfig"]["defaults"]["unit"] = unit.into();
    check_change(|it| other(it, "bytes", "kbytes"), "unit-mismatch", "use one of bytes");
    check_change(|it| other(it, "ops", "s"), "unit-mismatch", "a rate in the unit `s`");
}

#[test]
fn the_rules_of_dashboard_linter() {
    let list = |it: &mut Value, index: usize, key: &str, value: Value| it["templating"]["list"][index][key] = value;
    let target = |dashboard: &mut Value, from: &str, to: &str| {
        replace(&mut titled(dashboard, "Error ratio")["targets"][0]["expr"], from, to);
    };
    let panel = |it: &mut Value, key: &str, value: Value| titled(it, "Error ratio")[key] = value;
    check_change(|it| it["editable"] = true.into(), "uneditable-dashboard", "can be edited");
    check_change(|it| list(it, 0, "label", json!("Source")), "template-datasource-rule", "label it `Data source`");
    check_change(|it| list(it, 0, "name", json!("source")), "template-datasource-rule", "call it `datasource`");
    check_change(|it| list(it, 0, "type", json!("custom")), "template-datasource-rule", "one Prometheus only");
    check_change(|it| list(it, 1, "label", json!("job")), "template-job-rule", "capital letter");
    check_change(|it| list(it, 1, "multi", json!(false)), "template-job-rule", "several values");
    check_change(|it| list(it, 2, "allValue", json!(".*")), "template-instance-rule", "`.+`");
    check_change(|it| list(it, 2, "datasource", json!({"uid": "abc"})), "template-instance-rule", "`${datasource}`");
    check_change(|it| list(it, 2, "refresh", json!(1)), "template-on-time-change-reload-rule", "loaded only once");
    check_change(|it| list(it, 2, "query", json!("label_values(up")), "template-label-promql-rule", "cannot read");
    check_change(|it| list(it, 2, "query", json!("label_values(up{job=}, instance)")), "promql/syntax", "a variable");
    check_change(|it| panel(it, "description", json!(" ")), "panel-title-description-rule", "no description");
    check_change(|it| panel(it, "title", json!("")), "panel-title-description-rule", "no title");
    check_change(|it| panel(it, "targets", json!([])), "panel-no-targets-rule", "has no query");
    check_change(|it| target(it, "$__rate_interval", "5m"), "target-rate-interval-rule", "`[$__rate_interval]`");
    check_change(|it| target(it, "job=~\"$job\",", ""), "target-job-rule", "add `job=~\"$job\"`");
    check_change(
        |it| target(it, "instance=~\"$instance\"", "instance=~\"a.*\""),
        "target-instance-rule",
        "of every instance",
    );
    let fixed = |dashboard: &mut Value| {
        panel(dashboard, "datasource", json!({"uid": "abc"}));
        titled(dashboard, "Error ratio")["targets"][0]["datasource"] = json!({"uid": "abc"});
    };
    check_change(fixed, "panel-datasource-rule", "a fixed data source");
    let no_unit = |dashboard: &mut Value| {
        drop(titled(dashboard, "Error ratio")["fieldConfig"]["defaults"].as_object_mut().unwrap().remove("unit"));
    };
    check_change(no_unit, "panel-units-rule", "has no unit");
}

#[test]
fn queries_of_loki_are_ignored() {
    let lines = r#"sum by (level) (count_over_time({job="app"} |= "error" [$__auto]))"#;
    let ask = |dashboard: &mut Value, source: Value| {
        let target = &mut panel(dashboard, "timeseries")["targets"][0];
        target["datasource"] = source;
        target["expr"] = lines.into();
    };
    let by_type = json!({"type": "loki", "uid": "${datasource}"});
    check_change(
        |it| ask(it, json!({"type": "prometheus", "uid": "${datasource}"})),
        "promql/syntax",
        "invalid PromQL",
    );
    for source in [by_type, json!("${logs}")] {
        let mut dashboard = generated();
        // In the second case only the variable reveals that the data source is Loki.
        let loki = json!({"name": "logs", "type": "datasource", "query": "loki", "label": "Logs"});
        dashboard["templating"]["list"].as_array_mut().unwrap().push(loki);
        ask(&mut dashboard, source);
        assert_eq!(linted("dashboard.json", &dashboard.to_string()), []);
    }
}

#[test]
fn queries_of_other_data_sources_are_ignored() {
    let mut dashboard = generated();
    let panel = panel(&mut dashboard, "timeseries");
    panel["targets"] = json!([{"refId": "A", "datasource": {"type": "mysql", "uid": "${db}"}, "rawSql": "select 1"}]);
    let found = linted("dashboard.json", &dashboard.to_string());
    assert_eq!(found.iter().map(|it| it.rule).collect::<Vec<_>>(), [] as [&str; 0], "{found:#?}");
}

#[test]
fn a_raw_counter_is_found_twice() {
    let mut dashboard = generated();
    let raw = "sum by (job) (x_total{job=~\"$job\",instance=~\"$instance\"})";
    let panel = titled(&mut dashboard, "Error ratio");
    panel["targets"][0]["expr"] = raw.into();
    panel["targets"][0]["legendFormat"] = "all".into();
    let found = linted("dashboard.json", &dashboard.to_string());
    let rules: Vec<&str> = found.iter().map(|it| it.rule).collect();
    assert_eq!(rules, ["promql/counter", "target-counter-agg-rule"]);
}

#[test]
fn the_format_of_grafanas_api_is_read_too() {
    let mut dashboard = generated();
    dashboard["editable"] = true.into();
    let found = linted("dashboard.json", &json!({"dashboard": dashboard}).to_string());
    assert_eq!(found.iter().map(|it| it.rule).collect::<Vec<_>>(), ["uneditable-dashboard"]);
}
