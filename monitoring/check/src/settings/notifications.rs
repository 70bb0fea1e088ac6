//! The settings of channels and hours: `[slack]` and `[working_hours]`.

use measurand_monitoring::{Slack, WorkingHours};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSlack {
    #[serde(default)]
    bot: bool,
    critical: Option<Spanned<String>>,
    general: Option<Spanned<String>>,
    low: Option<Spanned<String>>,
    #[serde(default)]
    teams: BTreeMap<Spanned<String>, Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHours {
    time_zone: Option<Spanned<String>>,
    start: Option<Spanned<String>>,
    end: Option<Spanned<String>>,
    days: Option<Vec<Spanned<String>>>,
}

impl RawSlack {
    /// Checks the names of the channels.
    pub(super) fn slack(
        self,
        wrong: &impl Fn(&Spanned<String>, &str) -> String,
        one_line: &impl Fn(Spanned<String>) -> Result<String, String>,
    ) -> Result<Slack, String> {
        let channel = |value: Spanned<String>| {
            let legal = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || "_-".contains(it);
            let name = value.get_ref().strip_prefix('#');
            if name.is_some_and(|it| (1..=79).contains(&it.len()) && it.chars().all(legal)) {
                Ok(value.into_inner())
            } else {
                Err(wrong(&value, "is not a channel; help: write `#` and lowercase letters, digits, `-` or `_`"))
            }
        };
        let team = |(team, value): (Spanned<String>, Spanned<String>)| {
            if team.get_ref().contains(['"', '\\']) {
                return Err(wrong(&team, "cannot be matched by a route; help: use a name without quotes"));
            }
            Ok((one_line(team)?, channel(value)?))
        };
        let defaults = Slack::default();
        Ok(Slack {
            bot: self.bot,
            critical: self.critical.map(channel).transpose()?.unwrap_or(defaults.critical),
            general: self.general.map(channel).transpose()?.unwrap_or(defaults.general),
            low: self.low.map(channel).transpose()?.unwrap_or(defaults.low),
            teams: self.teams.into_iter().map(team).collect::<Result<_, _>>()?,
        })
    }
}

impl RawHours {
    /// Checks the hours as Alertmanager does.
    pub(super) fn hours(self, wrong: &impl Fn(&Spanned<String>, &str) -> String) -> Result<WorkingHours, String> {
        let time = |value: &Spanned<String>| {
            let text = value.get_ref();
            let is_number = |it: &str| it.len() == 2 && it.bytes().all(|it| it.is_ascii_digit());
            let number = |it: &str| it.parse::<u8>().ok().filter(|_| is_number(it));
            let (hour, minute) = text.split_once(':').unwrap_or_default();
            match (number(hour), number(minute)) {
                (Some(0..24), Some(0..60)) | (Some(24), Some(0)) => Ok(text.clone()),
                _ => Err(wrong(value, "is not a time of day; help: write hours and minutes, such as `08:30`")),
            }
        };
        let zone = |value: Spanned<String>| {
            let legal = |it: char| it.is_ascii_alphanumeric() || "/_+-".contains(it);
            if !value.get_ref().is_empty() && value.get_ref().chars().all(legal) {
                return Ok(value.into_inner());
            }
            let reason = "is not a time zone; help: write a name of the IANA database, such as `Europe/Berlin`";
            Err(wrong(&value, reason))
        };
        let day = |value: Spanned<String>| {
            if WorkingHours::DAYS.contains(&value.get_ref().as_str()) {
                return Ok(value.into_inner());
            }
            Err(wrong(&value, &format!("is not a day; help: write {}", WorkingHours::DAYS.join(", "))))
        };
        let defaults = WorkingHours::default();
        let hours = WorkingHours {
            time_zone: self.time_zone.map(zone).transpose()?.unwrap_or(defaults.time_zone),
            start: self.start.as_ref().map(time).transpose()?.unwrap_or(defaults.start),
            end: self.end.as_ref().map(time).transpose()?.unwrap_or(defaults.end),
            days: match self.days {
                Some(days) => days.into_iter().map(day).collect::<Result<_, _>>()?,
                None => defaults.days,
            },
        };
        // Times of equal length sort like texts.
        match self.end.or(self.start) {
            Some(it) if hours.start >= hours.end => {
                Err(wrong(&it, "leaves no working hours; help: write a `start` before the `end`"))
            }
            _ => Ok(hours),
        }
    }
}
