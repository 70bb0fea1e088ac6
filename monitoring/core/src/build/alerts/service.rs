//! The alerts that every program gets, whatever it annotates.

use super::condition::SMOOTHED;
use super::draft::{Common, Context, Draft};
use super::facts::{self, FactGroup, Facts, Split};
use super::scenario::{TRAFFIC, buckets, counter, gauge, interpolated, labels, scenario};
use super::timeline;
use crate::build::panels::system::{
    DESCRIPTORS_PANEL, LAG, LAG_PANEL, MEMORY_PANEL, MOST_DESCRIPTORS, OPEN_DESCRIPTORS, OVERFLOWS, PANICS_PANEL,
    RESIDENT_BYTES, SCRAPE_PANEL, SERIES_PANEL, START_TIME, STATUS_PANEL, UPTIME_PANEL,
};
use crate::build::used_family::UsedFamily;
use crate::model::{Format, Piece, Scenario, Signal, label, text};
use crate::query::{Aggregation, Combination, Comparison, Query, Selector, Window};
use measurand_catalog::family::{ERROR_OUTCOMES, OUTCOME_LABEL};
use measurand_catalog::platform::PlatformMetric;
use measurand_catalog::{Role, Severity};
use std::collections::BTreeMap;

const DESCRIPTORS: f64 = 0.8;
const SCRAPE_SECONDS: f64 = 1.0;
/// One of the buckets of the lag.
const LAG_SECONDS: f64 = 0.1;
const RESTARTS: f64 = 3.0;
const QUARTER: Window = Window::Seconds(900);
const HOUR: Window = Window::Seconds(3600);

/// The alert about panics.
pub(super) const PANICS: &str = "FunctionPanics";
const PANIC: &str = ERROR_OUTCOMES[1];

const GONE: &str = "Silent without series: a program that is gone is the business of ServiceDown.";
const NO_TOKIO: &str = "Silent without series: the program may have no Tokio runtime.";

pub(super) const ALERTS: &[Common] = &[
    Common {
        name: "ServiceDown",
        severity: Some(Severity::P0),
        for_seconds: 60,
        summary: "The service does not answer.",
        impact: "Nobody is served, and nothing else about the service is known.",
        panel: STATUS_PANEL,
        absent: "Fires: a target that has vanished from Prometheus is as bad as one that does not answer.",
        advice: &[
            "Ask the program itself: `curl http://HOST:3000/healthz` on its machine.",
            "If it is gone, its log and that of the system tell why: a panic, a kill for want of memory.",
            "If it answers, Prometheus cannot reach it: network, firewall, certificate, or a wrong target.",
        ],
        // `up == 0` alone misses a target that has vanished from Prometheus altogether.
        query: |_| {
            let up = Selector::new("up");
            let down = Query::Compare(Box::new(Query::Instant(up.clone())), Comparison::Equal, 0.0);
            Some(down.combine(Combination::Or, Query::Absent(up)))
        },
        description: |_| {
            let instance = Piece::LabelOr("instance".to_owned(), "no instance known to Prometheus".to_owned());
            vec![text("Prometheus cannot scrape "), label("job"), text(" ("), instance, text(").")]
        },
        scenario: |_| Scenario {
            lead: 0,
            up: false,
            fires_without_data: true,
            ..scenario(vec![gauge("up", Vec::new(), [0.0, 1.0, 1.0])], instance(), 0.0)
        },
    },
    Common {
        name: PANICS,
        severity: Some(Severity::P2),
        for_seconds: 0,
        summary: "Annotated functions panic.",
        impact: "The calls that panicked were not done; whoever made them saw an error or waits in vain.",
        panel: PANICS_PANEL,
        absent: GONE,
        advice: &[
            "The labels tell the function; the log has the message and the backtrace.",
            "A panic is a bug: mend it, or take back the release that brought it.",
        ],
        // By what functions say: see `panics`.
        query: |_| None,
        description: |_| {
            let number = Piece::Value(Format::Count);
            vec![number, text(" panics within five minutes:"), Piece::Labels]
        },
        scenario: |_| Scenario::default(),
    },
    Common {
        name: "MemoryHigh",
        severity: Some(Severity::P2),
        for_seconds: 900,
        summary: "The process takes more memory than its target.",
        impact: "Sooner or later the system kills the process.",
        panel: MEMORY_PANEL,
        absent: GONE,
        advice: &[
            "The panel tells whether it grows or came at once.",
            "Compare with series, tasks and file descriptors: what grows with it is the cause.",
            "If it grows without end, restart before the system kills it, and look for the leak.",
        ],
        query: |it| {
            let memory = Query::MaximumOverTime(Selector::new(RESIDENT_BYTES.name), SMOOTHED);
            Some(by_instance(memory).above(it.options.memory_bytes))
        },
        description: |it| {
            let limit = format!("; the limit is {}MiB.", it.options.memory_bytes / 1024.0 / 1024.0);
            vec![label("instance"), text(" takes "), Piece::Value(Format::Bytes), text(limit)]
        },
        scenario: |it| platform(RESIDENT_BYTES.name, it.options.memory_bytes, 900),
    },
    Common {
        name: "EventLoopLagHigh",
        severity: Some(Severity::P2),
        for_seconds: 600,
        summary: "Tasks wait for a worker of the Tokio runtime.",
        impact: "Everything asynchronous is slower, whatever it does.",
        panel: LAG_PANEL,
        absent: NO_TOKIO,
        advice: &[
            "If the workers are busy, there is too much to do; if not, a task blocks a worker.",
            "A stack trace of the process tells which: look for files, locks and long loops in tasks.",
        ],
        query: |_| {
            let by = ["instance".to_owned()];
            let lag = Query::Buckets(by.to_vec(), Selector::new(LAG.name), Window::Recent);
            Some(lag.quantile(0.99).above(LAG_SECONDS))
        },
        description: |_| {
            let seconds = Piece::Value(Format::Seconds);
            vec![
                text("1% of the tasks of "),
                label("instance"),
                text(" wait longer than "),
                seconds,
                text(" for a worker."),
            ]
        },
        scenario: |_| {
            let bounds = [0.05, LAG_SECONDS, 0.25];
            let signals = buckets(LAG.name, &Vec::new(), &bounds, [0.25, LAG_SECONDS, 0.05]);
            let courses = vec![timeline::histogram(&signals, 600)];
            Scenario { courses, ..scenario(signals, instance(), interpolated(0.99, LAG_SECONDS, 0.25)) }
        },
    },
    Common {
        name: "SeriesLimitReached",
        severity: Some(Severity::P2),
        for_seconds: 0,
        summary: "A family of metrics has as many series as it may have.",
        impact: "New values of its labels are counted together under `_other`.",
        panel: SERIES_PANEL,
        absent: GONE,
        advice: &[
            "The family's labels tell which takes ever new values: an identifier, a path, a message.",
            "Give it fewer values; a higher limit only moves the day.",
        ],
        query: |_| {
            let family = ["family".to_owned()];
            Some(Query::Increase(Selector::new(OVERFLOWS.name), QUARTER).sum(&family).above(0.0))
        },
        description: |_| {
            let number = Piece::Value(Format::Count);
            vec![
                number,
                text(" recordings of the family "),
                label("family"),
                text(" went to `_other` within a quarter of an hour."),
            ]
        },
        scenario: |_| {
            let own = labels(&[("family", "database")]);
            let signal = counter(OVERFLOWS.name, own.clone(), [10.0, 0.0, 0.0]);
            let courses = vec![timeline::burst(&signal, 15, 0)];
            Scenario { recovery: 20, courses, ..scenario(vec![signal], own, 20.0) }
        },
    },
    Common {
        name: "RestartLoop",
        severity: Some(Severity::P3),
        for_seconds: 0,
        summary: "The process begins again and again.",
        impact: "What was in progress is lost each time, and counters begin at zero.",
        panel: UPTIME_PANEL,
        absent: GONE,
        advice: &[
            "The log just before each start tells why the process ended.",
            "If the system killed it, see memory; if it ended itself, see its last lines.",
        ],
        query: |_| {
            let restarts = Query::Changes(Selector::new(START_TIME.name), HOUR);
            Some(by_instance(restarts).above(RESTARTS))
        },
        description: |_| {
            let number = Piece::Value(Format::Count);
            vec![label("instance"), text(" restarted "), number, text(" times within an hour.")]
        },
        scenario: |_| {
            // A new number each minute is a restart each minute, and before it has restarted as often as it may.
            let signal = Signal { before: 60.0, ..counter(START_TIME.name, Vec::new(), [60.0, 0.0, 0.0]) };
            let courses = vec![timeline::course(timeline::OVER, vec![signal.along(&[(10, 60.0), (130, 0.0)])])];
            Scenario { before: 4, lead: 0, recovery: 65, courses, ..scenario(vec![signal], instance(), 5.0) }
        },
    },
    Common {
        name: "ScrapeSlow",
        severity: Some(Severity::P3),
        for_seconds: 900,
        summary: "Scrapes of the service are slow.",
        impact: "Scrapes may time out soon, and then dashboards have gaps and alerts are late.",
        panel: SCRAPE_PANEL,
        absent: GONE,
        advice: &[
            "See how many samples a scrape brings, and how long rendering takes: the rest is network.",
            "If the process is busy, the scrape waits as all else does.",
        ],
        query: |_| {
            let scrape = Query::AverageOverTime(Selector::new("scrape_duration_seconds"), SMOOTHED);
            Some(by_instance(scrape).above(SCRAPE_SECONDS))
        },
        description: |_| {
            let seconds = Piece::Value(Format::Seconds);
            vec![text("A scrape of "), label("instance"), text(" takes "), seconds, text(" on average.")]
        },
        scenario: |_| platform("scrape_duration_seconds", SCRAPE_SECONDS, 900),
    },
    Common {
        name: "FileDescriptorsRunningOut",
        severity: Some(Severity::P3),
        for_seconds: 900,
        summary: "The process has most of its file descriptors in use.",
        impact: "When none is left, no file and no connection opens any more.",
        panel: DESCRIPTORS_PANEL,
        absent: GONE,
        advice: &[
            "`ls /proc/PID/fd` on its machine tells what they are: files or connections.",
            "If they only grow, something opens and does not close; restart before none is left.",
        ],
        query: |_| {
            let most = |it: &PlatformMetric| {
                Query::MaximumOverTime(Selector::new(it.name), SMOOTHED).sum(&["instance".to_owned()])
            };
            Some(most(OPEN_DESCRIPTORS).part_of(most(MOST_DESCRIPTORS)).above(DESCRIPTORS))
        },
        description: |_| {
            let share = Piece::Value(Format::Share);
            vec![share, text(" of the file descriptors of "), label("instance"), text(" are open.")]
        },
        scenario: |_| {
            let open = gauge(OPEN_DESCRIPTORS.name, Vec::new(), [900.0, 790.0, 10.0]);
            let most = gauge(MOST_DESCRIPTORS.name, Vec::new(), [1000.0; 3]);
            let courses = vec![
                timeline::course(
                    timeline::OVER,
                    vec![open.along(&[(25, 900.0), (14, 10.0)]), most.along(&[(39, 1000.0)])],
                ),
                timeline::course(
                    timeline::BEGINS,
                    vec![open.along(&[(40, 900.0)]), most.along(&[(12, 1e6), (28, 1000.0)])],
                ),
                timeline::course(timeline::NOTHING, vec![open.along(&[(25, 900.0)]), most.along(&[(25, 0.0)])]),
            ];
            Scenario { lead: 0, courses, ..scenario(vec![open, most], instance(), 0.9) }
        },
    },
    Common {
        name: "Watchdog",
        severity: None,
        for_seconds: 0,
        summary: "The alerting works.",
        impact: "None: this alert always fires, and its absence means that no alert would arrive.",
        panel: STATUS_PANEL,
        absent: "Fires, as it always does.",
        advice: &[
            "Nothing: it always fires.",
            "When the dead man's switch calls, look at Prometheus, then at Alertmanager, then at the network between.",
        ],
        query: |_| Some(Query::Constant(1.0)),
        description: |_| vec![text("This alert always fires; send it to a dead man's switch.")],
        scenario: |_| Scenario { lead: 0, fires_without_data: true, ..scenario(Vec::new(), Vec::new(), 1.0) },
    },
];

/// The alert about panics of all families: one for the functions that say the same of who answers.
pub(super) fn panics<'a>(row: &'a Common, context: &Context<'a>, split: Split) -> Vec<Draft<'a>> {
    let changed = context.options.changed.get(row.name).copied().unwrap_or_default();
    let Some(own) = changed.severity.or(row.severity) else { return Vec::new() };
    let mut by_facts: BTreeMap<Facts<'a>, Vec<(&UsedFamily<'a>, FactGroup<'a>)>> = BTreeMap::new();
    for family in context.families {
        let Some(errors) = family.selector(Role::Errors) else { continue };
        let panics = Query::Increase(errors.with(OUTCOME_LABEL, PANIC), Window::Recent).sum(&family.labels());
        for part in facts::parts(family, own, &panics, split) {
            by_facts.entry(part.facts).or_default().push((family, part));
        }
    }
    let draft = |(facts, parts): (Facts<'a>, Vec<(&UsedFamily<'a>, FactGroup<'a>)>)| {
        let queries = parts.iter().map(|(_, it)| it.query.clone().above(0.0));
        let query = queries.reduce(|all, it| all.combine(Combination::Or, it))?;
        let draft = row.draft_with(context, query, panics_proof(&parts));
        let sites = parts.into_iter().flat_map(|it| it.1.sites).collect();
        Some(Draft { severity: Some(facts.severity), team: facts.owner(), runbook: facts.runbook(), sites, ..draft })
    };
    by_facts.into_iter().filter_map(draft).collect()
}

fn panics_proof(parts: &[(&UsedFamily<'_>, FactGroup<'_>)]) -> Scenario {
    let signal = |(family, part): &(&UsedFamily<'_>, FactGroup<'_>), outcome: &str, phases| {
        let outcome = (OUTCOME_LABEL.to_owned(), outcome.to_owned());
        let labels = part.example.iter().cloned().chain([outcome]).collect();
        Some(counter(&family.metric(Role::Errors)?.name, labels, phases))
    };
    let panicked = |it| signal(it, PANIC, [1.0, 0.0, 0.0]);
    let Some(first) = parts.first() else { return Scenario::default() };
    // Other errors are no panics.
    let signals = [panicked(first), signal(first, "cancelled", [0.0, TRAFFIC, 0.0])];
    let courses = parts.iter().filter_map(panicked).map(|it| timeline::burst(&it, 5, 0)).collect();
    Scenario { courses, ..scenario(signals.into_iter().flatten().collect(), first.1.example.clone(), 2.0) }
}

fn by_instance(query: Query) -> Query {
    query.aggregate(Aggregation::Maximum, &["instance".to_owned()])
}

fn instance() -> Vec<(String, String)> {
    labels(&[("instance", "a")])
}

/// A gauge of the process that goes beyond a limit.
fn platform(metric: &str, limit: f64, for_seconds: u32) -> Scenario {
    let signal = gauge(metric, Vec::new(), [2.0 * limit, 0.99 * limit, 0.1 * limit]);
    let courses = vec![timeline::peak(&signal, for_seconds)];
    Scenario { lead: 0, courses, ..scenario(vec![signal], instance(), 2.0 * limit) }
}
