//! The last row: the process, the Tokio runtime, the endpoint and the cost of scrapes.
//!
//! The names come from the catalog's table of platform metrics. A name that is missing in the table does not compile.

use super::spec::{PLAIN, Spec, by_labels, each, named, names, of};
use crate::build::used_family::UsedFamily;
use crate::model::{Line, PanelKind, Unit, foreign, label};
use crate::query::{Aggregation, Query, Selector, Window};
use measurand_catalog::family::OUTCOME_LABEL;
use measurand_catalog::platform::{self, PlatformMetric};
use measurand_catalog::{Role, families};

pub(super) const KEY: &str = "system";

pub(super) const BUILD_INFO: &PlatformMetric = platform_metric("build_info");
pub(super) const CPU_SECONDS: &PlatformMetric = platform_metric("process_cpu_seconds_total");
pub(crate) const RESIDENT_BYTES: &PlatformMetric = platform_metric("process_resident_memory_bytes");
pub(crate) const START_TIME: &PlatformMetric = platform_metric("process_start_time_seconds");
pub(crate) const OPEN_DESCRIPTORS: &PlatformMetric = platform_metric("process_open_fds");
pub(crate) const MOST_DESCRIPTORS: &PlatformMetric = platform_metric("process_max_fds");
pub(super) const SITES: &PlatformMetric = platform_metric("measurand_sites");
const THREADS: &PlatformMetric = platform_metric("process_threads");
const WORKERS: &PlatformMetric = platform_metric("tokio_workers");
const BUSY_SECONDS: &PlatformMetric = platform_metric("tokio_busy_seconds_total");
pub(crate) const LAG: &PlatformMetric = platform_metric("tokio_scheduling_lag_seconds");
pub(crate) const OVERFLOWS: &PlatformMetric = platform_metric(measurand_catalog::OVERFLOWS);
pub(crate) const PANICS_TOTAL: &PlatformMetric = platform_metric(measurand_catalog::PANICS);
const UNKNOWN_VALUES: &PlatformMetric = platform_metric(measurand_catalog::UNKNOWN_VALUES);
const SERIES: &PlatformMetric = platform_metric("measurand_series");
const SERIES_LIMIT: &PlatformMetric = platform_metric("measurand_series_limit");

pub(crate) const STATUS_PANEL: &str = "overview/status";
pub(crate) const DESCRIPTORS_PANEL: &str = "system/descriptors";
pub(crate) const SCRAPE_PANEL: &str = "system/scrape_duration";
pub(crate) const PANICS_PANEL: &str = "system/panics";
pub(crate) const MEMORY_PANEL: &str = "system/memory";
pub(crate) const LAG_PANEL: &str = "system/tokio_lag";
pub(crate) const SAMPLES_PANEL: &str = "system/scrape_samples";
pub(crate) const SERIES_PANEL: &str = "system/overflows";
pub(crate) const UPTIME_PANEL: &str = "overview/uptime";

/// The samples of a scrape, which Prometheus reports even if it drops them.
pub(crate) const SCRAPE_SAMPLES: &str = "scrape_samples_post_metric_relabeling";

const NO_TOKIO: &str = "no Tokio runtime";

pub(super) const PANELS: &[Spec] = &[
    Spec {
        key: "cpu",
        title: "CPU",
        description: "CPU time spent per second: 100 % is one fully busy core.",
        unit: Unit::Cores,
        lines: |_| {
            let spent = Query::Rate(Selector::new(CPU_SECONDS.name), Window::Recent);
            vec![per_instance("", spent, Aggregation::Sum)]
        },
        ..PLAIN
    },
    Spec {
        key: "memory",
        title: "Memory over time",
        description: "Resident memory, which the process has in use.",
        unit: Unit::Bytes,
        lines: |_| vec![gauge("", RESIDENT_BYTES)],
        alerts: |_| names(&["MemoryHigh"]),
        ..PLAIN
    },
    Spec {
        key: "errors",
        title: "Error Rates by Type",
        description: "Failed calls per second by family and outcome: returned an error, panicked, was cancelled. A family \
                      with a row of its own has this panel there.",
        kind: PanelKind::Stack,
        unit: Unit::PerSecond,
        lines: |used| {
            let legend = |it: &UsedFamily<'_>| vec![foreign(format!("{} ", it.family.title)), label(OUTCOME_LABEL)];
            let shared = |it: &&UsedFamily<'_>| !super::fixed_rows::has_own_row(&it.family.name);
            let shared: Vec<_> = used.iter().filter(shared).copied().collect();
            each(&shared, |it| Some(Line { legend: legend(it), query: it.errors(&[OUTCOME_LABEL])?, unit: None }))
        },
        ..PLAIN
    },
    Spec {
        key: "descriptors",
        title: "Open fds",
        description: "The share of the allowed file descriptors that are open. At 100 %, the process cannot open files \
                      or connections.",
        unit: Unit::Share,
        lines: |_| vec![by_labels("", &["instance".to_owned()], descriptors(Query::Instant))],
        alerts: |_| names(&["FileDescriptorsRunningOut"]),
        ..PLAIN
    },
    Spec {
        key: "threads",
        title: "Threads",
        description: "Threads of the process. If the number only grows, threads start and never end.",
        lines: |_| vec![gauge("", THREADS)],
        ..PLAIN
    },
    Spec {
        key: "tokio_busy",
        title: "Tokio busy time",
        description: "The share of time in which the workers run tasks. Near 100 %, the runtime is fully loaded.",
        unit: Unit::Share,
        no_value: NO_TOKIO,
        lines: |_| {
            let busy = Query::Rate(Selector::new(BUSY_SECONDS.name), Window::Recent);
            let workers = Query::Instant(Selector::new(WORKERS.name));
            vec![by_labels("", &["instance".to_owned()], instance_ratio(busy, workers))]
        },
        ..PLAIN
    },
    Spec {
        key: "tokio_lag",
        title: "Tokio lag",
        description: "The delay with which a sleeping task wakes up. A large delay means that a task blocks a worker.",
        unit: Unit::Seconds,
        no_value: NO_TOKIO,
        lines: |_| [0.5, 0.95, 0.99].map(|it| quantile(LAG, it)).to_vec(),
        alerts: |_| names(&["EventLoopLagHigh"]),
        ..PLAIN
    },
    Spec {
        key: "http_in_flight",
        title: "HTTP requests in flight",
        description: "Requests without a response so far. If the number only grows, requests hang.",
        lines: |used| {
            of(used, &families::HTTP, |family| {
                Some(by_labels("", &route(), family.gauge(Role::InFlight, Aggregation::Sum, &route())?))
            })
        },
        ..PLAIN
    },
    Spec {
        key: "panics",
        title: "Panics and cancellations",
        description: "Calls that panicked or were dropped before their end. Any panic is a bug: the log has its \
                      backtrace.",
        kind: PanelKind::Stack,
        unit: Unit::PerSecond,
        lines: |used| {
            let query = |it: &UsedFamily<'_>| {
                let errors = it.selector(Role::Errors)?.without(OUTCOME_LABEL, "error");
                Some(Query::Rate(errors, Window::Recent).sum(&[OUTCOME_LABEL.to_owned()]))
            };
            let legend = |it: &UsedFamily<'_>| vec![foreign(format!("{} ", it.family.title)), label(OUTCOME_LABEL)];
            let by = names(PANICS_TOTAL.labels);
            let others = Query::Rate(Selector::new(PANICS_TOTAL.name), Window::Recent).sum(&by);
            let all = each(used, |it| Some(Line { legend: legend(it), query: query(it)?, unit: None }));
            [all, vec![by_labels("panic", &by, others)]].concat()
        },
        ..PLAIN
    },
    Spec {
        key: "scrape_duration",
        title: "Scrape duration",
        description: "The time until Prometheus has received the response, including the network.",
        unit: Unit::Seconds,
        lines: |_| {
            vec![per_instance("", Query::Instant(Selector::new("scrape_duration_seconds")), Aggregation::Maximum)]
        },
        alerts: |_| names(&["ScrapeSlow"]),
        ..PLAIN
    },
    Spec {
        key: "scrape_samples",
        title: "Scrape samples",
        description: "The number of samples per scrape. If it only grows, the values of a label never repeat. Prometheus drops a \
                      scrape above `sample_limit`.",
        lines: |_| vec![per_instance("", Query::Instant(Selector::new(SCRAPE_SAMPLES)), Aggregation::Maximum)],
        alerts: |_| names(&["SampleLimitExceeded", "SampleLimitNear"]),
        ..PLAIN
    },
    Spec {
        key: "series",
        title: "Series per metric against its limit",
        description: "The number of series of each metric. At the line, new label values are merged into `_other`.",
        lines: |_| {
            let by = names(SERIES.labels);
            let newest = |it: &PlatformMetric| Query::Instant(Selector::new(it.name));
            let limit = newest(SERIES_LIMIT).aggregate(Aggregation::Maximum, &[]);
            vec![by_labels("", &by, newest(SERIES).aggregate(Aggregation::Maximum, &by)), named("limit", limit)]
        },
        ..PLAIN
    },
    Spec {
        key: "overflows",
        title: "Recordings under `_other`",
        description: "Recordings per second that were merged into `_other`: by family, because its series limit is reached; by \
                      family and label, because the value is not among those that the family declares for the label.",
        kind: PanelKind::Stack,
        unit: Unit::PerSecond,
        lines: |_| {
            let rate = |metric: &PlatformMetric, by: &[String]| {
                by_labels("", by, Query::Rate(Selector::new(metric.name), Window::Recent).sum(by))
            };
            vec![rate(OVERFLOWS, &names(OVERFLOWS.labels)), rate(UNKNOWN_VALUES, &names(UNKNOWN_VALUES.labels))]
        },
        links: &["SeriesLimitReached"],
        ..PLAIN
    },
];

fn route() -> Vec<String> {
    names(&["route"])
}

/// Returns one line per instance.
pub(super) fn per_instance(prefix: &str, query: Query, aggregation: Aggregation) -> Line {
    let instance = ["instance".to_owned()];
    by_labels(prefix, &instance, query.aggregate(aggregation, &instance))
}

/// Returns a line with the name, version and commit of the running program.
pub(super) fn build_info() -> Line {
    let labels: Vec<String> = BUILD_INFO.labels.iter().map(|it| (*it).to_owned()).collect();
    by_labels("", &labels, Query::Instant(Selector::new(BUILD_INFO.name)).aggregate(Aggregation::Count, &labels))
}

/// Returns the share of its file descriptors that each instance has open. `read` turns a selector into a query.
pub(crate) fn descriptors(read: fn(Selector) -> Query) -> Query {
    instance_ratio(read(Selector::new(OPEN_DESCRIPTORS.name)), read(Selector::new(MOST_DESCRIPTORS.name)))
}

fn instance_ratio(part: Query, whole: Query) -> Query {
    let by = ["instance".to_owned()];
    part.sum(&by).share_of(whole.sum(&by))
}

fn gauge(prefix: &str, metric: &PlatformMetric) -> Line {
    per_instance(prefix, Query::Instant(Selector::new(metric.name)), Aggregation::Sum)
}

fn quantile(metric: &PlatformMetric, quantile: f64) -> Line {
    let buckets = Query::Buckets(Vec::new(), Selector::new(metric.name), Window::Recent);
    named(&super::lines::percentile(quantile), buckets.quantile(quantile))
}

/// Looks up a row of the catalog's table at compile time.
const fn platform_metric(name: &str) -> &'static PlatformMetric {
    let mut i = 0;
    while i < platform::ALL.len() {
        if same(platform::ALL[i].name.as_bytes(), name.as_bytes()) {
            return &platform::ALL[i];
        }
        i += 1;
    }
    panic!("no platform metric has this name")
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}
