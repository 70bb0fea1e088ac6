//! Alert states over time: inactive, pending or firing.

use super::combine;
use super::samples::{Labels, is_present};
use super::scope::AnswerRow;
use std::sync::Arc;

/// The state of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The condition does not hold.
    Inactive,
    /// The condition holds, but not for long enough yet.
    Pending,
    /// The condition has held for long enough.
    Firing,
}

/// One series of an alert that is pending or firing.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// The labels.
    pub labels: Arc<Labels>,
    /// The value.
    pub value: f64,
    /// The time since when the condition holds without interruption, in milliseconds since the epoch.
    pub since: i64,
    /// The state; never inactive.
    pub phase: Phase,
}

/// Returns the pending and firing series at the last of these instants, from the results of an alert's condition.
///
/// As in Prometheus, the condition is only evaluated at the instants. If it does not hold at one of them, the waiting
/// time starts again. An alert fires once the condition has held from one instant to another that is at least `hold`
/// milliseconds later. Once it fires, it keeps firing for `keep` milliseconds after the condition has ended.
#[must_use]
pub fn progress(rows: &[AnswerRow], times: &[i64], hold: i64, keep: i64) -> Vec<Progress> {
    merged(rows).iter().filter_map(|it| of_row(it, times, hold, keep, &mut |_| ())).collect()
}

/// Returns the states of all pending and firing series at each of the instants.
pub(crate) fn history(rows: &[AnswerRow], times: &[i64], hold: i64, keep: i64) -> Vec<Vec<Phase>> {
    let mut all = vec![Vec::new(); times.len()];
    for row in merged(rows) {
        let mut instants = all.iter_mut();
        of_row(&row, times, hold, keep, &mut |state| {
            if let Some(phases) = instants.next() {
                phases.extend(state.map(|it| it.phase));
            }
        });
    }
    all
}

/// Drops the names of metrics: in `a > 1 or b > 1`, one side can take over from the other without interruption.
fn merged(rows: &[AnswerRow]) -> Vec<AnswerRow> {
    combine::merged(rows.iter().map(|it| AnswerRow { name: None, ..it.clone() }).collect())
}

/// Calls `each` with the state after each instant.
fn of_row(
    row: &AnswerRow,
    times: &[i64],
    hold: i64,
    keep: i64,
    each: &mut dyn FnMut(Option<&Progress>),
) -> Option<Progress> {
    let mut state: Option<Progress> = None;
    let mut gone = None;
    for (time, value) in times.iter().zip(&row.values) {
        if is_present(*value) {
            gone = None;
            let it = state.get_or_insert_with(|| Progress {
                labels: Arc::clone(&row.labels),
                value: *value,
                since: *time,
                phase: Phase::Pending,
            });
            it.value = *value;
            if time - it.since >= hold {
                it.phase = Phase::Firing;
            }
        } else {
            let gone = *gone.get_or_insert(*time);
            state = state.filter(|it| it.phase == Phase::Firing && time - gone < keep);
        }
        each(state.as_ref());
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::evaluate::STALE;

    /// One instant a minute; the condition holds at `x`. States: `.` inactive, `p` pending, `F` firing.
    fn check(holds: &str, hold: i64, keep: i64, expected: &str) {
        let times: Vec<i64> = (0..).map(|it| it * 60_000).take(holds.len()).collect();
        let values = holds.chars().map(|it| if it == 'x' { 1.0 } else { STALE }).collect();
        let row = AnswerRow { name: None, labels: Arc::default(), values };
        let after = |count: usize| {
            let first = AnswerRow { values: row.values[..count].to_vec(), ..row.clone() };
            match progress(&[first], &times[..count], hold * 60_000, keep * 60_000).first().map(|it| it.phase) {
                None | Some(Phase::Inactive) => '.',
                Some(Phase::Pending) => 'p',
                Some(Phase::Firing) => 'F',
            }
        };
        assert_eq!((1..=holds.len()).map(after).collect::<String>(), expected, "{holds}");
        let at = |phases: &Vec<Phase>| phases.iter().map(|it| if *it == Phase::Firing { 'F' } else { 'p' }).next();
        let all = history(&[row], &times, hold * 60_000, keep * 60_000);
        assert_eq!(all.iter().map(|it| at(it).unwrap_or('.')).collect::<String>(), expected, "{holds}");
    }

    #[test]
    fn an_alert_goes_on_when_another_metric_takes_over() {
        let row = |name: &str, values: &[f64]| AnswerRow {
            name: Some(name.into()),
            labels: Arc::default(),
            values: values.to_vec(),
        };
        let rows = [row("a", &[1.0, 1.0, STALE, STALE]), row("b", &[STALE, STALE, 2.0, 2.0])];
        let all = progress(&rows, &[0, 60_000, 120_000, 180_000], 120_000, 0);
        assert_eq!(all.iter().map(|it| (it.since, it.phase)).collect::<Vec<_>>(), [(0, Phase::Firing)]);
    }

    #[test]
    fn an_alert_fires_when_it_has_held_and_starts_again() {
        check(" xxxx  x", 2, 0, ".ppFF..p");
        check(" xx xxx", 2, 0, ".pp.ppF");
        check(" x x", 0, 0, ".F.F");
        check(" xxx    ", 1, 2, ".pFFFF..");
        check(" x xx", 1, 2, ".p.pF");
    }
}
