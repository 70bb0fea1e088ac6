//! Points in time, for the database and for people.

use crate::text::begin;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use std::fmt;

/// Nanoseconds since 1970. SQL compares and sorts integers correctly, unlike texts with fractions of seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(i64);

impl Time {
    /// Returns the current time of this machine.
    #[must_use]
    pub fn now() -> Self {
        Self::of(Timestamp::now()).unwrap_or(Self(i64::MAX))
    }

    /// Parses a time in RFC 3339, for example `2026-01-01T12:00:00.5+01:00`.
    ///
    /// # Errors
    /// If it is invalid, or not between the years 1677 and 2262, the range of nanoseconds in 64 bits.
    pub fn parse(text: &str) -> Result<Self, String> {
        let shown = || begin(text, 60);
        let time: Timestamp =
            text.parse().map_err(|_| format!("`{}` is not a time such as `2026-01-01T12:00:00Z`", shown()))?;
        Self::of(time).ok_or_else(|| format!("`{}` is not between the years 1677 and 2262", shown()))
    }

    fn of(time: Timestamp) -> Option<Self> {
        i64::try_from(time.as_nanosecond()).ok().map(Self)
    }

    /// Returns the time for a number in the database.
    #[must_use]
    pub fn from_nanoseconds(nanoseconds: i64) -> Self {
        Self(nanoseconds)
    }

    /// Returns the number to store in the database.
    #[must_use]
    pub fn nanoseconds(self) -> i64 {
        self.0
    }

    /// Returns the time this many seconds later, or earlier if negative.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000_000)))
    }

    /// Returns the elapsed time in words: `now`, `42 s ago`, `3 min ago`.
    #[must_use]
    pub fn ago(self, now: Self) -> String {
        if now.0.saturating_sub(self.0) < 1_000_000_000 { "now".to_owned() } else { format!("{} ago", self.until(now)) }
    }

    /// Returns the time up to `end` in words: `42 s`, `3 min`, `5 h`, `12 d`.
    #[must_use]
    pub fn until(self, end: Self) -> String {
        let seconds = end.0.saturating_sub(self.0) / 1_000_000_000;
        match seconds {
            ..60 => format!("{} s", seconds.max(0)),
            60..3600 => format!("{} min", seconds / 60),
            3600..172_800 => format!("{} h", seconds / 3600),
            _ => format!("{} d", seconds / 86_400),
        }
    }

    /// Returns the time as text for people: `2026-01-01 12:00:00 UTC`.
    #[must_use]
    pub fn in_words(self) -> String {
        self.timestamp().map(|it| it.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()).unwrap_or_default()
    }

    fn timestamp(self) -> Option<Timestamp> {
        Timestamp::from_nanosecond(self.0.into()).ok()
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.timestamp() {
            Some(time) => time.fmt(f),
            // This cannot happen: jiff supports every `i64` of nanoseconds.
            None => Err(fmt::Error),
        }
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
