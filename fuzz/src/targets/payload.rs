//! Arbitrary bytes as a notification of Alertmanager: alerts within the limits, or a short error on one line.

use super::text::check_message;
use crate::payload::{ALERT_BYTES_MAX, Alert, Payload, parse};
use serde_json::{Value, json};

/// Reads a notification.
pub fn run(bytes: &[u8]) {
    match parse(bytes) {
        Ok(payload) => {
            payload.alerts.iter().for_each(check);
            let again = parse(written(&payload).to_string().as_bytes());
            assert_eq!(again.as_ref(), Ok(&payload), "the payload does not round-trip");
        }
        Err(reason) => {
            check_message(&reason);
            assert!(reason.len() < 1000, "the error is too long: {} bytes", reason.len());
        }
    }
}

fn check(alert: &Alert) {
    let pairs = || alert.labels.iter().chain(&alert.annotations);
    assert!(pairs().map(|(name, value)| name.len() + value.len()).sum::<usize>() <= ALERT_BYTES_MAX);
    assert!((1..=64).contains(&alert.fingerprint.len()));
    assert!(alert.fingerprint.bytes().all(|it| it.is_ascii_hexdigit()));
}

fn written(payload: &Payload) -> Value {
    let alerts: Vec<Value> = payload.alerts.iter().map(alert).collect();
    json!({
        "version": "4",
        "receiver": payload.receiver,
        "groupKey": payload.group_key,
        "externalURL": payload.external_url,
        "truncatedAlerts": payload.truncated,
        "alerts": alerts,
    })
}

fn alert(it: &Alert) -> Value {
    json!({
        "status": it.status,
        "labels": it.labels,
        "annotations": it.annotations,
        "startsAt": it.starts_at,
        "endsAt": it.ends_at.map_or(Value::from("0001-01-01T00:00:00Z"), |it| json!(it)),
        "generatorURL": it.generator_url,
        "fingerprint": it.fingerprint,
    })
}
