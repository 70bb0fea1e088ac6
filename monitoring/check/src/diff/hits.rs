//! Finds the panels and alerts that a change affects.

use super::{Asks, Change, Found};
use crate::metric_index::base;
use measurand_monitoring::Monitoring;
use measurand_monitoring::query::{Matcher, Query};

impl Found {
    pub(super) fn with_hits(self, monitoring: &Monitoring) -> Change {
        let hit = |query: &Query| self.asks.hits(query);
        let panels = monitoring.rows.iter().flat_map(|row| row.panels.iter().map(move |it| (row, it)));
        let panels = panels.filter(|(_, panel)| panel.lines.iter().any(|it| hit(&it.query)));
        let mut alerts: Vec<String> = monitoring
            .alerts
            .iter()
            .flat_map(|it| &it.rules)
            .filter(|it| hit(&it.query))
            .map(|it| it.name.clone())
            .collect();
        // An alert has several rules if functions have different severities.
        alerts.dedup();
        Change {
            panels: panels.map(|(row, panel)| format!("{} / {}", row.title, panel.title)).collect(),
            alerts,
            level: self.level,
            subject: self.subject,
            message: self.message,
        }
    }
}

impl Asks {
    fn hits(&self, query: &Query) -> bool {
        match self {
            Asks::Nothing => false,
            Asks::Metrics(metrics) => about(query, metrics),
            Asks::Label(metrics, label) => about(query, metrics) && names(query, &|it| it == label, &|_| false),
            Asks::Value(metrics, label, value) => {
                let matched = |it: &Matcher| it.label == *label && it.is.holds(value);
                about(query, metrics) && names(query, &|it| it == label, &matched)
            }
        }
    }
}

fn about(query: &Query, metrics: &[String]) -> bool {
    query.selectors().iter().any(|it| metrics.iter().any(|metric| it.metric == *metric || base(&it.metric) == metric))
}

/// Whether a query groups by a label or selects by it.
fn names(query: &Query, by: &dyn Fn(&str) -> bool, matched: &dyn Fn(&Matcher) -> bool) -> bool {
    let own = match query {
        Query::Aggregate(_, labels, _) | Query::Buckets(labels, ..) => labels.iter().any(|it| by(it)),
        Query::Recorded { matchers, .. } => matchers.iter().any(|it| by(&it.label) || matched(it)),
        _ => false,
    };
    let selected = query.selector().is_some_and(|it| it.matchers.iter().any(|it| by(&it.label) || matched(it)));
    own || selected || query.children().into_iter().any(|it| names(it, by, matched))
}
