//! The alerts that every program gets, independent of what it annotates.

use super::draft::{Common, Context, Draft, HOUR, QUARTER};
use super::facts::{self, FactGroup, Facts, Split};
use super::family_alert::SMOOTHED;
use super::scenario::{TRAFFIC, buckets, counter, few, gauge, interpolated, labels, nearly, scenario};
use super::timeline;
use crate::build::budget;
use crate::build::panels::system::{
    DESCRIPTORS_PANEL, LAG, LAG_PANEL, MEMORY_PANEL, MOST_DESCRIPTORS, OPEN_DESCRIPTORS, OVERFLOWS, PANICS_PANEL,
    PANICS_TOTAL, RESIDENT_BYTES, SAMPLES_PANEL, SCRAPE_PANEL, SCRAPE_SAMPLES, SERIES_PANEL, START_TIME, STATUS_PANEL,
    UPTIME_PANEL,
};
use crate::build::used_family::UsedFamily;
use crate::model::{Format, Piece, Scenario, Signal, label, text};
use crate::query::{Aggregation, Combination, Match, Query, Selector, Window};
use measurand_catalog::family::{ERROR_OUTCOMES, OUTCOME_LABEL};
use measurand_catalog::platform::PlatformMetric;
use measurand_catalog::{Role, Severity};
use std::collections::BTreeMap;

const DESCRIPTORS: f64 = 0.8;
const SCRAPE_SECONDS: f64 = 1.0;
/// Limit for the lag, which is a bucket bound.
const LAG_SECONDS: f64 = 0.1;
const RESTARTS: f64 = 3.0;
/// Share of `sample_limit`.
const SAMPLES: f64 = 0.8;

/// The name of the alert about panics.
pub(super) const PANICS: &str = "FunctionPanics";
const PANIC: &str = ERROR_OUTCOMES[1];

const GONE: &str = "Silent without series. ServiceDown fires when the program is gone.";
const MANY_SAMPLES: &[&str] = &[
    "Count the series by metric: `curl -s http://HOST:3000/metrics | cut -d'{' -f1 | sort | uniq -c | sort -n | tail`.",
    "If the values of a label never repeat, such as identifiers, paths or messages, reduce them.",
    "If all series are needed, set `sample_limit` in `monitoring.toml`, generate again and reload Prometheus.",
];
const NO_TOKIO: &str = "Silent without series. The program may have no Tokio runtime.";

pub(super) const ALERTS: &[Common] = &[
    Common {
        name: "ServiceDown",
        severity: Some(Severity::P0),
        for_seconds: 60,
        summary: "The service does not answer.",
        impact: "The service probably serves no users, and its other alerts cannot fire.",
        panel: STATUS_PANEL,
        absent: "Fires: a target that is missing in Prometheus is as bad as one that does not answer.",
        advice: &[
            "Ask the program directly: run `curl http://HOST:3000/healthz` on its machine.",
            "If it does not run, its log and the system log show why: a panic, or a kill for lack of memory.",
            "If it answers, the page `/targets` of Prometheus shows why the scrape fails: network, certificate, a limit.",
        ],
        // One alert for each instance that is down, and one without an instance if no instance is up: the inhibition
        // rule tells the two apart. `up == 0` alone misses a target that Prometheus no longer has. A scrape above
        // `sample_limit` has its own alert.
        query: |it| {
            let (up, limit) = (Selector::new("up"), sample_limit(it));
            let down = fails().combine(Combination::Unless, samples().above(limit));
            let most = |query: Query| query.aggregate(Aggregation::Maximum, &[]);
            let all_down = most(Query::Instant(up.clone())).is_zero();
            let all_down = all_down.combine(Combination::Unless, most(samples()).above(limit));
            Some(down.combine(Combination::Or, all_down).combine(Combination::Or, Query::Absent(up)))
        },
        description: |_| {
            let instance = Piece::LabelOr("instance".to_owned(), "no instance answers".to_owned());
            vec![text("Prometheus cannot scrape "), label("job"), text(" ("), instance, text(").")]
        },
        scenario: |it| {
            let one = gauge("up", instance(), [0.0, 1.0, 1.0]);
            let other = gauge("up", labels(&[("instance", "b")]), [1.0; 3]);
            let ups: [&[(u32, f64)]; 2] = [&[(5, 1.0), (15, 0.0), (5, 1.0)], &[(10, 1.0), (5, 0.0), (10, 1.0)]];
            let outage = timeline::pair("has one more alert while no instance is up", (&one, ups[0]), (&other, ups[1]));
            let up = gauge("up", Vec::new(), [0.0, 1.0, 1.0]);
            let (samples, limit) = (gauge(SCRAPE_SAMPLES, Vec::new(), [0.0; 3]), sample_limit(it));
            let tracks = vec![up.along(&[(20, 0.0)]), samples.along(&[(10, limit + 1.0), (10, limit)])];
            let courses = vec![outage, timeline::course("is silent while a scrape exceeds the limit", tracks)];
            let plain = scenario(vec![one, other], instance(), 0.0);
            Scenario { lead: 0, up: false, fires_without_data: true, courses, ..plain }
        },
    },
    Common {
        name: "SampleLimitExceeded",
        severity: Some(Severity::P1),
        for_seconds: 60,
        summary: "The scrape exceeded sample_limit.",
        impact: "The service may work, but Prometheus drops its samples, so its other alerts cannot fire.",
        panel: SAMPLES_PANEL,
        absent: GONE,
        advice: MANY_SAMPLES,
        query: |it| Some(samples().above(sample_limit(it)).combine(Combination::And, fails())),
        description: |it| {
            let limit = format!(" samples, and sample_limit is {}: Prometheus drops the scrape.", sample_limit(it));
            vec![text("The scrape of "), label("instance"), text(" has "), Piece::Value(Format::Count), text(limit)]
        },
        scenario: |it| {
            let limit = sample_limit(it);
            let up = gauge("up", Vec::new(), [0.0, 0.0, 1.0]);
            let samples = gauge(SCRAPE_SAMPLES, Vec::new(), [2.0 * limit, limit, 10.0]);
            let tracks = vec![up.along(&[(10, 1.0), (10, 0.0)]), samples.along(&[(20, 2.0 * limit)])];
            let courses = vec![timeline::course("is silent while scrapes succeed", tracks)];
            Scenario { lead: 0, up: false, courses, ..scenario(vec![up, samples], instance(), 2.0 * limit) }
        },
    },
    Common {
        name: "SampleLimitNear",
        severity: Some(Severity::P2),
        for_seconds: 900,
        summary: "The scrape has almost as many samples as sample_limit allows.",
        impact: "Above sample_limit, Prometheus drops the whole scrape, and the alerts of the service cannot fire.",
        panel: SAMPLES_PANEL,
        absent: GONE,
        advice: MANY_SAMPLES,
        query: |it| {
            let most = Query::MaximumOverTime(Selector::new(SCRAPE_SAMPLES), SMOOTHED);
            Some(by_instance(most).above(SAMPLES * sample_limit(it)))
        },
        description: |it| {
            let limit = format!(" samples; sample_limit is {}.", sample_limit(it));
            vec![text("The scrape of "), label("instance"), text(" has "), Piece::Value(Format::Count), text(limit)]
        },
        scenario: |it| platform(SCRAPE_SAMPLES, SAMPLES * sample_limit(it), 900),
    },
    Common {
        name: PANICS,
        severity: Some(Severity::P2),
        for_seconds: 0,
        summary: "Annotated functions panic.",
        impact: "The panicked calls did not finish. Their callers got an error or still wait.",
        panel: PANICS_PANEL,
        absent: GONE,
        advice: &[
            "The labels name the function. Find the message and the backtrace in the log.",
            "A panic is a bug: fix it, or roll back the release that introduced it.",
        ],
        // `panics` builds a query for each group of functions.
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
        summary: "The process uses more memory than its limit.",
        impact: "If memory keeps growing, the operating system kills the process.",
        panel: MEMORY_PANEL,
        absent: GONE,
        advice: &[
            "See in the panel whether memory grows steadily or jumped.",
            "Compare with series, tasks and file descriptors: the cause usually grows at the same time.",
            "If it keeps growing, restart the process before the system kills it, then look for the leak.",
        ],
        query: |it| {
            let memory = Query::MaximumOverTime(Selector::new(RESIDENT_BYTES.name), SMOOTHED);
            Some(by_instance(memory).above(it.options.memory_bytes))
        },
        description: |it| {
            let limit = format!("; the limit is {}MiB.", it.options.memory_bytes / 1024.0 / 1024.0);
            vec![label("instance"), text(" uses "), Piece::Value(Format::Bytes), text(limit)]
        },
        scenario: |it| platform(RESIDENT_BYTES.name, it.options.memory_bytes, 900),
    },
    Common {
        name: "EventLoopLagHigh",
        severity: Some(Severity::P2),
        for_seconds: 600,
        summary: "Tasks wait too long for a worker of the Tokio runtime.",
        impact: "All asynchronous code is slower.",
        panel: LAG_PANEL,
        absent: NO_TOKIO,
        advice: &[
            "If the workers are busy, there is too much work. If they are not, a task blocks a worker.",
            "Take a stack trace of the process to find that task: look for file access, locks and long loops.",
        ],
        query: |it| {
            let by = ["instance".to_owned()];
            Some(it.slow(LAG.name, &by, 0.99, LAG_SECONDS))
        },
        description: |_| {
            let seconds = Piece::Value(Format::Seconds);
            vec![
                text("1% of the tasks of "),
                label("instance"),
                text(" wait longer than "),
                seconds,
                text(" for a worker; the limit is 100ms."),
            ]
        },
        scenario: |it| {
            let bounds = [0.05, LAG_SECONDS, 0.25];
            let near = (LAG_SECONDS, nearly(0.99));
            let signals = buckets(LAG.name, &Vec::new(), &bounds, [0.25, LAG_SECONDS, 0.05], near);
            let courses = timeline::histogram(&signals, 600);
            let plain = scenario(signals, instance(), interpolated(0.99, LAG_SECONDS, 0.25));
            few(it.minimum(), TRAFFIC, Scenario { courses, ..plain })
        },
    },
    Common {
        name: "SeriesLimitReached",
        severity: Some(Severity::P2),
        for_seconds: 0,
        summary: "A family of metrics has reached its series limit.",
        impact: "New label values are merged into series with the value `_other`.",
        panel: SERIES_PANEL,
        absent: GONE,
        advice: &[
            "Find the label whose values never repeat: an identifier, a path, a message.",
            "Reduce its values. A higher limit only postpones the problem.",
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
                text(" went to `_other` within 15 minutes."),
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
        summary: "The process keeps restarting.",
        impact: "Each restart loses the work in progress and resets all counters to zero.",
        panel: UPTIME_PANEL,
        absent: GONE,
        advice: &[
            "The log just before each start shows why the process ended.",
            "If the system killed it, check memory. If it exited by itself, read its last log lines.",
        ],
        query: |_| {
            let restarts = Query::Changes(Selector::new(START_TIME.name), HOUR);
            Some(by_instance(restarts).above(RESTARTS))
        },
        description: |_| {
            let number = Piece::Value(Format::Count);
            vec![label("instance"), text(" restarted "), number, text(" times within an hour; the limit is 3.")]
        },
        scenario: |_| {
            // A new start time each minute is a restart each minute. Before that, it has just not restarted too often.
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
        impact: "Scrapes may soon time out. Dashboards then have gaps, and alerts come late.",
        panel: SCRAPE_PANEL,
        absent: GONE,
        advice: &[
            "Compare the number of samples per scrape and the rendering time. The rest is the network.",
            "If the process is busy, its scrapes wait too: check CPU.",
        ],
        query: |_| {
            let scrape = Query::AverageOverTime(Selector::new("scrape_duration_seconds"), SMOOTHED);
            Some(by_instance(scrape).above(SCRAPE_SECONDS))
        },
        description: |_| {
            let seconds = Piece::Value(Format::Seconds);
            let average = text(" on average; the limit is 1s.");
            vec![text("A scrape of "), label("instance"), text(" takes "), seconds, average]
        },
        scenario: |_| platform("scrape_duration_seconds", SCRAPE_SECONDS, 900),
    },
    Common {
        name: "FileDescriptorsRunningOut",
        severity: Some(Severity::P3),
        for_seconds: 900,
        summary: "The process is running out of file descriptors.",
        impact: "When none is left, the process cannot open files or connections.",
        panel: DESCRIPTORS_PANEL,
        absent: GONE,
        advice: &[
            "Run `ls -l /proc/PID/fd` on its machine to see what is open: files or connections.",
            "If the number only grows, something is opened and never closed. Restart before none is left.",
        ],
        query: |_| {
            let most = |it: &PlatformMetric| {
                Query::MaximumOverTime(Selector::new(it.name), SMOOTHED).sum(&["instance".to_owned()])
            };
            Some(most(OPEN_DESCRIPTORS).part_of(most(MOST_DESCRIPTORS)).above(DESCRIPTORS))
        },
        description: |_| {
            let share = Piece::Value(Format::Share);
            vec![share, text(" of the file descriptors of "), label("instance"), text(" are open; the limit is 80%.")]
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
        summary: "Alerting works.",
        impact: "None: this alert always fires. If it is missing, other alerts do not arrive either.",
        panel: STATUS_PANEL,
        absent: "Fires: this alert always does.",
        advice: &[
            "Nothing to do while it fires.",
            "If it is missing, check Prometheus, then Alertmanager, then the network between them.",
        ],
        query: |_| Some(Query::Constant(1.0)),
        description: |_| {
            vec![text("This alert always fires. The alert receiver and the dead man's switch notice when it stops.")]
        },
        scenario: |_| Scenario { lead: 0, fires_without_data: true, ..scenario(Vec::new(), Vec::new(), 1.0) },
    },
];

/// Returns the alerts about panics in all families: one for each group of functions with the same facts.
pub(super) fn panics<'a>(row: &'a Common, context: &Context<'a>, split: Split) -> Vec<Draft<'a>> {
    let changed = context.options.changed.get(row.name).copied().unwrap_or_default();
    let Some(own) = changed.severity.or(row.severity) else { return Vec::new() };
    let mut by_facts: BTreeMap<Facts<'a>, Vec<(&UsedFamily<'a>, FactGroup<'a>)>> = BTreeMap::new();
    // Families without errors by outcome share a counter, which does not tell their functions apart.
    let mut others: BTreeMap<Facts<'a>, Vec<&UsedFamily<'a>>> = BTreeMap::new();
    for family in context.families {
        let Some(errors) = family.selector(Role::Errors) else {
            if let Some(facts) = family.sites().into_iter().map(|it| Facts::of(it, own, split)).min() {
                others.entry(facts).or_default().push(family);
            }
            continue;
        };
        let panics = Query::Increase(errors.with(OUTCOME_LABEL, PANIC), Window::Recent).sum(&family.labels());
        for part in facts::parts(family, own, &panics, split) {
            by_facts.entry(part.facts).or_default().push((family, part));
        }
    }
    for (facts, families) in others {
        let (by, first) = ("family", families[0]);
        let is = match families[..] {
            [only] => Match::Equal(only.family.name.clone()),
            _ => Match::OneOf(families.iter().map(|it| it.family.name.clone()).collect()),
        };
        let panics = Selector::new(PANICS_TOTAL.name).matching(by, is);
        let query = Query::Increase(panics, Window::Recent).sum(&[by.to_owned()]);
        let sites = families.iter().flat_map(|it| it.sites()).collect();
        let example = labels(&[(by, &first.family.name)]);
        by_facts.entry(facts).or_default().push((first, FactGroup { facts, query, sites, example }));
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
        let errors = family.metric(Role::Errors).map(|it| it.name.as_str());
        let outcome = errors.map(|_| (OUTCOME_LABEL.to_owned(), outcome.to_owned()));
        let labels = part.example.iter().cloned().chain(outcome).collect();
        counter(errors.unwrap_or(PANICS_TOTAL.name), labels, phases)
    };
    let panicked = |it| signal(it, PANIC, [1.0, 0.0, 0.0]);
    let Some(first) = parts.first() else { return Scenario::default() };
    // Other errors do not count as panics.
    let cancelled = first.0.metric(Role::Errors).map(|_| signal(first, "cancelled", [0.0, TRAFFIC, 0.0]));
    let signals = [panicked(first)].into_iter().chain(cancelled).collect();
    let courses = parts.iter().map(panicked).map(|it| timeline::burst(&it, 5, 0)).collect();
    Scenario { courses, ..scenario(signals, first.1.example.clone(), 2.0) }
}

fn samples() -> Query {
    Query::Instant(Selector::new(SCRAPE_SAMPLES))
}

fn fails() -> Query {
    Query::Instant(Selector::new("up")).is_zero()
}

fn sample_limit(context: &Context<'_>) -> f64 {
    f64::from(budget::sample_limit(context.families, context.options))
}

fn by_instance(query: Query) -> Query {
    query.aggregate(Aggregation::Maximum, &["instance".to_owned()])
}

fn instance() -> Vec<(String, String)> {
    labels(&[("instance", "a")])
}

/// Returns a scenario for a gauge of the process that exceeds a limit.
fn platform(metric: &str, limit: f64, for_seconds: u32) -> Scenario {
    let signal = gauge(metric, Vec::new(), [2.0 * limit, 0.99 * limit, 0.1 * limit]);
    let courses = vec![timeline::peak(&signal, for_seconds)];
    Scenario { lead: 0, courses, ..scenario(vec![signal], instance(), 2.0 * limit) }
}
