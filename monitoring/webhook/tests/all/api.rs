//! Tests of stored alerts and of the API.

use crate::support::{Answer, Webhook, agent, database, file, firing, payload, resolved};
use measurand_tests::Scrape;
use serde_json::{Value, json};

#[test]
fn an_alert_is_stored_unchanged() {
    let webhook = Webhook::start(&[]);
    let answer = webhook.post(&payload(&[firing(7)]));
    assert_eq!((answer.status, answer.json()), (200, json!({"received": 1, "new": 1, "repeated": 0})));

    let mut alert = webhook.get("/api/alerts/1").json();
    let seen = |it: &mut Value, name: &str| it.as_object_mut().unwrap().remove(name).unwrap();
    let (first, last, changes) =
        (seen(&mut alert, "first_seen"), seen(&mut alert, "last_seen"), seen(&mut alert, "changes"));
    assert_eq!(first, last);
    assert_eq!(changes, json!([{"seen_at": first, "status": "firing", "ends_at": null}]));
    let expected = json!({
        "id": 1,
        "fingerprint": "0000000000000007",
        "status": "firing",
        "name": "Slow",
        "severity": "P1",
        "labels": {"alertname": "Slow", "severity": "P1", "instance": "host-7"},
        "annotations": {"summary": "host 7 is slow"},
        "starts_at": "2026-01-01T12:00:00.000000001Z",
        "ends_at": null,
        "receiver": "webhook",
        "group_key": "{}:{alertname=\"Slow\"}",
        "generator_url": "http://prometheus:9090/graph?g0.expr=x",
        "external_url": "http://alertmanager:9093",
        "count": 1,
    });
    assert_eq!(alert, expected);
}

#[test]
fn a_repeat_updates_an_alert() {
    let webhook = Webhook::start(&[]);
    webhook.post(&payload(&[firing(1), firing(2)]));
    webhook.post(&payload(&[firing(1)]));
    let mut last = resolved(1);
    last["annotations"]["summary"] = "it was slow".into();
    // The same time in another time zone.
    last["startsAt"] = "2026-01-01T14:00:00.000000001+02:00".into();
    let answer = webhook.post(&payload(&[last]));
    assert_eq!(answer.json(), json!({"received": 1, "new": 0, "repeated": 1}));

    assert_eq!(webhook.total(), 2);
    let alert = webhook.get("/api/alerts/1").json();
    assert_eq!(alert["status"], "resolved");
    assert_eq!(alert["ends_at"], "2026-01-01T12:30:00Z");
    assert_eq!(alert["count"], 3);
    assert_eq!(alert["annotations"]["summary"], "it was slow");
    assert_ne!(alert["first_seen"], alert["last_seen"]);
    let changes: Vec<_> = alert["changes"].as_array().unwrap().iter().map(|it| it["status"].clone()).collect();
    assert_eq!(changes, ["firing", "resolved"]);
    assert_eq!(webhook.get("/api/alerts/2").json()["count"], 1);
}

#[test]
fn two_alertmanagers_at_once_are_one_alert() {
    let webhook = Webhook::start(&[]);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                (0..25).for_each(|_| assert_eq!(webhook.post(&payload(&[firing(1), firing(2)])).status, 200));
            });
        }
    });
    let counts: Vec<_> = webhook.alerts("").iter().map(|it| it["count"].clone()).collect();
    assert_eq!(counts, [200, 200]);
}

#[test]
fn the_same_labels_at_another_time_are_another_alert() {
    let webhook = Webhook::start(&[]);
    let mut later = firing(1);
    later["startsAt"] = "2026-01-02T12:00:00Z".into();
    webhook.post(&payload(&[resolved(1), later]));
    assert_eq!(webhook.total(), 2);
    assert_eq!(webhook.alerts("fingerprint=0000000000000001").len(), 2);
}

#[test]
fn payloads_in_the_wrong_order_are_not_lost() {
    let webhook = Webhook::start(&[]);
    webhook.post(&payload(&[resolved(1)]));
    webhook.post(&payload(&[firing(1)]));
    let alert = webhook.get("/api/alerts/1").json();
    assert_eq!(alert["status"], "firing", "the latest payload wins");
    let changes: Vec<_> = alert["changes"].as_array().unwrap().iter().map(|it| it["status"].clone()).collect();
    assert_eq!(changes, ["resolved", "firing"], "the history has both");
}

#[test]
fn queries_filter_and_page() {
    let webhook = Webhook::start(&[]);
    let alerts: Vec<Value> = (0..25).map(|it| if it % 5 == 0 { resolved(it) } else { firing(it) }).collect();
    webhook.post(&payload(&alerts));
    let mut other = firing(100);
    other["labels"] = json!({"alertname": "Down", "severity": "P0"});
    webhook.post(&payload(&[other]));

    assert_eq!(webhook.alerts("status=firing").len(), 21);
    assert_eq!(webhook.alerts("status=resolved").len(), 5);
    assert_eq!(webhook.alerts("severity=P0").len(), 1);
    assert_eq!(webhook.alerts("name=Down&status=firing")[0]["fingerprint"], "0000000000000064");
    assert_eq!(webhook.alerts("severity='%20OR%201=1%20--").len(), 0);

    let (mut before, mut ids, mut pages) = (String::new(), Vec::new(), 0);
    loop {
        let page = webhook.get(&format!("/api/alerts?status=firing&limit=4{before}")).json();
        assert_eq!(page["total"], 21);
        ids.extend(page["alerts"].as_array().unwrap().iter().map(|it| it["id"].as_i64().unwrap()));
        pages += 1;
        let Some(next) = page["next"].as_i64() else { break };
        before = format!("&before={next}");
    }
    assert_eq!((ids.len(), pages), (21, 6));
    assert!(ids.is_sorted_by(|a, b| a > b), "newest first, each once: {ids:?}");
}

#[test]
fn wrong_queries_have_an_error_message() {
    let webhook = Webhook::start(&[]);
    let check = |path: &str, status: u16, says: &str| {
        let answer = webhook.get(path);
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        assert!(answer.error().contains(says), "{path}: {answer:?}");
    };
    check("/api/alerts?stat=firing", 400, "unknown field `stat`");
    check("/api/alerts?status=burning", 400, "expected one of `firing`, `stale`, `unheard`, `resolved`");
    check("/api/alerts?limit=0", 400, "`limit` is not from 1 to 1000");
    check("/api/alerts?limit=1001", 400, "`limit` is not from 1 to 1000");
    check("/api/alerts?before=x", 400, "before");
    check("/api/alerts/x", 400, "whole number");
    check("/api/alerts/1", 404, "there is no alert 1");
    check("/nothing", 404, "send notifications to `/webhook`");
    check("/webhook", 405, "the method is not allowed");
}

#[test]
fn it_measures_itself() {
    let webhook = Webhook::start(&[]);
    let before = Scrape::fetch(&webhook.url);
    webhook.post(&payload(&[firing(1), resolved(2)]));
    webhook.post(&json!({"version": "3"}));
    let after = Scrape::fetch(&webhook.url);
    let check = |series: &str, increase: f64| {
        let increased = after.value(series) - before.value(series);
        assert!((increased - increase).abs() < 0.5, "{series} increased by {increased}");
    };
    check(r#"webhook_alerts_received_total{status="firing"}"#, 1.0);
    check(r#"webhook_alerts_received_total{status="resolved"}"#, 1.0);
    check(r#"webhook_requests_refused_total{reason="malformed"}"#, 1.0);
    check(r#"function_calls_total{function="receive",module="measurand_webhook::routes::receive"}"#, 2.0);
    check(
        r#"function_errors_total{function="receive",module="measurand_webhook::routes::receive",outcome="error"}"#,
        0.0,
    );
    check(r#"db_query_duration_seconds_count{query_type="insert",table="alerts"}"#, 2.0);
    assert_eq!(webhook.get("/healthz").body, "ok\n");
    assert_eq!(webhook.get("/readyz").body, "ready\n");
}

/// `/watchdog` answers whether alerts arrive.
#[test]
fn a_missing_watchdog_is_reported() {
    let token = tempfile::tempdir().unwrap();
    let path = file(&token, "token", "a-long-enough-token");
    let directory = tempfile::tempdir().unwrap();
    let start = |directory| Webhook::start_in(directory, &["--token-file", path.to_str().unwrap()]);
    let webhook = start(directory);
    let post = |webhook: &Webhook, alert: Value| {
        let request = agent().post(format!("{}/webhook", webhook.url)).header("content-type", "application/json");
        let request = request.header("authorization", "Bearer a-long-enough-token");
        assert_eq!(Answer::of(request.send(payload(&[alert]).to_string())).status, 200);
    };
    let watchdog = |mut alert: Value| {
        alert["labels"] = json!({"alertname": "Watchdog", "severity": "none"});
        alert
    };
    let check = |webhook: &Webhook, status: u16, says: &str| {
        let answer = webhook.get("/watchdog");
        assert!(answer.status == status && answer.body.contains(says), "{answer:?}");
    };
    check(&webhook, 503, "the Watchdog does not fire; help: check Prometheus");
    post(&webhook, firing(1));
    check(&webhook, 503, "does not fire");
    post(&webhook, watchdog(firing(2)));
    check(&webhook, 200, "the Watchdog was received ");
    post(&webhook, watchdog(resolved(2)));
    check(&webhook, 503, "does not fire");
    post(&webhook, watchdog(firing(2)));
    let directory = webhook.kill();
    database(&directory).execute("UPDATE alerts SET last_seen = last_seen - 600000000000", []).unwrap();
    check(&start(directory), 503, "the Watchdog was received 10 min ago; help: ");
}
