//! The details of a page stay strings for any values of the labels. Alertmanager 0.33 parses each detail as YAML.

use crate::servers::{self, faster_routes};
use measurand_tests::{mailbox, receivers, routes, wait};
use serde_json::{Value, json};
use std::fs;

/// Values that YAML reads as a map, a list, a number, a boolean, null, or with syntax of its own.
const VALUES: [&str; 26] = [
    "coder: 5% of the calls",
    "a: b\nc: d",
    "a:\n  - b",
    "\n\n- a\n- b",
    "{a: b}",
    "[1, 2]",
    "12",
    "1e3",
    "true",
    "~",
    "null",
    "---\na: b",
    "...",
    "# a comment",
    "%YAML 1.2",
    "|\n a: b",
    "> a: b",
    "'a': b",
    "\"a\": b",
    "\"",
    "!!int 3",
    "&a b: *a",
    "? a\n: b",
    "\ta: b",
    "2026-01-01",
    "\u{85}a: b\u{2028}c: d",
];

#[test]
fn details_of_a_page_are_strings() {
    let folder = tempfile::tempdir().unwrap();
    let (http, mail) = (receivers(), mailbox());
    fs::write(folder.path().join("trusted.pem"), &mail.certificate).unwrap();
    let config = routes(folder.path(), &http, &mail, "http://127.0.0.1:9", &[], false);
    fs::write(folder.path().join("alertmanager.yml"), faster_routes(&config, false)).unwrap();
    let alertmanager = servers::alertmanager(folder.path(), Some(folder.path().join("trusted.pem")));
    let send = |ends: Option<&str>| {
        let alert = |value: &&str| {
            let labels = json!({"alertname": "A", "severity": "P0", "team": "a", "service": value, "agent_id": value});
            let mut alert = json!({"labels": labels, "annotations": {"summary": value, "description": value}});
            if let Some(ends) = ends {
                alert["endsAt"] = ends.into();
            }
            alert
        };
        let alerts: Vec<Value> = VALUES.iter().map(alert).collect();
        let request = ureq::post(format!("{}/api/v2/alerts", alertmanager.url)).content_type("application/json");
        request.send(Value::from(alerts).to_string()).unwrap();
    };
    let pages = |action: &str| {
        let events = http.requests("/pagerduty").into_iter().map(|it| it.json());
        events.filter(|it| it["event_action"] == action).collect::<Vec<Value>>()
    };

    send(None);
    let fired = wait("all pages", || Some(pages("trigger")).filter(|it| it.len() >= VALUES.len()));
    send(Some("2026-01-01T00:00:00Z"));
    let resolved = wait("all resolved pages", || Some(pages("resolve")).filter(|it| it.len() >= VALUES.len()));
    for (pages, filled) in [(&fired, "firing"), (&resolved, "resolved")] {
        for value in VALUES {
            // Go's templates keep the value, and a label's line contains it.
            let line = format!("agent_id = {value}\n");
            let details = pages.iter().map(|it| &it["payload"]["custom_details"]);
            let found = details.clone().find(|it| it[filled].as_str().is_some_and(|it| it.contains(&line)));
            let found = found.unwrap_or_else(|| panic!("{value:?} in {:#?}", details.collect::<Vec<_>>()));
            for name in ["firing", "resolved", "num_firing", "num_resolved"] {
                assert!(found[name].is_string(), "{value:?}: {name} of {found:#}");
            }
            assert_eq!(found[format!("num_{filled}")].as_str().map(str::trim), Some("1"), "{found:#}");
        }
    }
}
