//! The last row: the process, the Tokio runtime, the endpoint and what a scrape costs.
//!
//! The names come from the catalog's table of platform metrics; one that is not in the table does not compile.

use super::spec::{PLAIN, Spec, by_labels, each, named, names, of};
use crate::build::used_family::{Form, UsedFamily};
use crate::model::{Line, PanelKind, Unit, label, text};
use crate::query::{Aggregation, Query, Selector, Window};
use measurand_catalog::family::OUTCOME_LABEL;
use measurand_catalog::platform::{self, PlatformMetric};
use measurand_catalog::{Role, families};

pub(super) const KEY: &str = "system";

pub(super) const BUILD_INFO: &PlatformMetric = platform_metric("build_info");
pub(super) const CPU_SECONDS: &PlatformMetric = platform_metric("process_cpu_seconds_total");
pub(crate) const RESIDENT_BYTES: &PlatformMetric = platform_metric("process_resident_memory_bytes");
pub(crate) const START_TIME: &PlatformMetric = platform_metric("process_start_time_seconds");
pub(super) const SITES: &PlatformMetric = platform_metric("measurand_sites");
const VIRTUAL_BYTES: &PlatformMetric = platform_metric("process_virtual_memory_bytes");
pub(crate) const OPEN_DESCRIPTORS: &PlatformMetric = platform_metric("process_open_fds");
pub(crate) const MOST_DESCRIPTORS: &PlatformMetric = platform_metric("process_max_fds");
const THREADS: &PlatformMetric = platform_metric("process_threads");
const WORKERS: &PlatformMetric = platform_metric("tokio_workers");
const TASKS: &PlatformMetric = platform_metric("tokio_alive_tasks");
const BUSY_SECONDS: &PlatformMetric = platform_metric("tokio_busy_seconds_total");
const QUEUE: &PlatformMetric = platform_metric("tokio_global_queue_depth");
pub(crate) const LAG: &PlatformMetric = platform_metric("tokio_scheduling_lag_seconds");
pub(crate) const OVERFLOWS: &PlatformMetric = platform_metric(measurand_catalog::OVERFLOWS);
const UNKNOWN_VALUES: &PlatformMetric = platform_metric(measurand_catalog::UNKNOWN_VALUES);
const CONTAINED: &PlatformMetric = platform_metric(measurand_catalog::CONTAINED);
const SERIES: &PlatformMetric = platform_metric("measurand_series");
const SERIES_LIMIT: &PlatformMetric = platform_metric("measurand_series_limit");
const REQUESTS: &PlatformMetric = platform_metric("measurand_http_requests_total");
const REFUSED: &PlatformMetric = platform_metric("measurand_http_refused_total");
const RENDER_SECONDS: &PlatformMetric = platform_metric("measurand_scrape_duration_seconds");

pub(crate) const STATUS_PANEL: &str = "overview/status";
pub(crate) const DESCRIPTORS_PANEL: &str = "system/descriptors";
pub(crate) const SCRAPE_PANEL: &str = "system/scrape_duration";
pub(crate) const PANICS_PANEL: &str = "system/panics";
pub(crate) const MEMORY_PANEL: &str = "system/memory";
pub(crate) const LAG_PANEL: &str = "system/tokio_lag";
pub(crate) const SERIES_PANEL: &str = "system/overflows";
pub(crate) const UPTIME_PANEL: &str = "overview/uptime";

const NO_TOKIO: &str = "no Tokio runtime";

pub(super) const PANELS: &[Spec] = &[
    Spec {
        key: "cpu",
        title: "CPU",
        description: "CPU time spent per second: 100 % is one core that is always busy.",
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
        description: "Resident memory is what counts; virtual memory is only asked for.",
        unit: Unit::Bytes,
        lines: |_| vec![gauge("resident", RESIDENT_BYTES), gauge("virtual", VIRTUAL_BYTES)],
        alerts: |_| names(&["MemoryHigh"]),
        ..PLAIN
    },
    Spec {
        key: "errors",
        title: "Error Rates by Type",
        description: "Which part of the program does not end well, and how: returned an error, panicked, was cancelled.",
        kind: PanelKind::Stack,
        unit: Unit::PerSecond,
        lines: |it| {
            let legend = |it: &UsedFamily<'_>| vec![text(format!("{} ", it.family.title)), label(OUTCOME_LABEL)];
            each(it, |it| Some(Line { legend: legend(it), query: it.outcomes()?, unit: None }))
        },
        ..PLAIN
    },
    Spec {
        key: "descriptors",
        title: "Open fds",
        description: "The share of the file descriptors that may be open. At 100 % no file and no connection opens any more.",
        unit: Unit::Share,
        lines: |_| vec![by_labels("", &["instance".to_owned()], descriptors(Query::Instant))],
        alerts: |_| names(&["FileDescriptorsRunningOut"]),
        ..PLAIN
    },
    Spec {
        key: "threads",
        title: "Threads",
        description: "Threads of the process. If it only grows, threads are started and never end.",
        lines: |_| vec![gauge("", THREADS)],
        ..PLAIN
    },
    Spec {
        key: "tokio_busy",
        title: "Tokio busy time",
        description: "The share of time that the workers run tasks. Near 100 % the runtime is full.",
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
        key: "tokio_tasks",
        title: "Tokio tasks",
        description: "Tasks that have not ended, and tasks that wait for a worker.",
        no_value: NO_TOKIO,
        lines: |_| vec![gauge("alive", TASKS), gauge("waiting", QUEUE)],
        ..PLAIN
    },
    Spec {
        key: "tokio_lag",
        title: "Tokio lag",
        description: "How much later than asked for a sleeping task was woken. Much of it means that a task blocks a worker.",
        unit: Unit::Seconds,
        no_value: NO_TOKIO,
        lines: |_| [0.5, 0.95, 0.99].map(|it| quantile(LAG, it)).to_vec(),
        alerts: |_| names(&["EventLoopLagHigh"]),
        ..PLAIN
    },
    Spec {
        key: "http_rate",
        title: "HTTP rate",
        description: "Requests per second by route, whatever the answer.",
        kind: PanelKind::Stack,
        unit: Unit::PerSecond,
        lines: |it| of(it, &families::HTTP, |it| Some(by_labels("", &route(), it.calls(&route(), Form::Plain)?))),
        ..PLAIN
    },
    Spec {
        key: "http_errors",
        title: "HTTP errors",
        description: "The share of requests that failed: status 500 and above, gRPC errors, panics, and what the layer is told to count.",
        unit: Unit::Share,
        no_value: "no requests",
        lines: |it| of(it, &families::HTTP, |it| Some(by_labels("", &route(), it.error_ratio(&route(), Form::Plain)?))),
        alerts: |_| names(&["HttpErrorRateHigh"]),
        ..PLAIN
    },
    Spec {
        key: "http_duration",
        title: "HTTP duration",
        description: "95 % of the requests of each route are answered faster than this.",
        unit: Unit::Seconds,
        no_value: "no requests",
        lines: |it| {
            of(it, &families::HTTP, |it| {
                Some(by_labels("P95", &route(), it.quantile(Role::Duration, 0.95, &route(), Form::Plain)?))
            })
        },
        alerts: |_| names(&["HttpLatencyHigh"]),
        ..PLAIN
    },
    Spec {
        key: "http_in_flight",
        title: "HTTP requests in flight",
        description: "Requests begun and not answered. If it only grows, requests hang.",
        lines: |it| {
            of(it, &families::HTTP, |it| {
                Some(by_labels("", &route(), it.gauge(Role::InFlight, Aggregation::Sum, &route())?))
            })
        },
        ..PLAIN
    },
    Spec {
        key: "panics",
        title: "Panics and cancellations",
        description: "Calls that unwound or were dropped unfinished. Any panic is a bug: the log has its backtrace.",
        kind: PanelKind::Stack,
        unit: Unit::PerSecond,
        lines: |it| {
            let query = |it: &UsedFamily<'_>| {
                let errors = it.selector(Role::Errors)?.without(OUTCOME_LABEL, "error");
                Some(Query::Rate(errors, Window::Recent).sum(&[OUTCOME_LABEL.to_owned()]))
            };
            let legend = |it: &UsedFamily<'_>| vec![text(format!("{} ", it.family.title)), label(OUTCOME_LABEL)];
            each(it, |it| Some(Line { legend: legend(it), query: query(it)?, unit: None }))
        },
        ..PLAIN
    },
    Spec {
        key: "scrape_duration",
        title: "Scrape duration",
        description: "How long Prometheus waits for an answer, over the network and back.",
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
        description: "How many numbers each scrape brings. If it only grows, a label takes ever new values.",
        lines: |_| {
            vec![per_instance("", Query::Instant(Selector::new("scrape_samples_scraped")), Aggregation::Maximum)]
        },
        ..PLAIN
    },
    Spec {
        key: "series",
        title: "Series per metric against its limit",
        description: "Series of each metric; from the line on new values of its labels count under `_other`.",
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
        description: "Recordings per second that went to `_other`: by family, since it has as many series as it may have; by \
                      family and label, since the text is none of the values that the family declares for the label.",
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
    Spec {
        key: "contained",
        title: "Panics beside functions",
        description: "Panics per second of code that annotations bring in, such as `ok_if`; they do not reach the program.",
        unit: Unit::PerSecond,
        lines: |_| {
            let panics = Query::Rate(Selector::new(CONTAINED.name), Window::Recent);
            vec![per_instance("", panics, Aggregation::Sum)]
        },
        ..PLAIN
    },
    Spec {
        key: "render",
        title: "Time to render `/metrics`",
        description: "The part of a scrape that the program itself spends.",
        unit: Unit::Seconds,
        lines: |_| [0.5, 0.95, 0.99].map(|it| quantile(RENDER_SECONDS, it)).to_vec(),
        ..PLAIN
    },
    Spec {
        key: "requests",
        title: "Requests to the endpoint",
        description: "Who asks the endpoint, what it answers, and what it refuses or cuts short. Many with status 401 or 404 are \
                      strangers.",
        kind: PanelKind::Stack,
        unit: Unit::PerSecond,
        lines: |_| {
            let line = |prefix, metric: &PlatformMetric| {
                let query = Query::Rate(Selector::new(metric.name), Window::Recent).sum(&names(metric.labels));
                by_labels(prefix, &names(metric.labels), query)
            };
            vec![line("", REQUESTS), line("refused", REFUSED)]
        },
        ..PLAIN
    },
];

fn route() -> Vec<String> {
    names(&["route"])
}

/// One line for each instance.
pub(super) fn per_instance(prefix: &str, query: Query, aggregation: Aggregation) -> Line {
    let instance = ["instance".to_owned()];
    by_labels(prefix, &instance, query.aggregate(aggregation, &instance))
}

/// The name, version and commit of what runs.
pub(super) fn build_info() -> Line {
    let labels: Vec<String> = BUILD_INFO.labels.iter().map(|it| (*it).to_owned()).collect();
    by_labels("", &labels, Query::Instant(Selector::new(BUILD_INFO.name)).aggregate(Aggregation::Count, &labels))
}

/// The part of its file descriptors that each instance has open, read in this way.
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

/// The row of the catalog's table, at compile time.
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
