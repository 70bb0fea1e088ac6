//! Capacity estimates: series, network, disk and memory for a number of instances, and the backend to use.
//!
//! The factors come from the documentation of the backends. Each is higher than what we measured.

use serde::Serialize;
use std::fmt::Write as _;

/// Bytes of one sample in Prometheus' text format before compression: a name, its labels and a value.
const SCRAPED_BYTES: f64 = 100.0;
/// Share of these bytes that goes over the network. The text is repetitive, and gzip leaves about an eighth.
const COMPRESSED: f64 = 0.15;
/// Bytes of one sample on the disk of Prometheus. Its documentation says one to two.
const PROMETHEUS_DISK: f64 = 2.0;
/// Bytes of memory for one active series in Prometheus.
const PROMETHEUS_MEMORY: f64 = 4096.0;
/// Bytes of one sample on the disk of `VictoriaMetrics`. Its documentation says less than one.
const STORE_DISK: f64 = 1.0;
/// Bytes of memory for one active series in `VictoriaMetrics`. Its documentation says less than 1 KiB.
const STORE_MEMORY: f64 = 1024.0;
/// Number of series that one Prometheus can handle on an ordinary machine: 8 GB of memory for them, and 8 GB for
/// queries.
const PROMETHEUS_SERIES_MAX: f64 = 2_000_000.0;
/// Samples per second up to which the documentation of `VictoriaMetrics` recommends a single server.
const STORE_SAMPLES_MAX: f64 = 1_000_000.0;
/// Number of series of every endpoint, without annotations: process, runtime, build and the recorder itself.
pub const PLATFORM_SERIES: u64 = 120;

const DAY: f64 = 86_400.0;

/// The estimated load of a number of instances.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Size {
    /// Number of instances.
    pub instances: u64,
    /// Series of each instance.
    pub series_per_instance: u64,
    /// Seconds between two scrapes.
    pub interval: u64,
    /// Series of all instances.
    pub series: f64,
    /// Samples per second of all instances.
    pub samples_per_second: f64,
    /// Compressed bytes per second that all instances send.
    pub bytes_per_second: f64,
    /// Bytes that Prometheus writes per day.
    pub disk_per_day: f64,
    /// Bytes that Prometheus stores for 30 days.
    pub disk: f64,
    /// Bytes that the long-term store keeps for a year.
    pub store_year: f64,
    /// Bytes of memory of Prometheus, all shards together.
    pub memory: f64,
    /// Bytes of memory of the long-term store.
    pub store_memory: f64,
    /// Number of Prometheus servers that share the instances.
    pub shards: u64,
    /// The recommended backend.
    pub engine: Engine,
}

/// A backend for a number of series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// One Prometheus, and a second one with the same configuration in case it fails.
    Prometheus,
    /// Shards that scrape, and one long-term store.
    VictoriaMetrics,
    /// Shards that scrape, and a long-term store with several servers.
    Cluster,
}

impl Engine {
    /// Returns a description.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Prometheus => "one Prometheus",
            Self::VictoriaMetrics => "shards and VictoriaMetrics",
            Self::Cluster => "shards and a cluster: VictoriaMetrics, Mimir or Thanos",
        }
    }
}

impl Size {
    /// Estimates the load. `interval` is the scrape interval in seconds.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2^53 instances")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small, non-negative number")]
    pub fn new(instances: u64, series_per_instance: u64, interval: u64) -> Self {
        let series = instances as f64 * series_per_instance as f64;
        let samples = series / interval.max(1) as f64;
        let shards = (series / PROMETHEUS_SERIES_MAX).ceil().max(1.0) as u64;
        let engine = match (shards, samples <= STORE_SAMPLES_MAX) {
            (1, _) => Engine::Prometheus,
            (_, true) => Engine::VictoriaMetrics,
            (_, false) => Engine::Cluster,
        };
        let disk_per_day = samples * PROMETHEUS_DISK * DAY;
        Self {
            instances,
            series_per_instance,
            interval,
            series,
            samples_per_second: samples,
            bytes_per_second: samples * SCRAPED_BYTES * COMPRESSED,
            disk_per_day,
            disk: disk_per_day * 30.0,
            store_year: samples * STORE_DISK * DAY * 365.0,
            memory: series * PROMETHEUS_MEMORY,
            store_memory: series * STORE_MEMORY,
            shards,
            engine,
        }
    }

    /// Returns names and values as text.
    #[must_use]
    pub fn rows(&self) -> [(&'static str, String); 9] {
        [
            ("instances", scaled(self.instances_f64(), "")),
            ("series", scaled(self.series, "")),
            ("samples per second", scaled(self.samples_per_second, "")),
            ("network", scaled(self.bytes_per_second, "B/s")),
            ("Prometheus disk, 30 days", scaled(self.disk, "B")),
            ("Prometheus memory", scaled(self.memory, "B")),
            ("store disk, one year", scaled(self.store_year, "B")),
            ("Prometheus servers", self.shards.to_string()),
            ("recommended", self.engine.name().to_owned()),
        ]
    }

    #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2^53 instances")]
    fn instances_f64(&self) -> f64 {
        self.instances as f64
    }
}

/// Returns a Markdown table with one column for each number of instances.
#[must_use]
pub fn markdown(sizes: &[Size]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for size in sizes {
        for (index, (name, value)) in size.rows().iter().enumerate() {
            if lines.len() <= index {
                lines.push(format!("| {name} |"));
            }
            // Writing into a string cannot fail.
            let _ = write!(lines[index], " {value} |");
        }
    }
    if let Some(columns) = lines.first().map(|_| sizes.len()) {
        lines.insert(1, format!("| --- |{}", " ---: |".repeat(columns)));
    }
    lines.join("\n") + "\n"
}

/// Returns a number with two significant digits and a prefix, such as `6.7 k` or `1.5 GB`.
fn scaled(number: f64, unit: &str) -> String {
    let (mut number, mut step) = (number, 0);
    while number >= 999.5 && step < 5 {
        (number, step) = (number / 1000.0, step + 1);
    }
    let prefix = ["", "k", "M", "G", "T", "P"][step];
    let digits = usize::from(number < 9.95 && number.fract() > 0.05);
    format!("{number:.digits$} {prefix}{unit}").trim_end().to_owned()
}
