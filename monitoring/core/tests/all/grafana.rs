//! The dashboard in schema V2, and the rules for Grafana's own alerting.

use crate::dashboard::flat;
use crate::support::{measured, monitoring, system};
use crate::tools::grafana_types;
use measurand_monitoring::{DashboardModel, Monitoring};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Returns a program with two owners of functions, which have a rule each.
fn program() -> Monitoring {
    let sites = [system(), vec![measured("search", &["owner=search"])]].concat();
    Monitoring { grafana: DashboardModel::V2, ..monitoring(&sites) }
}

fn dashboard() -> Value {
    serde_json::from_str(&program().files()[0].contents).expect("JSON")
}

/// Returns the groups of one of the files with rules.
fn groups(name: &str) -> Vec<Value> {
    let file = program().grafana_rule_files().into_iter().find(|it| it.name == name).expect("one of the files");
    let value: Value = serde_saphyr::from_str(&file.contents).expect("YAML");
    assert_eq!(value["apiVersion"], 1);
    value["groups"].as_array().expect("groups").clone()
}

fn list<'a>(value: &'a Value, path: &str) -> &'a Vec<Value> {
    value.pointer(path).and_then(Value::as_array).unwrap_or_else(|| panic!("no list at {path}"))
}

/// Returns the items of all grids in a tab: name, whether it has a condition, and the grid.
fn items(tab: &Value) -> Vec<(String, bool, &Value)> {
    let grids = list(tab, "/spec/layout/spec/rows").iter().map(|it| &it["spec"]["layout"]["spec"]);
    let item = |it: &Value| {
        let hides = it["spec"]["conditionalRendering"]["spec"]["items"][0]["spec"]["value"] == true;
        (it["spec"]["element"]["name"].as_str().expect("a name").to_owned(), hides)
    };
    grids.flat_map(|grid| list(grid, "/items").iter().map(move |it| (item(it).0, item(it).1, grid))).collect()
}

/// Each row is a tab with the same panels in the same order, by the names to which links lead.
#[test]
fn each_row_is_a_tab_with_all_its_panels() {
    let (monitoring, dashboard) = (program(), dashboard());
    assert_eq!(dashboard["metadata"]["name"], monitoring.uid);
    let tabs = list(&dashboard, "/spec/layout/spec/tabs");
    assert_eq!(tabs.len(), monitoring.rows.len());
    let mut count = 0;
    for (index, (tab, row)) in tabs.iter().zip(&monitoring.rows).enumerate() {
        assert_eq!(tab["spec"]["title"], row.title);
        let items = items(tab);
        assert_eq!(items.len(), row.panels.len());
        for ((name, hides, grid), panel) in items.iter().zip(&row.panels) {
            assert_eq!(*name, format!("panel-{}", panel.id));
            assert_eq!(dashboard["spec"]["elements"][name]["spec"]["id"], panel.id);
            assert_eq!(grid["maxColumnCount"], 24 / panel.place.width, "{}", panel.key);
            // The overview shows that data is missing.
            assert_eq!(*hides, index > 0, "{}", panel.key);
            count += 1;
        }
    }
    assert_eq!(dashboard["spec"]["elements"].as_object().unwrap().len(), count);
}

#[test]
fn both_models_have_the_same_queries() {
    let classic = Monitoring { grafana: DashboardModel::Classic, ..program() };
    let classic: Value = serde_json::from_str(&classic.files()[0].contents).expect("JSON");
    let dashboard = dashboard();
    for panel in flat(&classic).into_iter().filter(|it| it["type"] != "row") {
        let spec = &dashboard["spec"]["elements"][format!("panel-{}", panel["id"])]["spec"];
        let queries = list(spec, "/data/spec/queries").iter().map(|it| &it["spec"]["query"]["spec"]["expr"]);
        let targets = panel["targets"].as_array().into_iter().flatten().map(|it| &it["expr"]);
        assert!(queries.eq(targets), "{}", panel["title"]);
        assert_eq!(spec["vizConfig"]["spec"]["options"], panel["options"]);
        assert_eq!(spec["data"]["spec"]["queryOptions"]["interval"], panel["interval"]);
    }
}

#[test]
fn grafana_knows_each_key_and_value_of_schema_v2() {
    assert_eq!(grafana_types("d.json", &program().files()[0].contents), "");
    let check = |pointer: &str, key: &str, value: Value, expected: &str| {
        let mut changed = dashboard();
        changed.pointer_mut(pointer).unwrap()[key] = value;
        assert_eq!(grafana_types("d.json", &changed.to_string()), format!("d.json: {expected}\n"));
    };
    let tab = "/spec/layout/spec/tabs/1/spec";
    check("/spec", "titles", "a".into(), ".titles is unknown");
    check("/spec", "cursorSync", "crosshair".into(), ".cursorSync is 'crosshair'");
    check(tab, "condition", Value::Null, ".layout.spec.tabs[1].spec.condition is unknown");
    let grid = format!("{tab}/layout/spec/rows/0/spec/layout/spec");
    let path = ".layout.spec.tabs[1].spec.layout.spec.rows[0].spec.layout.spec";
    check(&grid, "rowHeightMode", "high".into(), &format!("{path}.rowHeightMode is 'high'"));
    let mut changed = dashboard();
    changed["spec"]["timeSettings"].as_object_mut().unwrap().remove("autoRefresh");
    assert_eq!(grafana_types("d.json", &changed.to_string()), "d.json: .timeSettings lacks auto_refresh\n");
}

/// Grafana evaluates the expressions of `alerts.yml`, and the alerts have the same labels and links.
#[test]
fn rules_in_grafana_are_those_of_prometheus() {
    let monitoring = program();
    let named = |name: &str| monitoring.files().into_iter().find(|it| it.name == name).unwrap().contents;
    for (name, prometheus) in
        [("grafana-alerts.yml", "alerts.yml"), ("grafana-recording-rules.yml", "recording-rules.yml")]
    {
        let expected: Value = serde_saphyr::from_str(&named(prometheus)).expect("YAML");
        let groups = groups(name);
        assert_eq!(groups.len(), list(&expected, "/groups").len());
        for (group, expected) in groups.iter().zip(list(&expected, "/groups")) {
            assert_eq!((&group["name"], &group["interval"]), (&expected["name"], &expected["interval"]));
            assert_eq!(list(group, "/rules").len(), list(expected, "/rules").len());
            for (rule, expected) in list(group, "/rules").iter().zip(list(expected, "/rules")) {
                assert_eq!(rule["data"][0]["model"]["expr"], expected["expr"]);
                assert_eq!(rule["data"][0]["datasourceUid"], "prometheus");
                let labels = |it: &Value| it["labels"].as_object().cloned().unwrap_or_default();
                assert_eq!(labels(rule), labels(expected));
                let same = |key: &str| rule["annotations"][key] == expected["annotations"][key];
                assert!(same("summary") && same("runbook_url") && same("dashboard_url"));
                assert_eq!(rule["record"]["metric"], expected["record"]);
            }
        }
    }
}

#[test]
fn rules_in_grafana_fire_for_each_series_and_have_their_own_names() {
    let (mut uids, mut titles) = (BTreeSet::new(), BTreeMap::new());
    let panels: BTreeSet<u32> = program().rows.iter().flat_map(|it| &it.panels).map(|it| it.id).collect();
    for rule in groups("grafana-alerts.yml").iter().flat_map(|it| list(it, "/rules")) {
        assert_eq!(rule["condition"], rule["data"][1]["refId"]);
        assert_eq!(rule["data"][1]["model"]["expression"], "is_number($A) || is_nan($A) || is_inf($A)");
        assert_eq!((&rule["noDataState"], &rule["execErrState"]), (&"OK".into(), &"Error".into()));
        assert!(panels.contains(&u32::try_from(rule["panelId"].as_u64().unwrap()).unwrap()), "{rule:#}");
        for text in rule["annotations"].as_object().unwrap().values() {
            let text = text.as_str().unwrap();
            assert!(!text.contains("{{ $value |") && !text.contains("${"), "{text}");
        }
        let (uid, title) = (rule["uid"].as_str().unwrap(), rule["title"].as_str().unwrap());
        assert!(uid.len() <= 40 && uids.insert(uid.to_owned()), "{uid}");
        assert!(titles.insert(title.to_owned(), rule["for"].clone()).is_none(), "{title}");
    }
    assert_eq!(titles["ServiceDown"], "1m");
    assert!(titles.keys().any(|it| it.ends_with(" 2")), "{titles:#?}");
}

#[test]
fn grafana_knows_each_key_and_value_of_the_rules() {
    for file in program().grafana_rule_files() {
        assert_eq!(grafana_types(file.name, &file.contents), "", "{}", file.name);
    }
    let broken =
        "groups: [{rules: [{title: A, noDataState: Ok, fur: 1m, data: [{datasourceUid: __expr__, model: {}}]}]}]\n";
    let expected = "a.yml: .A.noDataState is 'Ok'\na.yml: .A.fur is unknown\n";
    assert_eq!(grafana_types("a.yml", broken), expected);
}
