//! How much of everything so many instances are, by arithmetic, and which engine carries that.
//!
//! The factors are those that the engines' own documentation plans with; each is on the safe side of what is measured.

use serde::Serialize;
use std::fmt::Write as _;

/// Bytes of one sample in Prometheus' text, before compression: a name, its labels, a number.
const SCRAPED_BYTES: f64 = 100.0;
/// Of these what goes over the network: the text repeats itself, and gzip leaves about an eighth.
const COMPRESSED: f64 = 0.15;
/// Bytes of one sample on the disk of Prometheus: its documentation says one to two.
const PROMETHEUS_DISK: f64 = 2.0;
/// Bytes of memory for one series that is written to, in Prometheus.
const PROMETHEUS_MEMORY: f64 = 4096.0;
/// Bytes of one sample on the disk of `VictoriaMetrics`: its documentation says less than one.
const STORE_DISK: f64 = 1.0;
/// Bytes of memory for one series that is written to, in `VictoriaMetrics`: its documentation says less than 1 KiB.
const STORE_MEMORY: f64 = 1024.0;
/// Series that one Prometheus carries with the memory of an ordinary machine: eight GB of them, and as much for queries.
const PROMETHEUS_SERIES_MAX: f64 = 2_000_000.0;
/// Samples a second up to which the documentation of `VictoriaMetrics` recommends a single server.
const STORE_SAMPLES_MAX: f64 = 1_000_000.0;
/// What the endpoint exports whatever is annotated: process, runtime, build, the recorder itself.
pub const PLATFORM_SERIES: u64 = 120;

const DAY: f64 = 86_400.0;

/// What so many instances are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Size {
    /// How many.
    pub instances: u64,
    /// Of each.
    pub series_per_instance: u64,
    /// Seconds between two scrapes.
    pub interval: u64,
    /// Series of all.
    pub series: f64,
    /// Of all.
    pub samples_per_second: f64,
    /// What all of them send, compressed.
    pub bytes_per_second: f64,
    /// What Prometheus writes in a day.
    pub disk_per_day: f64,
    /// What it keeps of that in 15 days.
    pub disk: f64,
    /// What the store keeps in a year.
    pub store_year: f64,
    /// What Prometheus takes for the series, all shards together.
    pub memory: f64,
    /// What the store takes for them.
    pub store_memory: f64,
    /// How many Prometheus servers divide the instances among them.
    pub shards: u64,
    /// What carries it.
    pub engine: Engine,
}

/// What carries so many series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// One server, and a second one that does the same, against its failure.
    Prometheus,
    /// Shards that scrape, and one store above them.
    VictoriaMetrics,
    /// Shards that scrape, and a store of many servers.
    Cluster,
}

impl Engine {
    /// In words.
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
    /// Of so many instances with so many series each.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 instances")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number that is not negative")]
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
            disk: disk_per_day * 15.0,
            store_year: samples * STORE_DISK * DAY * 365.0,
            memory: series * PROMETHEUS_MEMORY,
            store_memory: series * STORE_MEMORY,
            shards,
            engine,
        }
    }

    /// Names and values, for people.
    #[must_use]
    pub fn rows(&self) -> [(&'static str, String); 9] {
        [
            ("instances", scaled(self.instances_f64(), "")),
            ("series", scaled(self.series, "")),
            ("samples a second", scaled(self.samples_per_second, "")),
            ("network", scaled(self.bytes_per_second, "B/s")),
            ("disk of Prometheus, 15 days", scaled(self.disk, "B")),
            ("memory of Prometheus", scaled(self.memory, "B")),
            ("disk of the store, a year", scaled(self.store_year, "B")),
            ("Prometheus servers", self.shards.to_string()),
            ("carried by", self.engine.name().to_owned()),
        ]
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 instances")]
    fn instances_f64(&self) -> f64 {
        self.instances as f64
    }
}

/// A table in Markdown: one column for each number of instances.
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

/// `6.7 k`, `1.5 GB`: two digits are as exact as any of this.
fn scaled(number: f64, unit: &str) -> String {
    let (mut number, mut step) = (number, 0);
    while number >= 999.5 && step < 5 {
        (number, step) = (number / 1000.0, step + 1);
    }
    let prefix = ["", "k", "M", "G", "T", "P"][step];
    let digits = usize::from(number < 9.95 && number.fract() > 0.05);
    format!("{number:.digits$} {prefix}{unit}").trim_end().to_owned()
}
