//! Writes alerts and recording rules that Grafana itself evaluates, as files for its provisioning.
//!
//! Grafana expands `$NAME` as an environment variable in labels and names, `${NAME}` in annotations, and neither in
//! queries.

use crate::model::monitoring::Monitoring;
use crate::model::options::hash;
use crate::write::rule_files::{self, AlertingRule};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const FOLDER: &str = "Measurand";

/// True for each series of the query `A`: its expression already compares.
const ANY_SERIES: &str = "is_number($A) || is_nan($A) || is_inf($A)";

/// Returns `grafana-alerts.yml`.
pub(crate) fn alerts(monitoring: &Monitoring) -> String {
    let mut titles = BTreeMap::new();
    let groups = rule_files::alert_file(&monitoring.alerts, monitoring).groups.into_iter().map(|group| {
        let rules = group.rules.iter().map(|it| alert(it, &numbered(&mut titles, &it.alert), monitoring));
        json!({"name": group.name, "interval": group.interval, "rules": rules.collect::<Vec<_>>()})
    });
    write(monitoring, "Alerts", groups)
}

/// Returns `grafana-recording-rules.yml`.
pub(crate) fn recordings(monitoring: &Monitoring) -> String {
    let mut titles = BTreeMap::new();
    let datasource = &monitoring.grafana_datasource;
    let groups = rule_files::recording_file(monitoring).groups.into_iter().map(|group| {
        let rules = group.rules.iter().map(|it| {
            let title = numbered(&mut titles, &it.record);
            json!({
                "uid": uid(monitoring, &title),
                "title": title,
                "data": [query(datasource, &it.expr)],
                "record": {"metric": it.record, "from": "A", "targetDatasourceUid": datasource},
                "labels": it.labels.iter().map(|(name, value)| (name, plain(value))).collect::<BTreeMap<_, _>>(),
            })
        });
        json!({"name": group.name, "interval": group.interval, "rules": rules.collect::<Vec<_>>()})
    });
    write(monitoring, "Recording rules", groups)
}

fn alert(rule: &AlertingRule, title: &str, monitoring: &Monitoring) -> Value {
    let texts = |value: Value, convert: fn(&str) -> String| -> BTreeMap<String, String> {
        let entries = value.as_object().into_iter().flatten();
        entries.filter_map(|(name, it)| Some((name.clone(), convert(it.as_str()?)))).collect()
    };
    let any_series = json!({"refId": "B", "type": "math", "expression": ANY_SERIES});
    let mut value = json!({
        "uid": uid(monitoring, title),
        "title": title,
        "condition": "B",
        "data": [
            query(&monitoring.grafana_datasource, &rule.expr),
            {"refId": "B", "datasourceUid": "__expr__", "model": any_series},
        ],
        "for": rule.r#for.as_deref().unwrap_or("0s"),
        // No series is the normal state, and one that disappears is resolved, as in Prometheus.
        "noDataState": "OK",
        "missing_series_evals_to_resolve": 1,
        "execErrState": "Error",
        "labels": texts(json!(rule.labels), plain),
        "annotations": texts(json!(rule.annotations), template),
    });
    let panel = rule.annotations.dashboard_url.split_once("&viewPanel=").and_then(|(_, it)| it.parse::<u32>().ok());
    if let Some(panel) = panel {
        value["dashboardUid"] = json!(monitoring.uid);
        value["panelId"] = json!(panel);
    }
    value
}

fn query(datasource: &str, expression: &str) -> Value {
    json!({
        "refId": "A",
        "relativeTimeRange": {"from": 600, "to": 0},
        "datasourceUid": datasource,
        "model": {"refId": "A", "expr": expression, "instant": true, "range": false, "editorMode": "code"},
    })
}

/// Returns the name, with a number if it is not the first with this name: titles in a folder must differ.
fn numbered(titles: &mut BTreeMap<String, u32>, name: &str) -> String {
    let count = titles.entry(name.to_owned()).and_modify(|it| *it += 1).or_insert(1);
    if *count == 1 { name.to_owned() } else { format!("{name} {count}") }
}

/// Returns the identifier of a rule: at most forty characters, different in the files of different programs.
fn uid(monitoring: &Monitoring, title: &str) -> String {
    format!("measurand-{:08x}-{:08x}", hash(&monitoring.job), hash(title))
}

/// Returns a text without environment variables.
fn plain(text: &str) -> String {
    text.replace('$', "$$")
}

/// Converts a template for Prometheus. In one for Grafana, `$value` is a text about all queries.
fn template(text: &str) -> String {
    text.replace("{{ $value |", "{{ $values.A.Value |").replace("${", r#"{{"$"}}{"#)
}

fn write(monitoring: &Monitoring, what: &str, groups: impl Iterator<Item = Value>) -> String {
    let groups = groups.map(|mut it| {
        it["orgId"] = json!(1);
        it["folder"] = json!(FOLDER);
        it["name"] = json!(plain(it["name"].as_str().unwrap_or_default()));
        it
    });
    let header = rule_files::header(monitoring, &format!("{what} that Grafana evaluates,"));
    crate::write::yaml::write(&header, &json!({"apiVersion": 1, "groups": groups.collect::<Vec<_>>()}))
}
