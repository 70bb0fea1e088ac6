//! Parses and checks Alertmanager's notifications, version 4.

use crate::text::begin;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Labels or annotations.
pub type Pairs = BTreeMap<String, String>;

/// Maximum size in bytes of the names and values of one alert's labels and annotations together.
pub const ALERT_BYTES_MAX: usize = 256 * 1024;

/// A notification of Alertmanager, for one group of alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The receiver's name in Alertmanager's configuration.
    pub receiver: String,
    /// The key of the group.
    pub group_key: String,
    /// The address of Alertmanager.
    pub external_url: String,
    /// Number of alerts that Alertmanager left out because of `max_alerts` in its configuration.
    pub truncated: u64,
    /// The alerts.
    pub alerts: Vec<Alert>,
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Whether it fires.
    pub status: Status,
    /// Its labels, which identify it.
    pub labels: Pairs,
    /// Its annotations.
    pub annotations: Pairs,
    /// The time at which it started to fire.
    pub starts_at: Time,
    /// The time at which it was resolved.
    pub ends_at: Option<Time>,
    /// The address of its query in Prometheus.
    pub generator_url: String,
    /// The hash of its labels.
    pub fingerprint: String,
}

/// Whether an alert fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The alert fires.
    Firing,
    /// The alert has ended.
    Resolved,
}

impl Status {
    /// Returns the status as text: `firing` or `resolved`.
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
    /// Returns the value of a label. Returns an empty text for a missing label, as Prometheus treats both alike.
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

/// Only the version, to distinguish a payload of another version from an invalid one.
#[derive(Deserialize)]
struct Version {
    version: serde_json::Value,
}

/// Parses a notification.
///
/// # Errors
/// If it is invalid; one line with the reason.
pub fn parse(body: &[u8]) -> Result<Payload, String> {
    let text = std::str::from_utf8(body)
        .map_err(|it| format!("the body is not UTF-8 from byte {} on; help: send JSON in UTF-8", it.valid_up_to()))?;
    let raw: Result<RawPayload, _> = serde_json::from_str(text);
    let version = match &raw {
        Ok(raw) => Some(serde_json::Value::from(raw.version.as_str())),
        Err(_) => serde_json::from_str(text).ok().map(|it: Version| it.version),
    };
    if let Some(version) = version.filter(|it| it != "4") {
        let version = begin(&version.to_string(), 40);
        return Err(format!("the payload has version {version}; help: send Alertmanager's version \"4\""));
    }
    let raw = raw.map_err(|it| format!("the body is not an Alertmanager notification, version 4: {}", shown(&it)))?;
    let alerts = raw.alerts.into_iter().enumerate().map(|(index, alert)| {
        let name = alert.labels.get("alertname").map(|it| begin(it, 60)).unwrap_or_default();
        alert.checked().map_err(|error| format!("alert {} (`{name}`): {error}", index + 1))
    });
    Ok(Payload {
        alerts: alerts.collect::<Result<_, _>>()?,
        receiver: raw.receiver,
        group_key: raw.group_key,
        external_url: raw.external_url,
        truncated: raw.truncated_alerts,
    })
}

/// The reason as one short line, since the error quotes the input.
fn shown(error: &serde_json::Error) -> String {
    let reason = begin(&error.to_string(), 200);
    // The position is at the end of the error, which may have been cut off.
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
                "its labels and annotations have {bytes} bytes, more than {ALERT_BYTES_MAX}; help: shorten its \
                 annotations"
            ));
        }
        let hexadecimal = self.fingerprint.bytes().all(|it| it.is_ascii_hexdigit());
        if !hexadecimal || !(1..=64).contains(&self.fingerprint.len()) {
            return Err("its `fingerprint` is not 1 to 64 hexadecimal digits".to_owned());
        }
        // Year 1 is Go's zero time, by which Alertmanager means `not yet`.
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
