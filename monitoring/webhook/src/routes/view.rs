//! The texts for the templates. The templates escape all text; this module checks links.

use crate::payload::{Pairs, Status};
use crate::store::{AlertRow, State};
use crate::time::Time;

/// A row in a table of alerts.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) severity: String,
    pub(super) class: &'static str,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) links: Vec<(&'static str, String)>,
    pub(super) duration: String,
    pub(super) labels: Vec<(String, String)>,
    pub(super) starts: When,
    pub(super) ends: Option<When>,
    pub(super) last_seen: When,
    pub(super) count: u64,
}

/// A point in time as texts for people and for programs.
#[derive(Debug)]
pub(super) struct When {
    pub(super) machine: String,
    pub(super) words: String,
    pub(super) ago: String,
}

impl When {
    pub(super) fn new(time: Time, now: Time) -> Self {
        Self { machine: time.to_string(), words: time.in_words(), ago: time.ago(now) }
    }
}

impl Line {
    pub(super) fn new(alert: &AlertRow, now: Time) -> Self {
        // Labels with their own column are left out.
        let labels = alert.labels.iter().filter(|(name, _)| !matches!(name.as_str(), "alertname" | "severity"));
        Self {
            id: alert.id,
            name: name(alert),
            severity: shortened(&alert.severity, 24),
            class: class(&alert.severity),
            summary: shortened(summary(alert), 300),
            description: shortened(description(alert), 300),
            links: links(alert),
            duration: duration(alert, now),
            labels: labels.take(12).map(|(name, value)| (shortened(name, 60), shortened(value, 80))).collect(),
            starts: When::new(alert.starts_at, now),
            ends: alert.ends_at.map(|it| When::new(it, now)),
            last_seen: When::new(alert.last_seen, now),
            count: alert.count,
        }
    }
}

/// The name of an alert, or a replacement if it has none.
pub(super) fn name(alert: &AlertRow) -> String {
    if alert.name.is_empty() { "(without a name)".to_owned() } else { shortened(&alert.name, 120) }
}

/// The CSS class of a severity. Common names of other systems are supported too.
pub(super) fn class(severity: &str) -> &'static str {
    match severity.to_ascii_lowercase().as_str() {
        "p0" | "critical" | "page" => "s0",
        "p1" | "error" | "high" => "s1",
        "p2" | "warning" | "ticket" => "s2",
        "p3" | "info" | "low" => "s3",
        _ => "s9",
    }
}

/// The state of an alert as text for people.
pub(super) fn state(state: State) -> &'static str {
    match state {
        State::Firing => "Firing",
        State::Stale => "Stale",
        State::Resolved => "Resolved",
    }
}

/// The status in the history as text for people.
pub(super) fn word(status: Status) -> &'static str {
    match status {
        Status::Firing => "Firing",
        Status::Resolved => "Resolved",
    }
}

/// The address if it can be a link safely. A link to `javascript:` would run code.
pub(super) fn link(url: &str) -> Option<&str> {
    let scheme = url.split_once("://")?.0;
    ["http", "https"].iter().any(|it| scheme.eq_ignore_ascii_case(it)).then_some(url)
}

/// The problem in one sentence.
pub(super) fn summary(alert: &AlertRow) -> &str {
    first(&alert.annotations, &["summary", "description", "message"])
}

/// The problem in detail; empty if that is the summary.
pub(super) fn description(alert: &AlertRow) -> &str {
    if alert.annotations.contains_key("summary") { first(&alert.annotations, &["description"]) } else { "" }
}

/// The duration up to the end, up to the last notification about a stale alert, or up to now.
pub(super) fn duration(alert: &AlertRow, now: Time) -> String {
    let last = if alert.status == State::Stale { alert.last_seen } else { now };
    alert.starts_at.until(alert.ends_at.unwrap_or(last))
}

/// The links of an alert that are safe, with their names.
pub(super) fn links(alert: &AlertRow) -> Vec<(&'static str, String)> {
    let annotation = |name| first(&alert.annotations, &[name]);
    let all = [
        ("Panel", annotation("dashboard_url")),
        ("Runbook", annotation("runbook_url")),
        ("Query", alert.generator_url.as_str()),
        ("Alertmanager", alert.external_url.as_str()),
    ];
    all.into_iter().filter_map(|(name, url)| Some((name, link(url)?.to_owned()))).collect()
}

fn first<'a>(pairs: &'a Pairs, names: &[&str]) -> &'a str {
    names.iter().find_map(|it| pairs.get(*it)).map_or("", String::as_str)
}

fn shortened(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{link, shortened};

    #[test]
    fn only_http_addresses_are_links() {
        assert_eq!(link("https://a/b"), Some("https://a/b"));
        assert_eq!(link("HTTP://a"), Some("HTTP://a"));
        for not in ["javascript:alert(1)", "javascript://a/%0aalert(1)", "data:text/html,x", "//a", "", " http://a"] {
            assert_eq!(link(not), None, "{not}");
        }
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(shortened("äöü", 3), "äöü");
        assert_eq!(shortened("äöüß", 3), "äöü…");
    }
}
