//! The query and the description of a family's alert.

use super::family_alert::FamilyAlert;
use super::signals::SignalRow;
use crate::build::objectives::percent;
use crate::model::{Format, Piece, Unit, label, text};
use crate::query::promql::duration;
use crate::query::{Combination, Query};
use measurand_catalog::{Direction, Role};

impl FamilyAlert<'_> {
    /// The value while the condition holds. Comparisons drop `NaN`, the quantile of no observations: without traffic no
    /// alert fires.
    pub(super) fn compared(&self, row: &SignalRow, value: Query) -> Option<Query> {
        let compared = match self.record.condition.signal.spec().direction {
            Direction::Above => value.above(self.threshold()),
            Direction::Below => value.below(self.threshold()),
            Direction::Zero => value.is_zero(),
        };
        let enough = (row.bad)(self).map(|it| self.minimum.is_in(it, row.window_seconds));
        let guards = (row.guards)(self)?.into_iter().chain(enough);
        let compared = guards.fold(compared, |all, it| all.combine(Combination::And, it));
        let also = (row.also)(self);
        Some(also.into_iter().fold(compared, |all, it| all.combine(Combination::Or, it)))
    }

    /// `query_type=select, table=patterns: 7.5% of the calls failed within five minutes; the limit is 5%.`
    pub(super) fn description(&self, row: &SignalRow) -> Vec<Piece> {
        let format = row.format.unwrap_or_else(|| match self.family.unit(Role::Level) {
            Some(Unit::Share) => Format::Share,
            Some(Unit::Bytes) => Format::Bytes,
            Some(Unit::Seconds) => Format::Seconds,
            _ => Format::Count,
        });
        let threshold = self.threshold();
        let limit = match format {
            Format::Share => percent(threshold),
            Format::Bytes => format!("{}MiB", threshold / 1024.0 / 1024.0),
            Format::Seconds => readable(threshold),
            _ => threshold.to_string(),
        };
        let quantile = self.record.condition.quantile.unwrap_or_default();
        let mut sentence = row.description.replace("{limit}", &limit);
        sentence = sentence.replace("{above}", &percent(1.0 - quantile)).replace("{below}", &percent(quantile));
        sentence = sentence.replace("{time}", &duration(self.seconds()));
        let (before, after) = sentence.split_once("{value}").unwrap_or((&sentence, ""));
        let mut pieces = subject(&self.by);
        pieces.extend([text(before), Piece::Value(format), text(after)]);
        pieces
    }
}

/// `query_type=select, table=patterns: `
pub(super) fn subject(labels: &[String]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (index, name) in labels.iter().enumerate() {
        pieces.push(text(format!("{}{name}=", if index == 0 { "" } else { ", " })));
        pieces.push(label(name));
    }
    if !pieces.is_empty() {
        pieces.push(text(": "));
    }
    pieces
}

/// Formats seconds: `10ms`, `2.5s`.
pub(crate) fn readable(seconds: f64) -> String {
    let (factor, unit) = match seconds {
        it if it < 1e-3 => (1e6, "µs"),
        it if it < 1.0 => (1e3, "ms"),
        _ => (1.0, "s"),
    };
    format!("{}{unit}", (seconds * factor * 1e4).round() / 1e4)
}
