//! Local receivers of notifications, with the protocols of Slack, `PagerDuty`, a dead man's switch and e-mail, and the
//! generated routes to them.

use crate::http::{Answer, HttpServer, Request};
use crate::smtp::Smtp;
use measurand_monitoring::{Monitoring, Options, Receivers, Slack, WorkingHours};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// The token that Alertmanager sends to the alert receiver.
pub const WEBHOOK_TOKEN: &str = "a-token-of-the-webhook";
const ROUTING_KEY: &str = "0123456789abcdef0123456789abcdef";
const SWITCH_TOKEN: &str = "switch-token";
const SLACK_TOKEN: &str = "xoxb-a-token";
/// The method of Slack's web API that posts a message.
const POST_MESSAGE: &str = "chat.postMessage";
const PASSWORD: &str = "a password: with spaces";

/// Returns a generated Alertmanager configuration with these receivers, and writes their secrets into a folder. `teams`
/// have channels, and P3 has working hours. With `bot`, one token posts to all channels of Slack.
///
/// # Panics
/// If a secret cannot be written, or the configuration needs a secret that is missing here.
#[must_use]
pub fn routes(secrets: &Path, http: &HttpServer, mail: &Smtp, webhook: &str, teams: &[&str], bot: bool) -> String {
    let channel = |it: &&str| ((*it).to_owned(), format!("#team-{it}"));
    let receivers = Receivers {
        secrets: secrets.display().to_string(),
        pagerduty_url: format!("{}/pagerduty", http.url()),
        smtp_host: format!("localhost:{}", mail.port),
        leads: "leads@example.org".to_owned(),
        teams: "teams@example.org".to_owned(),
        capacity: "capacity@example.org".to_owned(),
        webhook_url: format!("{webhook}/webhook"),
        switch_url: format!("{}/switch", http.url()),
        slack: Slack { bot, teams: teams.iter().map(channel).collect(), ..Slack::default() },
        working_hours: Some(WorkingHours::default()),
        ..Receivers::default()
    };
    for name in receivers.secret_names() {
        let value = match name.as_str() {
            "smtp_password" => PASSWORD.to_owned(),
            "pagerduty_routing_key" => ROUTING_KEY.to_owned(),
            "webhook_token" => WEBHOOK_TOKEN.to_owned(),
            "switch_token" => SWITCH_TOKEN.to_owned(),
            Slack::TOKEN => SLACK_TOKEN.to_owned(),
            Slack::API_URL => format!("{}/slack/{POST_MESSAGE}", http.url()),
            name => format!("{}/slack/{}", http.url(), name.strip_prefix("slack_").expect("a webhook of Slack")),
        };
        fs::write(secrets.join(name), value).expect("a secret is written");
    }
    let options = Options { receivers, ..Options::default() };
    let catalog = measurand_catalog::parse(b"").expect("an empty catalog");
    let monitoring = Monitoring::new(&catalog, &options);
    let file = monitoring.stack_files().into_iter().find(|it| it.name == "alertmanager.yml");
    file.expect("`alertmanager.yml` is generated").contents
}

/// Returns the channel in which Slack shows a message. The webhook of an app ignores the channel in the message.
#[must_use]
pub fn slack_channel(request: &Request) -> String {
    match request.path.strip_prefix("/slack/") {
        Some(POST_MESSAGE) | None => request.json()["channel"].as_str().unwrap_or_default().to_owned(),
        Some(webhook) => format!("#{webhook}"),
    }
}

/// Starts a mail server for the recipients in the generated routes.
#[must_use]
pub fn mailbox() -> Smtp {
    Smtp::start(&Receivers::default().smtp_user, PASSWORD)
}

/// Starts a server with Slack's incoming webhooks and web API, `PagerDuty`'s Events API v2 and a dead man's switch. It rejects the
/// same requests as the real services.
#[must_use]
pub fn receivers() -> HttpServer {
    HttpServer::start(move |request| match request.path.as_str() {
        "/pagerduty" => pager_duty(&request.json(), ROUTING_KEY),
        "/switch" if request.headers.contains(&format!("Bearer {SWITCH_TOKEN}")) => (200, String::new()),
        "/switch" => (401, String::new()),
        path if path.starts_with("/slack/") => slack(request),
        _ => (404, String::new()),
    })
}

/// <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>: the body is `ok` or an error code.
/// <https://docs.slack.dev/reference/methods/chat.postMessage>: the status is 200, also with an error.
fn slack(request: &Request) -> Answer {
    let (message, is_bot) = (request.json(), request.path.ends_with(POST_MESSAGE));
    let attachment = &message["attachments"][0];
    let has_text = |it: &str| attachment[it].as_str().is_some_and(|it| !it.is_empty());
    let error = if is_bot && !request.headers.contains(&format!("Bearer {SLACK_TOKEN}")) {
        Some("not_authed")
    } else if !message["channel"].as_str().is_some_and(|it| it.starts_with('#')) {
        Some("channel_not_found")
    } else {
        (!has_text("title") || !has_text("text")).then_some("invalid_payload")
    };
    match error {
        Some(error) if is_bot => (200, json!({"ok": false, "error": error}).to_string()),
        Some(error) => (400, error.to_owned()),
        None if is_bot => (200, json!({"ok": true}).to_string()),
        None => (200, "ok".to_owned()),
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
