//! The alerts of a family, as its table of alerts says, and what single functions change about them.

use super::{Draft, fact, owner, runbook};
use crate::family::{Form, Used};
use crate::model::{Format, Piece, label, text};
use crate::panels::panel_of;
use crate::query::{Combination, Matcher, Query, Window};
use measurand_catalog::{AlertRecord, Condition, Role, Severity, SiteRecord};
use std::collections::{BTreeMap, BTreeSet};

/// The family's alerts. One about a share of calls is split where functions name a severity of their own: one alert for
/// each such severity, about those functions only, and the family's own for all others. So none fires twice.
pub(super) fn drafts<'a>(family: &Used<'a>) -> Vec<Draft<'a>> {
    let mut drafts = Vec::new();
    for alert in &family.family.alerts {
        let Some(value) = value(&alert.condition, family) else { continue };
        let parts = match alert.condition {
            Condition::ErrorRatioAbove(_) | Condition::FailureRatioAbove(_) => split(alert.severity, &value, family),
            _ => vec![(alert.severity, value, family.sites())],
        };
        drafts.extend(parts.into_iter().map(|(severity, value, sites)| Draft {
            name: &alert.name,
            query: compared(&alert.condition, value),
            hold_seconds: alert.hold_seconds,
            severity: Some(severity),
            summary: &alert.summary,
            description: description(alert, family),
            impact: &alert.impact,
            panel: format!("family-{}/{}", family.family.name, panel_of(&alert.condition)),
            team: owner(&sites),
            runbook: runbook(&sites),
        }));
    }
    drafts
}

/// What the condition looks at, by the family's labels; nothing if the family lacks the role.
fn value(condition: &Condition, family: &Used<'_>) -> Option<Query> {
    let by = family.labels();
    match *condition {
        Condition::ErrorRatioAbove(_) => family.error_ratio(&by, Form::Recorded),
        Condition::FailureRatioAbove(_) => family.failure_ratio(&by, Form::Recorded),
        Condition::DurationAbove { quantile, .. } => family.quantile(Role::Duration, quantile, &by, Form::Recorded),
        Condition::ScoreBelow { quantile, .. } => family.quantile(Role::Score, quantile, &by, Form::Recorded),
        Condition::RollbacksAbove(_) => family.increase(Role::Rollbacks, &by, Window::Recent),
    }
}

/// Comparisons drop `NaN`, the quantile of nothing: without traffic no alert fires.
fn compared(condition: &Condition, value: Query) -> Query {
    match *condition {
        Condition::ErrorRatioAbove(threshold)
        | Condition::FailureRatioAbove(threshold)
        | Condition::RollbacksAbove(threshold)
        | Condition::DurationAbove { seconds: threshold, .. } => value.above(threshold),
        Condition::ScoreBelow { score: threshold, .. } => value.below(threshold),
    }
}

type Labels = BTreeMap<String, String>;
type Part<'a> = (Severity, Query, Vec<&'a SiteRecord>);

/// The value for the functions with a severity of their own, the most urgent first, and then for all others.
fn split<'a>(own: Severity, value: &Query, family: &Used<'a>) -> Vec<Part<'a>> {
    // Of several functions with the same labels the most urgent decides: their series are one.
    let mut urgent: BTreeMap<&Labels, Severity> = BTreeMap::new();
    for site in family.sites() {
        let severity = Severity::ALL.into_iter().find(|it| fact(site, "severity") == Some(it.as_str()));
        if let Some(severity) = severity.filter(|_| !site.labels.is_empty()) {
            urgent.entry(&site.labels).and_modify(|it| *it = severity.min(*it)).or_insert(severity);
        }
    }
    urgent.retain(|_, severity| *severity != own);
    let severity_of = |site: &SiteRecord| urgent.get(&site.labels).copied().unwrap_or(own);
    let sites_of = |wanted| family.sites().into_iter().filter(|it| severity_of(it) == wanted).collect();
    let mut parts = Vec::new();
    let severities: BTreeSet<Severity> = urgent.values().copied().collect();
    for severity in severities {
        let chosen = urgent.iter().filter(|(_, it)| **it == severity).map(|(labels, _)| narrowed(value, labels));
        let chosen = chosen.reduce(|all, it| all.combine(Combination::Or, it));
        parts.extend(chosen.map(|it| (severity, it, sites_of(severity))));
    }
    let others = urgent.keys().fold(value.clone(), |all, it| all.combine(Combination::Unless, narrowed(value, it)));
    parts.push((own, others, sites_of(own)));
    parts
}

/// The recorded value of the series with these labels only.
fn narrowed(value: &Query, labels: &Labels) -> Query {
    let mut value = value.clone();
    if let Query::Recorded { matchers, .. } = &mut value {
        matchers.extend(labels.iter().map(|(name, value)| Matcher {
            label: name.clone(),
            equal: true,
            value: value.clone(),
        }));
    }
    value
}

/// `query_type=select, table=patterns: 7.5% of the calls failed within five minutes; the limit is 5%.`
fn description(alert: &AlertRecord, family: &Used<'_>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (index, name) in family.labels().into_iter().enumerate() {
        pieces.push(text(format!("{}{name}=", if index == 0 { "" } else { ", " })));
        pieces.push(label(name));
    }
    if !pieces.is_empty() {
        pieces.push(text(": "));
    }
    let (before, format, after) = match alert.condition {
        Condition::ErrorRatioAbove(it) => {
            let after = format!(" of the calls did not end well within five minutes; the limit is {}.", percent(it));
            (String::new(), Format::Share, after)
        }
        Condition::FailureRatioAbove(it) => {
            let after = format!(" of the calls failed within five minutes; the limit is {}.", percent(it));
            (String::new(), Format::Share, after)
        }
        Condition::DurationAbove { quantile, seconds } => {
            let before = format!("{} of the calls take longer than ", percent(1.0 - quantile));
            (before, Format::Seconds, format!("; the limit is {}.", readable(seconds)))
        }
        Condition::ScoreBelow { quantile, score } => {
            let before = format!("{} of the scores are below ", percent(quantile));
            (before, Format::Score, format!("; the limit is {score}."))
        }
        Condition::RollbacksAbove(it) => {
            (String::new(), Format::Count, format!(" rollbacks within five minutes; the limit is {it}."))
        }
    };
    pieces.extend([text(before), Piece::Value(format), text(after)]);
    pieces
}

/// A share as people write it: `5%`, `0.1%`.
fn percent(share: f64) -> String {
    format!("{}%", (share * 1e6).round() / 1e4)
}

/// Seconds as people write them: `10ms`, `2.5s`.
fn readable(seconds: f64) -> String {
    let (factor, unit) = match seconds {
        it if it < 1e-3 => (1e6, "µs"),
        it if it < 1.0 => (1e3, "ms"),
        _ => (1.0, "s"),
    };
    format!("{}{unit}", (seconds * factor * 1e4).round() / 1e4)
}
