//! Local receivers of notifications, with the protocols of Slack, `PagerDuty`, a dead man's switch and e-mail, and the
//! generated routes to them.

use crate::http::{Answer, HttpServer};
use crate::smtp::Smtp;
use measurand_monitoring::{Monitoring, Options, Receivers};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// The token that Alertmanager sends to the alert receiver.
pub const WEBHOOK_TOKEN: &str = "a-token-of-the-webhook";
const ROUTING_KEY: &str = "0123456789abcdef0123456789abcdef";
const SWITCH_TOKEN: &str = "switch-token";
const PASSWORD: &str = "a password: with spaces";

/// Returns a generated Alertmanager configuration with these receivers, and writes their secrets into a folder.
///
/// # Panics
/// If a secret cannot be written, or the configuration needs a secret that is missing here.
#[must_use]
pub fn routes(secrets: &Path, http: &HttpServer, mail: &Smtp, webhook: &str) -> String {
    let receivers = Receivers {
        secrets: secrets.display().to_string(),
        pagerduty_url: format!("{}/pagerduty", http.url()),
        smtp_host: format!("localhost:{}", mail.port),
        leads: "leads@example.org".to_owned(),
        teams: "teams@example.org".to_owned(),
        capacity: "capacity@example.org".to_owned(),
        webhook_url: format!("{webhook}/webhook"),
        switch_url: format!("{}/switch", http.url()),
        ..Receivers::default()
    };
    let slack = format!("{}/slack", http.url());
    let written = [
        ("slack_api_url", slack.as_str()),
        ("smtp_password", PASSWORD),
        ("pagerduty_routing_key", ROUTING_KEY),
        ("webhook_token", WEBHOOK_TOKEN),
        ("switch_token", SWITCH_TOKEN),
    ];
    assert_eq!(receivers.secret_names(), written.map(|it| it.0), "the list of secrets is complete");
    for (name, value) in written {
        fs::write(secrets.join(name), value).expect("a secret is written");
    }
    let options = Options { receivers, ..Options::default() };
    let catalog = measurand_catalog::parse(b"").expect("an empty catalog");
    let monitoring = Monitoring::new(&catalog, &options);
    let file = monitoring.stack_files().into_iter().find(|it| it.name == "alertmanager.yml");
    file.expect("`alertmanager.yml` is generated").contents
}

/// Starts a mail server for the recipients in the generated routes.
#[must_use]
pub fn mailbox() -> Smtp {
    Smtp::start(&Receivers::default().smtp_user, PASSWORD)
}

/// Starts a server with Slack's incoming webhooks, `PagerDuty`'s Events API v2 and a dead man's switch. It rejects the
/// same requests as the real services.
#[must_use]
pub fn receivers() -> HttpServer {
    HttpServer::start(move |request| match request.path.as_str() {
        "/slack" => slack(&request.json()),
        "/pagerduty" => pager_duty(&request.json(), ROUTING_KEY),
        "/switch" if request.headers.contains(&format!("Bearer {SWITCH_TOKEN}")) => (200, String::new()),
        "/switch" => (401, String::new()),
        _ => (404, String::new()),
    })
}

/// <https://api.slack.com/messaging/webhooks>: the body is `ok` or an error code.
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
