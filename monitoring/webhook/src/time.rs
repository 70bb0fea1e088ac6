//! Points in time, as the database keeps them and as people read them.

use crate::text::begin;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use std::fmt;

/// Nanoseconds since 1970. A whole number compares and sorts as itself in SQL, where text with fractions does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(i64);

impl Time {
    /// Now, by the clock of this machine.
    #[must_use]
    pub fn now() -> Self {
        Self::of(Timestamp::now()).unwrap_or(Self(i64::MAX))
    }

    /// Reads RFC 3339, for example `2026-01-01T12:00:00.5+01:00`.
    ///
    /// # Errors
    /// When it is none, or none between the years 1677 and 2262, which is what nanoseconds in 64 bits reach.
    pub fn parse(text: &str) -> Result<Self, String> {
        let shown = || begin(text, 60);
        let time: Timestamp =
            text.parse().map_err(|_| format!("`{}` is no time as in `2026-01-01T12:00:00Z`", shown()))?;
        Self::of(time).ok_or_else(|| format!("`{}` is not between the years 1677 and 2262", shown()))
    }

    fn of(time: Timestamp) -> Option<Self> {
        i64::try_from(time.as_nanosecond()).ok().map(Self)
    }

    /// From the database.
    #[must_use]
    pub fn from_nanoseconds(nanoseconds: i64) -> Self {
        Self(nanoseconds)
    }

    /// For the database.
    #[must_use]
    pub fn nanoseconds(self) -> i64 {
        self.0
    }

    /// So many seconds later, or earlier.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000_000)))
    }

    /// How long ago it was, in the largest unit that is at least one: `now`, `42 s`, `3 min`, `5 h`, `12 d`.
    #[must_use]
    pub fn ago(self, now: Self) -> String {
        let seconds = now.0.saturating_sub(self.0) / 1_000_000_000;
        match seconds {
            ..1 => "now".to_owned(),
            1..60 => format!("{seconds} s ago"),
            60..3600 => format!("{} min ago", seconds / 60),
            3600..172_800 => format!("{} h ago", seconds / 3600),
            _ => format!("{} d ago", seconds / 86_400),
        }
    }

    /// In words that need no zone explained: `2026-01-01 12:00:00 UTC`.
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
            // Every `i64` of nanoseconds is a time that jiff knows.
            None => Err(fmt::Error),
        }
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
