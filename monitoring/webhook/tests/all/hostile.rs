//! Invalid, huge or malicious payloads are refused with an error message, and nothing of them is stored.

use crate::support::{Webhook, firing, payload, post};
use measurand_webhook::payload::{ALERT_BYTES_MAX, parse};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Invalid payloads, each with a part of the expected error message.
fn corpus() -> Vec<(Vec<u8>, &'static str)> {
    let whole = |change: &dyn Fn(&mut Value)| {
        let mut body = payload(&[firing(1), firing(2)]);
        change(&mut body);
        body.to_string().into_bytes()
    };
    let without = |name: &'static str| whole(&|it| drop(it.as_object_mut().unwrap().remove(name)));
    let alert_without = |name: &'static str| whole(&|it| drop(it["alerts"][1].as_object_mut().unwrap().remove(name)));
    let alert_with = |name: &'static str, value: Value| whole(&|it| it["alerts"][1][name] = value.clone());
    let good = whole(&|_| ());
    let cut = good[..good.len() / 2].to_vec();
    let mut not_utf8 = good.clone();
    let at = not_utf8.windows(4).position(|it| it == b"slow").unwrap();
    not_utf8[at] = 0xff;
    let doubled = String::from_utf8(good.clone()).unwrap().replacen(
        "\"version\":\"4\"",
        "\"version\":\"4\",\"version\":\"4\"",
        1,
    );
    vec![
        (Vec::new(), "not an Alertmanager notification"),
        (b"hello".to_vec(), "not an Alertmanager notification"),
        (b"[]".to_vec(), "not an Alertmanager notification"),
        (b"null".to_vec(), "not an Alertmanager notification"),
        (cut, "EOF while parsing"),
        ([good.clone(), b"{}".to_vec()].concat(), "trailing characters"),
        (not_utf8, "not UTF-8 from byte"),
        (b"\xff\xfe{\0}\0".to_vec(), "not UTF-8 from byte 0"),
        (doubled.into_bytes(), "duplicate field `version`"),
        (whole(&|it| it["version"] = "3".into()), "version \"3\""),
        (whole(&|it| it["version"] = "5".into()), "version \"5\""),
        (whole(&|it| it["version"] = 4.into()), "version 4;"),
        (whole(&|it| it["version"] = "\u{7f}\u{9b}2J".into()), "version \"\\u{7f}\\u{9b}2J\""),
        (b"{\"version\":\"99\",\"shape\":\"unknown\"}".to_vec(), "version \"99\""),
        (without("version"), "missing field `version`"),
        (without("receiver"), "missing field `receiver`"),
        (without("alerts"), "missing field `alerts`"),
        (whole(&|it| it["alerts"] = json!({})), "expected a sequence"),
        (whole(&|it| it["truncatedAlerts"] = json!(-1)), "invalid value"),
        (alert_without("status"), "missing field `status`"),
        (alert_with("status", "a\u{0}\u{1b}[2J\n".into()), "unknown variant `a\\0\\u{1b}[2J\\n`"),
        (alert_with("status", "x".repeat(100_000).into()), "… at line 1 column"),
        (alert_without("labels"), "missing field `labels`"),
        (alert_without("startsAt"), "missing field `startsAt`"),
        (alert_without("fingerprint"), "missing field `fingerprint`"),
        (alert_with("status", "burning".into()), "unknown variant `burning`"),
        (alert_with("labels", json!({"a": 1})), "expected a string"),
        (alert_with("labels", json!({"a": null})), "expected a string"),
        (alert_with("labels", json!([])), "expected a map"),
        (alert_with("startsAt", "yesterday".into()), "alert 2 (`Slow`): its `startsAt`: `yesterday` is not a time"),
        (alert_with("startsAt", "".into()), "its `startsAt`: `` is not a time"),
        (alert_with("startsAt", "1066-10-14T09:00:00Z".into()), "is not between the years 1677 and 2262"),
        (alert_with("startsAt", "2026-01-01T12:00:00".into()), "is not a time"),
        (alert_with("endsAt", "9999-12-31T23:59:59Z".into()), "its `endsAt`"),
        (alert_with("fingerprint", "".into()), "hexadecimal"),
        (alert_with("fingerprint", "../../etc/passwd".into()), "hexadecimal"),
        (alert_with("fingerprint", "a".repeat(65).into()), "hexadecimal"),
        (alert_with("labels", json!({"alertname": "Big", "a": "x".repeat(2_000_000)})), "alert 2 (`Big`): its labels"),
        (alert_with("annotations", json!({"a": "x".repeat(ALERT_BYTES_MAX + 1)})), "shorten its annotations"),
        (format!("{{\"version\":\"4\",\"x\":{}", "[".repeat(100_000)).into_bytes(), "EOF while parsing a list"),
        (format!("{{\"version\":\"4\",\"alerts\":{}", "{\"labels\":".repeat(100_000)).into_bytes(), "notification"),
    ]
}

#[test]
fn nothing_of_it_is_stored() {
    let webhook = Webhook::start(&[]);
    for (body, says) in corpus() {
        let answer = post(&webhook.url, &body);
        let shown = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
        assert_eq!(answer.status, 400, "{shown}: {answer:?}");
        assert!(answer.error().contains(says), "{shown}: not `{says}` but {answer:?}");
        assert!(answer.body.len() < 1000, "the answer must be short: {shown}");
        assert_eq!(answer.header("content-type"), "application/json");
    }
    assert_eq!(webhook.total(), 0);
    assert_eq!(webhook.post(&payload(&[firing(1)])).status, 200, "the server still works");
}

#[test]
fn strange_but_valid_payloads_are_stored_unchanged() {
    let webhook = Webhook::start(&[]);
    let mut alert = firing(1);
    alert["labels"] = json!({"alertname": "🔥 \u{0}\u{202e}\"';--", "": "", "lang": "日本語"});
    alert["unknown"] = json!({"deep": [1, 2, {"er": null}]});
    let labels = alert["labels"].clone();
    let mut minimal = firing(2);
    minimal
        .as_object_mut()
        .unwrap()
        .retain(|name, _| matches!(name.as_str(), "status" | "labels" | "startsAt" | "fingerprint"));
    minimal["labels"] = json!({});
    assert_eq!(webhook.post(&payload(&[alert, minimal])).status, 200);
    assert_eq!(webhook.get("/api/alerts/1").json()["labels"], labels);
    assert_eq!(webhook.get("/api/alerts/2").json()["name"], "");
    assert_eq!(webhook.get("/").status, 200);

    let many: Vec<Value> = (0..5000).map(|it| firing(it + 10)).collect();
    assert_eq!(webhook.post(&payload(&many)).json()["new"], 5000);
    assert_eq!(webhook.post(&payload(&[])).json()["received"], 0);
}

proptest! {
    #[test]
    fn parsing_never_panics(at in 0_usize..1000, byte: u8, cut in 0_usize..1000) {
        let mut body = payload(&[firing(1)]).to_string().into_bytes();
        let length = body.len();
        body[at % length] = byte;
        let _ = parse(&body);
        let _ = parse(&body[..cut % length]);
    }

    #[test]
    fn any_text_is_preserved(value in ".*", name in "[a-z]{1,20}") {
        let mut alert = firing(1);
        alert["labels"][&name] = value.clone().into();
        let parsed = parse(payload(&[alert]).to_string().as_bytes()).unwrap();
        prop_assert_eq!(&parsed.alerts[0].labels[&name], &value);
    }
}
