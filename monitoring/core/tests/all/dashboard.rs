//! The dashboard as Grafana reads it, and mistakes that Grafana silently ignores.

use crate::support::{everything, file, measured, monitoring, system, verified};
use measurand_catalog::SiteRecord;
use measurand_monitoring::model::{Panel, Piece};
use measurand_monitoring::{Monitoring, User};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn dashboard() -> Value {
    serde_json::from_str(&file(&monitoring(&system()), "grafana-dashboard.json")).expect("JSON")
}

/// Calls `visit` with every object in the JSON.
fn objects<'a>(value: &'a Value, visit: &mut dyn FnMut(&'a serde_json::Map<String, Value>)) {
    match value {
        Value::Object(map) => {
            visit(map);
            map.values().for_each(|it| objects(it, visit));
        }
        Value::Array(items) => items.iter().for_each(|it| objects(it, visit)),
        _ => {}
    }
}

/// All panels of a dashboard in JSON, also those in collapsed rows.
pub(crate) fn flat(dashboard: &Value) -> Vec<&Value> {
    let panels = dashboard["panels"].as_array().into_iter().flatten();
    panels.flat_map(|it| [it].into_iter().chain(flat(it))).collect()
}

fn panels() -> Vec<Panel> {
    monitoring(&system()).rows.into_iter().flat_map(|it| it.panels).collect()
}

#[test]
fn there_are_enough_panels() {
    assert!(panels().len() >= 45, "{}", panels().len());
}

#[test]
fn nothing_overlaps_and_everything_is_in_the_grid() {
    let dashboard = dashboard();
    let rows = dashboard["panels"].as_array().unwrap();
    let collapsed = rows.iter().filter_map(|it| it["panels"].as_array()).filter(|it| !it.is_empty());
    for panels in collapsed.chain([rows]) {
        let (mut cells, mut lines) = (BTreeSet::new(), BTreeSet::new());
        for panel in panels {
            let [x, y, w, h] = ["x", "y", "w", "h"].map(|it| panel["gridPos"][it].as_u64().unwrap());
            assert!(w > 0 && h > 0 && x + w <= 24, "{panel:#}");
            for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
                assert!(cells.insert(cell), "{} overlaps another panel", panel["title"]);
            }
            lines.extend(y..y + h);
        }
        assert_eq!(cells.len(), 24 * lines.len(), "the grid has a hole");
    }
}

#[test]
fn few_panels_are_open() {
    let open = |sites: &[SiteRecord]| {
        let rows = monitoring(sites).rows;
        rows.iter().filter(|it| !it.collapsed).map(|it| it.panels.len()).sum::<usize>()
    };
    // The system has four more numbers of its own.
    assert_eq!(open(&system()), 16);
    let service: Vec<SiteRecord> =
        system().into_iter().filter(|it| ["function", "http", "database"].contains(&it.family.as_str())).collect();
    assert_eq!(open(&service), 12);
}

#[test]
fn ids_are_unique_and_do_not_depend_on_other_panels() {
    let dashboard = dashboard();
    let all = flat(&dashboard);
    let ids: BTreeSet<u64> = all.iter().map(|it| it["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), all.len());
    let id = |panels: &[Panel]| panels.iter().find(|it| it.key == "verification/percentiles").unwrap().id;
    let few: Vec<Panel> = monitoring(&[verified("coder", &[])]).rows.into_iter().flat_map(|it| it.panels).collect();
    assert_eq!(id(&few), id(&panels()));
}

#[test]
fn rows_have_this_order() {
    let json = file(&monitoring(&everything()), "grafana-dashboard.json");
    let dashboard: Value = serde_json::from_str(&json).unwrap();
    let rows: Vec<&str> = dashboard["panels"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["type"] == "row")
        .map(|it| it["title"].as_str().unwrap())
        .collect();
    let expected = [
        "System overview",
        "Functions",
        "Function details",
        "Neural performance",
        "Verification and truth",
        "Database and caching",
        "System resources",
        "Monitoring",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn every_variable_is_defined() {
    let text = file(&monitoring(&system()), "grafana-dashboard.json");
    let defined = [
        "datasource",
        "job",
        "instance",
        "function",
        "legend_end",
        "__rate_interval",
        "__range",
        "__all",
        "__dashboard",
        "__url_time_range",
        "__value",
    ];
    for (at, _) in text.match_indices('$') {
        let name = text[at + 1..].trim_start_matches('{');
        let end = name.find(|it: char| !it.is_alphanumeric() && it != '_').unwrap();
        assert!(defined.contains(&&name[..end]), "`${}` is not defined", &name[..end]);
    }
    let dashboard = dashboard();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let names: Vec<_> = variables.iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["datasource", "job", "instance", "legend_end", "function"]);
    for variable in variables[1..].iter().filter(|it| it["hide"] == 0) {
        assert_eq!(variable["type"], "query");
        assert_eq!(variable["multi"], true);
        assert_eq!(variable["allValue"], ".+");
        assert_eq!(variable["refresh"], 2);
        assert_eq!(variable["datasource"]["uid"], "${datasource}");
    }
}

#[test]
fn legends_name_only_labels_that_survive() {
    for panel in panels() {
        for line in &panel.lines {
            let labels = line.query.labels().unwrap_or_else(|| panic!("{}: a query without aggregation", panel.key));
            for piece in &line.legend {
                if let Piece::Label(name) = piece {
                    assert!(labels.contains(name.as_str()), "{}: `{name}` is not one of {labels:?}", panel.key);
                }
            }
        }
    }
}

#[test]
fn lines_of_a_panel_have_different_names() {
    for panel in panels() {
        let names: BTreeSet<String> = panel.lines.iter().map(|it| format!("{:?}", it.legend)).collect();
        assert_eq!(names.len(), panel.lines.len(), "{}", panel.key);
    }
}

#[test]
fn each_panel_says_what_it_shows() {
    for panel in panels() {
        assert!(!panel.title.is_empty() && panel.description.len() > 20, "{}", panel.key);
        assert!(!panel.lines.is_empty(), "{}", panel.key);
        assert!(!panel.no_value.is_empty(), "{}", panel.key);
    }
}

#[test]
fn every_id_is_in_the_vocabulary_of_grafana() {
    let vocabulary: Value = serde_json::from_str(include_str!("../../../check/vocab/grafana.json")).unwrap();
    let knows = |list: &str, id: &Value| vocabulary[list].as_array().unwrap().contains(id);
    let mut seen = BTreeSet::new();
    let dashboard = dashboard();
    objects(&dashboard["panels"], &mut |it| {
        let mut check = |list: &'static str, id: &Value| {
            assert!(knows(list, id), "{id} is not in {list}");
            seen.insert(list);
        };
        it.get("unit").into_iter().for_each(|it| check("units", it));
        it.get("calcs").into_iter().flat_map(|it| it.as_array().unwrap()).for_each(|it| check("reducers", it));
        it.get("color")
            .and_then(|it| it.get("mode"))
            .filter(|it| *it != "scheme")
            .into_iter()
            .for_each(|it| check("colorModes", it));
        it.get("matcher").map(|it| &it["id"]).into_iter().for_each(|it| check("fieldMatchers", it));
        let transformations = it.get("transformations").into_iter().flat_map(|it| it.as_array().unwrap());
        transformations.for_each(|it| check("transformers", &it["id"]));
        if let (Some("unit"), Some(value)) = (it.get("id").and_then(Value::as_str), it.get("value")) {
            check("units", value);
        }
    });
    assert_eq!(seen.len(), 5, "{seen:?}");
}

#[test]
fn overrides_name_columns_that_exist() {
    let dashboard = dashboard();
    let table = flat(&dashboard).into_iter().find(|it| it["title"] == "Functions now").unwrap();
    let organize = &table["transformations"][1]["options"];
    let columns: BTreeSet<&str> =
        organize["renameByName"].as_object().unwrap().values().map(|it| it.as_str().unwrap()).collect();
    for it in table["fieldConfig"]["overrides"].as_array().unwrap() {
        let name = it["matcher"]["options"].as_str().unwrap();
        assert!(columns.contains(name) || name == "function", "{it}");
    }
    let ids: BTreeSet<String> = table["targets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| format!("Value #{}", it["refId"].as_str().unwrap()))
        .collect();
    let renamed: BTreeSet<String> = organize["renameByName"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(ids, renamed);
    assert!(table["targets"].as_array().unwrap().iter().all(|it| it["instant"] == true && it["format"] == "table"));
}

#[test]
fn thresholds_are_the_numbers_of_the_alerts() {
    let json = file(&monitoring(&everything()), "grafana-dashboard.json");
    let dashboard: Value = serde_json::from_str(&json).unwrap();
    let steps = |title: &str| {
        let panel = flat(&dashboard).into_iter().find(|it| it["title"] == title).unwrap();
        let steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"].as_array().unwrap();
        steps.iter().map(|it| format!("{} {}", it["value"], it["color"].as_str().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(steps("Truth score by agent"), ["null red", "0.7 orange", "0.95 green"]);
    assert_eq!(steps("Failure ratio by agent"), ["null green", "0.05 yellow"]);
    assert_eq!(steps("Open fds"), ["null green", "0.8 blue"]);
    assert_eq!(steps("Calls per second"), ["null green"]);
}

#[test]
fn every_alert_links_to_a_panel_that_exists() {
    let monitoring = monitoring(&system());
    let ids: BTreeSet<u32> = monitoring.rows.iter().flat_map(|it| &it.panels).map(|it| it.id).collect();
    for alert in monitoring.alerts.iter().chain(&monitoring.stack).flat_map(|it| &it.rules) {
        assert!(!alert.panel.is_empty(), "{}", alert.name);
        let (page, id) = alert.dashboard_url.split_once("&viewPanel=").unwrap();
        assert!(page.contains(&format!("/d/{}?var-job=", monitoring.uid)), "{page}");
        assert!(ids.contains(&id.parse().unwrap()), "{}", alert.name);
    }
}

#[test]
fn the_order_of_records_does_not_matter() {
    let mut sites = everything();
    let first = monitoring(&sites).files();
    for _ in 0..sites.len() {
        sites.rotate_left(1);
        assert!(monitoring(&sites).files() == first);
    }
    sites.reverse();
    assert!(monitoring(&sites).files() == first);
}

#[test]
fn the_runbook_lists_each_function_with_its_line() {
    let runbook = file(&monitoring(&everything()), "RUNBOOK.md");
    let (_, list) = runbook.split_once("\n## Annotated functions\n\n").unwrap();
    assert_eq!(list.lines().count(), 2 + everything().len());
    assert!(list.contains("src/work.rs:18"), "{list}");
    assert!(list.contains("Sells what is in the cart."));
    let only_functions = monitoring(&[measured("a", &[])]);
    let keys: Vec<String> = only_functions.rows.iter().flat_map(|it| &it.panels).map(|it| it.key.clone()).collect();
    assert!(keys.iter().any(|it| it == "functions/table"), "{keys:?}");
}

#[test]
fn no_two_panels_have_the_same_query() {
    for monitoring in [monitoring(&everything()), monitoring(&system())] {
        let mut seen = BTreeMap::new();
        for query in monitoring.queries().filter(|it| it.user == User::Panel) {
            let other = seen.insert(query.text(), query.name);
            assert_eq!(other, None, "{} has the query of another panel: {}", query.name, query.text());
        }
    }
}

#[test]
fn the_dashboard_does_not_grow_with_the_functions() {
    let of = |count: usize| {
        let sites: Vec<SiteRecord> = (0..count).map(|it| measured(&format!("f{it:03}"), &[])).collect();
        file(&monitoring(&sites), "grafana-dashboard.json")
    };
    let (few, many) = (of(3).len(), of(300).len());
    // The threshold of one panel follows from the number of functions.
    assert!(many < few + 10, "{few} {many}");
}

#[test]
fn the_dashboard_about_all_programs_is_the_same_for_each() {
    let of = |monitoring: &Monitoring| {
        let files = monitoring.stack_files();
        files.into_iter().find(|it| it.name == "programs-dashboard.json").unwrap().contents
    };
    let one = of(&monitoring(&system()));
    assert_eq!(one, of(&monitoring(&[measured("a", &[])])));
    let dashboard: Value = serde_json::from_str(&one).unwrap();
    assert_eq!(dashboard["uid"], measurand_monitoring::PROGRAMS_UID);
    let table = flat(&dashboard).into_iter().find(|it| it["type"] == "table").unwrap();
    let hidden = &table["transformations"][1]["options"]["excludeByName"];
    assert_eq!(*hidden, serde_json::json!({"Time": true}), "the column with the programs is visible");
}

/// With one job the end is empty. With several, it names the job.
#[test]
fn legends_tell_jobs_apart() {
    let dashboard = dashboard();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    assert!(variables.iter().any(|it| it["name"] == "legend_end" && it["hide"] == 2));
    for panel in
        flat(&dashboard).into_iter().filter(|it| !["row", "table", "heatmap"].contains(&it["type"].as_str().unwrap()))
    {
        for target in panel["targets"].as_array().unwrap() {
            let legend = target["legendFormat"].as_str().unwrap();
            let ends = ["${legend_end}", "{{instance}}"].iter().any(|it| legend.contains(it));
            let by_job = target["expr"].as_str().unwrap().contains("job");
            assert!(ends || !by_job, "{}: {legend}", panel["title"]);
        }
    }
}

#[test]
fn the_uid_is_legal_and_unique() {
    use measurand_monitoring::{Monitoring, Options};
    let uid = |job: &str| {
        let options = Options { job: Some(job.to_owned()), ..Options::default() };
        Monitoring::new(&crate::support::catalog(&everything()), &options).uid
    };
    let long = "x".repeat(80);
    let jobs = ["shop", "my shop", "my-shop", "日本", "日月", &long, &long[1..]];
    let uids: BTreeSet<String> = jobs.iter().map(|it| uid(it)).collect();
    assert_eq!(uids.len(), jobs.len(), "{uids:?}");
    for it in uids {
        assert!(it.len() <= 40 && it.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it)), "{it}");
    }
}

/// There are many buckets, and a rate looks back at least one minute, so a point every 30 seconds misses nothing.
#[test]
fn buckets_are_queried_twice_a_minute() {
    let dashboard = dashboard();
    let mut of_buckets = 0;
    for panel in flat(&dashboard) {
        let targets = panel["targets"].as_array().map(Vec::as_slice).unwrap_or_default();
        let asks = targets.iter().any(|it| it["expr"].as_str().unwrap().contains("_bucket{"));
        assert_eq!(panel["interval"].as_str(), asks.then_some("30s"), "{}", panel["title"]);
        of_buckets += usize::from(asks);
    }
    assert!(of_buckets > 10, "{of_buckets}");
}
