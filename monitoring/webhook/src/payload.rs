//! Alertmanager's notification, version 4: from bytes to alerts that can be stored, or to a sentence that says what is
//! wrong. It knows neither HTTP nor the database.

use crate::text::begin;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Labels or annotations.
pub type Pairs = BTreeMap<String, String>;

/// Bytes of the names and values of one alert's labels and annotations together.
pub const ALERT_BYTES_MAX: usize = 256 * 1024;

/// What Alertmanager sends for one group of alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The receiver's name in Alertmanager's configuration.
    pub receiver: String,
    /// What the group is known by.
    pub group_key: String,
    /// Where people find the Alertmanager.
    pub external_url: String,
    /// Alerts of the group that Alertmanager left out, because of `max_alerts` in its configuration.
    pub truncated: u64,
    /// The alerts.
    pub alerts: Vec<Alert>,
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Whether it fires.
    pub status: Status,
    /// What it is known by.
    pub labels: Pairs,
    /// What is said about it.
    pub annotations: Pairs,
    /// Since when it fires.
    pub starts_at: Time,
    /// When it was resolved.
    pub ends_at: Option<Time>,
    /// The query behind it.
    pub generator_url: String,
    /// The hash of its labels.
    pub fingerprint: String,
}

/// Whether an alert fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It does.
    Firing,
    /// It no longer does.
    Resolved,
}

impl Status {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Alert {
    /// A label's value, empty where there is none, which is the same to Prometheus.
    #[must_use]
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPayload {
    version: String,
    receiver: String,
    #[serde(default)]
    group_key: String,
    #[serde(default, rename = "externalURL")]
    external_url: String,
    #[serde(default)]
    truncated_alerts: u64,
    alerts: Vec<RawAlert>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAlert {
    status: Status,
    labels: Pairs,
    #[serde(default)]
    annotations: Pairs,
    starts_at: String,
    #[serde(default)]
    ends_at: String,
    #[serde(default, rename = "generatorURL")]
    generator_url: String,
    fingerprint: String,
}

/// The version alone, to tell a payload of another version from a broken one.
#[derive(Deserialize)]
struct Version {
    version: serde_json::Value,
}

/// Reads a notification.
///
/// # Errors
/// One sentence that says what is wrong with it.
pub fn parse(body: &[u8]) -> Result<Payload, String> {
    let text = std::str::from_utf8(body)
        .map_err(|it| format!("the body is not UTF-8 from byte {} on; send JSON in UTF-8", it.valid_up_to()))?;
    let raw: Result<RawPayload, _> = serde_json::from_str(text);
    let version = match &raw {
        Ok(raw) => Some(serde_json::Value::from(raw.version.as_str())),
        Err(_) => serde_json::from_str(text).ok().map(|it: Version| it.version),
    };
    if let Some(version) = version.filter(|it| it != "4") {
        let version = begin(&version.to_string(), 40);
        return Err(format!("the payload has version {version}; only Alertmanager's version \"4\" is understood"));
    }
    let raw = raw.map_err(|it| format!("the body is no notification of Alertmanager, version 4: {}", shown(&it)))?;
    let alerts = raw.alerts.into_iter().enumerate().map(|(index, it)| {
        let name = it.labels.get("alertname").map(|it| begin(it, 60)).unwrap_or_default();
        it.checked().map_err(|error| format!("alert {} (`{name}`): {error}", index + 1))
    });
    Ok(Payload {
        alerts: alerts.collect::<Result<_, _>>()?,
        receiver: raw.receiver,
        group_key: raw.group_key,
        external_url: raw.external_url,
        truncated: raw.truncated_alerts,
    })
}

/// The reason on one line and never long: it repeats what was sent.
fn shown(error: &serde_json::Error) -> String {
    let reason = begin(&error.to_string(), 200);
    // The place stands at the end, where it was cut off.
    if reason.ends_with('…') {
        format!("{reason} at line {} column {}", error.line(), error.column())
    } else {
        reason
    }
}

impl RawAlert {
    fn checked(self) -> Result<Alert, String> {
        let bytes: usize =
            self.labels.iter().chain(&self.annotations).map(|(name, value)| name.len() + value.len()).sum();
        if bytes > ALERT_BYTES_MAX {
            return Err(format!(
                "its labels and annotations have {bytes} bytes, more than {ALERT_BYTES_MAX}; shorten its annotations"
            ));
        }
        let hexadecimal = self.fingerprint.bytes().all(|it| it.is_ascii_hexdigit());
        if !hexadecimal || !(1..=64).contains(&self.fingerprint.len()) {
            return Err("its `fingerprint` is not 1 to 64 hexadecimal digits".to_owned());
        }
        // The year 1 is Go's zero time: Alertmanager's word for `not yet`.
        let open = self.ends_at.is_empty() || self.ends_at.starts_with("0001-01-01T00:00:00");
        let ends_at = (!open).then(|| Time::parse(&self.ends_at)).transpose();
        Ok(Alert {
            starts_at: Time::parse(&self.starts_at).map_err(|it| format!("its `startsAt`: {it}"))?,
            ends_at: ends_at.map_err(|it| format!("its `endsAt`: {it}"))?,
            status: self.status,
            labels: self.labels,
            annotations: self.annotations,
            generator_url: self.generator_url,
            fingerprint: self.fingerprint,
        })
    }
}
