//! Metrics of alerts and refused requests, which the attributes cannot count.

use crate::payload::{Payload, Status};
use crate::store::Totals;
use metrics::{counter, describe_counter, describe_gauge, gauge};

/// The reason why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Unauthorized,
    Rate,
    Busy,
    Slow,
    TooLarge,
    MediaType,
    Malformed,
    Disk,
}

impl Reason {
    const ALL: [Self; 8] = [
        Self::Unauthorized,
        Self::Rate,
        Self::Busy,
        Self::Slow,
        Self::TooLarge,
        Self::MediaType,
        Self::Malformed,
        Self::Disk,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::Rate => "rate",
            Self::Busy => "busy",
            Self::Slow => "slow",
            Self::TooLarge => "too_large",
            Self::MediaType => "media_type",
            Self::Malformed => "malformed",
            Self::Disk => "disk",
        }
    }
}

const RECEIVED: &str = "webhook_alerts_received_total";
const TRUNCATED: &str = "webhook_alerts_truncated_total";
const REFUSED: &str = "webhook_requests_refused_total";
const FIRING: &str = "webhook_alerts_firing";
const STALE: &str = "webhook_alerts_stale";
const KEPT: &str = "webhook_alerts_kept";

/// Describes all metrics, and sets counters to zero, so that Prometheus sees the first event as an increase.
pub(crate) fn begin() {
    describe_counter!(RECEIVED, "Stored alerts, including repeats.");
    describe_counter!(TRUNCATED, "Alerts that Alertmanager left out of its payloads because of max_alerts.");
    describe_counter!(REFUSED, "Refused requests.");
    describe_gauge!(FIRING, "Firing alerts in the database that were repeated in time.");
    describe_gauge!(STALE, "Firing alerts in the database that were not repeated in time and may have ended.");
    describe_gauge!(KEPT, "Alerts in the database.");
    for status in [Status::Firing, Status::Resolved] {
        counter!(RECEIVED, "status" => status.as_str()).increment(0);
    }
    counter!(TRUNCATED).increment(0);
    for reason in Reason::ALL {
        counter!(REFUSED, "reason" => reason.as_str()).increment(0);
    }
}

pub(crate) fn stored(payload: &Payload) {
    for alert in &payload.alerts {
        counter!(RECEIVED, "status" => alert.status.as_str()).increment(1);
    }
    counter!(TRUNCATED).increment(payload.truncated);
}

pub(crate) fn refused(reason: Reason) {
    counter!(REFUSED, "reason" => reason.as_str()).increment(1);
}

#[expect(clippy::cast_precision_loss, reason = "a file has room for fewer than 2^53 alerts")]
pub(crate) fn kept(totals: Totals) {
    gauge!(FIRING).set(totals.firing as f64);
    gauge!(STALE).set(totals.stale as f64);
    gauge!(KEPT).set(totals.kept as f64);
}
