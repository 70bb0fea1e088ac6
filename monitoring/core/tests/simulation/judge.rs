//! Evaluates alerts over the simulated time in Prometheus.

use crate::day::{is_gap, is_jump};
use crate::faults::MINUTES;
use measurand_monitoring::Monitoring;
use measurand_monitoring::model::Alert;
use measurand_monitoring::query::promql::{Place, print};
use measurand_monitoring::query::{Query, Selector};
use measurand_tests::Prometheus;
use serde_json::Value;

/// Seconds between two evaluations, as in the rule files.
const STEP: i64 = 30;
/// For windows of days, which take longer to evaluate.
const SLOW_STEP: i64 = 600;

/// A time in which an alert fires without interruption, in seconds since the start of the simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Episode {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

/// Evaluates the alerts of one program.
pub(crate) struct Judge<'a> {
    prometheus: &'a Prometheus,
    job: &'a str,
    start: i64,
    faulty: bool,
    /// Recorded series with their expressions. Each comes before those that depend on it.
    recorded: Vec<(String, String)>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(prometheus: &'a Prometheus, monitoring: &'a Monitoring, start: i64, faulty: bool) -> Self {
        let place = Place::Rules { job: &monitoring.job };
        let rules = monitoring.recordings.iter().flat_map(|it| &it.rules);
        let recorded = rules.map(|it| {
            let series =
                it.labels.iter().fold(Selector::of_rules(&it.record), |all, (name, value)| all.with(name, value));
            (print(&Query::Instant(series), place), print(&it.query, place))
        });
        Self { prometheus, job: &monitoring.job, start, faulty, recorded: recorded.collect() }
    }

    /// The times in which the alert fires, for any labels.
    pub(crate) fn episodes(&self, alert: &Alert) -> Vec<Episode> {
        let step = if alert.name == "ErrorBudgetSlowBurn" { SLOW_STEP } else { STEP };
        let expression = self.expanded(self.with_unions(&alert.query));
        let end = self.start + i64::from(MINUTES) * 60;
        let mut all: Vec<Episode> = self
            .prometheus
            .query_range(&expression, self.start, end, step)
            .iter()
            .flat_map(|series| self.firing(series, step, i64::from(alert.for_seconds)))
            .collect();
        all.sort();
        all
    }

    /// Prints a query with the recorded series that one selector reads one by one, and with the labels of their rules.
    fn with_unions(&self, query: &Query) -> String {
        let place = Place::Rules { job: self.job };
        let union = |of: &Query| {
            let series = of.children().into_iter().filter_map(|it| {
                let Query::Recorded { record, labels, of, .. } = it else { return None };
                let alone = of.as_ref().clone().recorded_as(record.clone(), labels.clone());
                Some(labels.iter().fold(print(&alone, place), |of, (name, value)| {
                    format!(r#"label_replace({of}, "{name}", "{value}", "", "")"#)
                }))
            });
            format!("({})", series.collect::<Vec<_>>().join(" or "))
        };
        let (mut text, mut waiting) = (print(query, place), vec![query]);
        while let Some(it) = waiting.pop() {
            match it {
                Query::AllRecorded(_) => text = text.replace(&print(it, place), &union(it)),
                _ => waiting.extend(it.children()),
            }
        }
        text
    }

    /// Replaces recorded series by their expressions.
    fn expanded(&self, mut text: String) -> String {
        for (series, expression) in self.recorded.iter().rev() {
            while let Some((before, after)) = text.split_once(series.as_str()) {
                let resolution = after.strip_prefix('[').and_then(|it| it.split_once(']'));
                text = match resolution {
                    Some((window, after)) => format!("{before}({expression})[{window}:5m]{after}"),
                    None => format!("{before}({expression}){after}"),
                };
            }
        }
        text
    }

    fn firing(&self, series: &Value, step: i64, hold: i64) -> Vec<Episode> {
        #[expect(clippy::cast_possible_truncation, reason = "whole seconds")]
        let time = |it: &Value| it[0].as_f64().unwrap_or_default() as i64 - self.start;
        let times = series["values"].as_array().into_iter().flatten().map(time);
        // Prometheus evaluates nothing while it is down, and in a time that its clock skips.
        let times: Vec<i64> = times.filter(|it| self.faulty || !(is_gap(*it) || is_jump(*it))).collect();
        let runs = times.chunk_by(|one, other| other - one == step);
        let episode = |run: &[i64]| {
            let (first, last) = (run.first()?, run.last()?);
            let start = (first + hold + step - 1) / step * step;
            (start <= *last).then_some(Episode { start, end: last + step })
        };
        runs.filter_map(episode).collect()
    }
}
