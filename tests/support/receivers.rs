//! Who is called: servers that speak the protocols of Slack, `PagerDuty` and a dead man's switch.

use crate::http::{Answer, HttpServer};
use serde_json::{Value, json};

/// Slack's incoming webhooks, `PagerDuty`'s Events API v2 and a dead man's switch. Each refuses what the real one refuses.
#[must_use]
pub fn receivers(routing_key: &'static str, switch_token: &'static str) -> HttpServer {
    HttpServer::start(move |request| match request.path.as_str() {
        "/slack" => slack(&request.json()),
        "/pagerduty" => pager_duty(&request.json(), routing_key),
        "/switch" if request.headers.contains(&format!("Bearer {switch_token}")) => (200, String::new()),
        "/switch" => (401, String::new()),
        _ => (404, String::new()),
    })
}

/// <https://api.slack.com/messaging/webhooks>: `ok` as text, or a word that says what is wrong.
fn slack(message: &Value) -> Answer {
    let attachment = &message["attachments"][0];
    let has_text = |it: &str| attachment[it].as_str().is_some_and(|it| !it.is_empty());
    match message["channel"].as_str() {
        Some(channel) if !channel.starts_with('#') => (404, "channel_not_found".to_owned()),
        Some(_) if has_text("title") && has_text("text") => (200, "ok".to_owned()),
        _ => (400, "invalid_payload".to_owned()),
    }
}

/// <https://developer.pagerduty.com/docs/events-api-v2>: 202, or 400 with the errors.
fn pager_duty(event: &Value, routing_key: &str) -> Answer {
    let action = event["event_action"].as_str().unwrap_or_default();
    let filled = |it: &str| event["payload"][it].as_str().is_some_and(|it| !it.is_empty());
    let trigger = ["summary", "source", "severity"].into_iter().all(filled);
    let severity = event["payload"]["severity"].as_str().unwrap_or_default();
    let known = ["critical", "error", "warning", "info"].contains(&severity);
    let key = event["dedup_key"].as_str().unwrap_or_default();
    let fine = event["routing_key"] == routing_key
        && !key.is_empty()
        && key.len() <= 255
        && match action {
            "trigger" => trigger && known,
            "acknowledge" | "resolve" => true,
            _ => false,
        };
    if fine {
        (202, json!({"status": "success", "message": "Event processed", "dedup_key": key}).to_string())
    } else {
        (400, json!({"status": "invalid event", "message": "Event object is invalid", "errors": []}).to_string())
    }
}
