//! The dashboard in schema V2.

use crate::support::{monitoring, system};
use crate::tools::grafana_types;
use measurand_monitoring::model::PanelKind;
use measurand_monitoring::{DashboardModel, Monitoring};
use serde_json::Value;

fn program() -> Monitoring {
    Monitoring { grafana: DashboardModel::V2, ..monitoring(&system()) }
}

fn dashboard() -> Value {
    serde_json::from_str(&program().files()[0].contents).expect("JSON")
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
            // The overview shows that data is missing, and a text has no data.
            assert_eq!(*hides, index > 0 && panel.kind != PanelKind::Text, "{}", panel.key);
            count += 1;
        }
    }
    assert_eq!(dashboard["spec"]["elements"].as_object().unwrap().len(), count);
}

#[test]
fn both_models_have_the_same_queries() {
    let classic: Value = serde_json::from_str(&monitoring(&system()).files()[0].contents).expect("JSON");
    let dashboard = dashboard();
    for panel in list(&classic, "/panels").iter().filter(|it| it["type"] != "row") {
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
