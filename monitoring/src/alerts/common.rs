//! The alerts that every program gets, whatever it annotates.

use super::{Draft, fact, owner};
use crate::family::Used;
use crate::model::{Format, Piece, label, text};
use crate::panels::{
    DESCRIPTORS, DESCRIPTORS_PANEL, PANICS_PANEL, SCRAPE_PANEL, SCRAPE_SECONDS, STATUS_PANEL, descriptors,
};
use crate::query::{Aggregation, Combination, Comparison, Query, Selector, Window};
use measurand_catalog::family::OUTCOME_LABEL;
use measurand_catalog::{Role, Severity};

/// Long enough that one failed scrape does not clear an alert about a gauge.
const SMOOTHED: Window = Window::Seconds(300);

/// One row of the table below.
struct Common {
    name: &'static str,
    severity: Option<Severity>,
    hold_seconds: u32,
    summary: &'static str,
    impact: &'static str,
    panel: &'static str,
    query: fn(&[Used<'_>]) -> Option<Query>,
    description: fn() -> Vec<Piece>,
}

const ALERTS: &[Common] = &[
    Common {
        name: "ServiceDown",
        severity: Some(Severity::P0),
        hold_seconds: 60,
        summary: "The service does not answer.",
        impact: "Nobody is served, and nothing else about the service is known.",
        panel: STATUS_PANEL,
        // `up == 0` alone misses a target that has vanished from Prometheus altogether.
        query: |_| {
            let up = Selector::new("up");
            let down = Query::Compare(Box::new(Query::Last(up.clone())), Comparison::Equal, 0.0);
            Some(down.combine(Combination::Or, Query::Absent(up)))
        },
        description: || {
            let instance = Piece::LabelOr("instance".to_owned(), "no instance known to Prometheus".to_owned());
            vec![text("Prometheus cannot scrape "), label("job"), text(" ("), instance, text(").")]
        },
    },
    Common {
        name: "FunctionPanics",
        severity: Some(Severity::P2),
        hold_seconds: 0,
        summary: "Annotated functions panic.",
        impact: "The calls that panicked were not done; whoever made them saw an error or waits in vain.",
        panel: PANICS_PANEL,
        query: |families| {
            let panics = |it: &Used<'_>| {
                let errors = it.selector(Role::Errors)?.with(OUTCOME_LABEL, "panic");
                Some(Query::Increase(errors, Window::Recent).sum(&it.labels()).above(0.0))
            };
            families.iter().filter_map(panics).reduce(|all, it| all.combine(Combination::Or, it))
        },
        description: || {
            let number = Piece::Value(Format::Count);
            vec![number, text(" panics within five minutes:"), Piece::Labels]
        },
    },
    Common {
        name: "ScrapeSlow",
        severity: Some(Severity::P3),
        hold_seconds: 900,
        summary: "Scrapes of the service are slow.",
        impact: "Scrapes may time out soon, and then dashboards have gaps and alerts are late.",
        panel: SCRAPE_PANEL,
        query: |_| {
            let scrape = Selector::new("scrape_duration_seconds");
            let by = ["instance".to_owned()];
            let smoothed = Query::AverageOverTime(scrape, SMOOTHED).aggregate(Aggregation::Maximum, &by);
            Some(smoothed.above(SCRAPE_SECONDS))
        },
        description: || {
            let seconds = Piece::Value(Format::Seconds);
            vec![text("A scrape of "), label("instance"), text(" takes "), seconds, text(" on average.")]
        },
    },
    Common {
        name: "FileDescriptorsRunningOut",
        severity: Some(Severity::P3),
        hold_seconds: 900,
        summary: "The process has most of its file descriptors in use.",
        impact: "When none is left, no file and no connection opens any more.",
        panel: DESCRIPTORS_PANEL,
        query: |_| Some(descriptors(|it| Query::MaximumOverTime(it, SMOOTHED)).above(DESCRIPTORS)),
        description: || {
            let share = Piece::Value(Format::Share);
            vec![share, text(" of the file descriptors of "), label("instance"), text(" are open.")]
        },
    },
    Common {
        name: "Watchdog",
        severity: None,
        hold_seconds: 0,
        summary: "The alerting works.",
        impact: "None: this alert always fires, and its absence means that no alert would arrive.",
        panel: STATUS_PANEL,
        query: |_| Some(Query::Constant(1.0)),
        description: || vec![text("This alert always fires; send it to a dead man's switch.")],
    },
];

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ALERTS.iter().map(|it| it.name)
}

/// The table's rows that make sense for these families.
pub(super) fn drafts<'a>(families: &[Used<'a>]) -> Vec<Draft<'a>> {
    let sites: Vec<_> = families.iter().flat_map(Used::sites).collect();
    // The whole program is a team's only if every function is: one function's owner must not get all of it.
    let team = owner(&sites).filter(|_| sites.iter().all(|it| fact(it, "owner").is_some()));
    let draft = |it: &Common| {
        Some(Draft {
            name: it.name,
            query: (it.query)(families)?,
            hold_seconds: it.hold_seconds,
            severity: it.severity,
            summary: it.summary,
            description: (it.description)(),
            impact: it.impact,
            panel: it.panel.to_owned(),
            team,
            // A function's page is about that function, not about these.
            runbook: None,
        })
    };
    ALERTS.iter().filter_map(draft).collect()
}
