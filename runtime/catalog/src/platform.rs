//! The metrics of every endpoint, whether or not a program annotates anything: process, Tokio, build, and the endpoint
//! itself.

use crate::family::Kind;

/// A metric that the exporter records without an annotation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlatformMetric {
    /// The full Prometheus name.
    pub name: &'static str,
    /// The Prometheus type.
    pub kind: Kind,
    /// The text after `# HELP`.
    pub help: &'static str,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// The upper bounds of a histogram, without `+Inf`.
    pub buckets: &'static [f64],
    /// The condition for exporting it; `None` if it is always exported.
    pub only: Option<&'static str>,
}

const fn row(name: &'static str, kind: Kind, help: &'static str) -> PlatformMetric {
    PlatformMetric { name, kind, help, labels: &[], buckets: &[], only: None }
}

/// Every platform metric.
pub const ALL: &[PlatformMetric] = &[
    PlatformMetric {
        labels: &["name", "version", "commit"],
        ..row(
            "build_info",
            Kind::Gauge,
            "Always 1; the labels name the program, its version and its commit. MEASURAND_COMMIT sets the commit.",
        )
    },
    row("process_cpu_seconds_total", Kind::Counter, "User and system CPU time spent, in seconds."),
    row("process_resident_memory_bytes", Kind::Gauge, "Resident memory."),
    row("process_virtual_memory_bytes", Kind::Gauge, "Virtual memory."),
    row("process_open_fds", Kind::Gauge, "Open file descriptors."),
    row("process_max_fds", Kind::Gauge, "Maximum number of open file descriptors."),
    row("process_threads", Kind::Gauge, "Threads."),
    row("process_start_time_seconds", Kind::Gauge, "Start time of the process, in seconds since the Unix epoch."),
    PlatformMetric {
        only: Some("inside a Tokio runtime"),
        ..row("tokio_workers", Kind::Gauge, "Worker threads of the runtime.")
    },
    PlatformMetric {
        only: Some("inside a Tokio runtime"),
        ..row("tokio_alive_tasks", Kind::Gauge, "Tasks that have not ended.")
    },
    PlatformMetric {
        only: Some("inside a Tokio runtime"),
        ..row("tokio_busy_seconds_total", Kind::Counter, "Total time that all workers spent running tasks, in seconds.")
    },
    PlatformMetric {
        only: Some("inside a Tokio runtime"),
        ..row("tokio_global_queue_depth", Kind::Gauge, "Tasks that wait in the runtime's global queue.")
    },
    PlatformMetric {
        buckets: &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0],
        only: Some("inside a Tokio runtime"),
        ..row(
            "tokio_scheduling_lag_seconds",
            Kind::Histogram,
            "Time that a woken task waited for a worker, measured once a second.",
        )
    },
    PlatformMetric {
        labels: &["path", "status"],
        ..row("measurand_http_requests_total", Kind::Counter, "Requests to the endpoint.")
    },
    PlatformMetric {
        labels: &["reason"],
        ..row(
            "measurand_http_refused_total",
            Kind::Counter,
            "Requests and connections that the endpoint refused or cut short.",
        )
    },
    PlatformMetric {
        buckets: &[0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0],
        ..row("measurand_scrape_duration_seconds", Kind::Histogram, "Time to render `/metrics`.")
    },
    row(
        crate::CONTAINED,
        Kind::Counter,
        "Panics that were caught in code beside annotated functions, such as `ok_if`.",
    ),
    PlatformMetric {
        labels: &["family"],
        ..row(
            crate::PANICS,
            Kind::Counter,
            "Panics of annotated functions in a family that counts no errors by outcome.",
        )
    },
    PlatformMetric {
        labels: &["family"],
        ..row(
            crate::OVERFLOWS,
            Kind::Counter,
            "Recordings under `_other`, because their family has reached its series limit.",
        )
    },
    PlatformMetric {
        labels: &["family", "label"],
        ..row(
            crate::UNKNOWN_VALUES,
            Kind::Counter,
            "Recordings under `_other`, because their text is not a value that the family declares for the label.",
        )
    },
    row("measurand_sites", Kind::Gauge, "Annotated functions in this program."),
    PlatformMetric { labels: &["metric"], ..row("measurand_series", Kind::Gauge, "Series of a family's metric.") },
    row(
        "measurand_series_limit",
        Kind::Gauge,
        "Maximum number of series of a metric before label values become `_other`.",
    ),
];
