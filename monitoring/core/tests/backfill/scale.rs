//! Measures how long panels take with many series.

use crate::server::{Prometheus, Samples};
use crate::support::{catalog, shipped_sites};
use crate::world::Labels;
use measurand_catalog::{Kind, MetricRecord};
use measurand_monitoring::{Monitoring, User};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const SERIES: usize = 100_000;
/// Limit for the duration of a query. The test also prints the durations, since a limit cannot distinguish a slow
/// program from a busy machine.
const PROMISED: Duration = Duration::from_secs(30);
const INSTANCES: u32 = 10;
/// The default range of the dashboard in seconds, the seconds between samples, and the seconds between the points that
/// Grafana requests by default.
const HOUR: f64 = 3600.0;
const STEP: u32 = 120;
const POINTS: u32 = 15;
/// Number of the slowest panels for which a whole hour is queried.
const SLOWEST: usize = 10;

/// Blocks with many series.
#[derive(Debug)]
pub(crate) struct Many {
    directory: tempfile::TempDir,
    count: usize,
    end: f64,
}

pub(crate) fn build() -> Many {
    let (directory, end) = (tempfile::tempdir().expect("a temporary folder"), crate::now().floor() - 60.0);
    Many { count: write(directory.path(), end), directory, end }
}

pub(crate) fn a_hundred_thousand_series_are_not_too_many(many: &Many) {
    let prometheus = Prometheus::start(many.directory.path(), &[]);
    let stored = prometheus.ask("count({__name__=~\".+\"})", many.end);
    assert!(stored.len() == 1 && stored.values().all(|it| *it >= 100_000.0), "{stored:?} of {}", many.count);

    let monitoring = crate::monitoring(crate::world::HEALTHY);
    let texts = monitoring.queries().filter(|it| it.user == User::Panel).map(|it| (crate::as_sent(&it), it.name));
    // Panels with the same query take the same time.
    let texts: BTreeMap<String, &str> = texts.collect();
    let mut times: Vec<_> =
        texts.iter().map(|(text, name)| (seconds(|| prometheus.ask(text, many.end)), text, name)).collect();
    times.sort();
    let files = monitoring.files();
    let dashboard = files.iter().find(|it| it.name == "grafana-dashboard.json").expect("a dashboard");
    let dashboard = serde_json::from_str(&dashboard.contents).expect("JSON");
    println!("{} series; the median panel of {}: {:.2?} for now", many.count, times.len(), times[times.len() / 2].0);
    let mut slowest: Vec<_> = times
        .iter()
        .rev()
        .take(SLOWEST)
        .map(|(now, text, name)| {
            let step = points(&monitoring, &dashboard, name);
            let ask = |step| seconds(|| prometheus.ask_range(text, many.end - HOUR, many.end, step));
            // The duration with all points, to compare it with that for fewer points.
            let (all, hour) = (ask(POINTS), ask(step));
            (hour, all, step, now, text, name)
        })
        .collect();
    slowest.sort();
    for (hour, all, step, now, _, name) in slowest.iter().rev().take(5) {
        println!(
            "{name}: {hour:.2?} for an hour with a point each {step} s, {all:.2?} each {POINTS} s, {now:.2?} for now"
        );
    }
    let (hour, _, _, _, text, name) = slowest.last().expect("some panels");
    assert!(*hour < PROMISED, "{name} takes {hour:?}: {text}");
}

/// Returns the seconds between two points of a panel over an hour.
fn points(monitoring: &Monitoring, dashboard: &Value, key: &str) -> u32 {
    let mut panels = monitoring.rows.iter().flat_map(|it| &it.panels);
    let id = panels.find(|it| it.key == key).expect("a panel").id;
    let rows = dashboard["panels"].as_array().expect("panels").iter();
    let mut panels = rows.flat_map(|it| [it].into_iter().chain(it["panels"].as_array().into_iter().flatten()));
    let interval = &panels.find(|it| it["id"] == id).expect("the same panel")["interval"];
    let seconds = interval.as_str().map(|it| it.trim_end_matches('s').parse().expect("seconds"));
    seconds.map_or(POINTS, |it: u32| it.max(POINTS))
}

fn seconds<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    drop(work());
    start.elapsed()
}

/// Writes an hour of samples of a program with many label combinations on many instances. Returns the number of series.
fn write(directory: &std::path::Path, end: f64) -> usize {
    let catalog = catalog(&shipped_sites());
    let metrics: Vec<&MetricRecord> = catalog.families.iter().flat_map(|it| &it.metrics).collect();
    let labelled = metrics.iter().filter(|it| !it.labels.is_empty());
    let each: usize = labelled.map(|it| parts(it)).sum::<usize>() * usize::try_from(INSTANCES).expect("few");
    let combinations = SERIES.div_ceil(each);
    let mut samples = Samples::new(directory);
    let mut count = 0;
    let times: Vec<f64> = (0..=30).rev().map(|it| end - f64::from(it * STEP)).collect();
    for metric in metrics {
        let combinations = if metric.labels.is_empty() { 1 } else { combinations };
        for combination in 0..combinations {
            for instance in 0..INSTANCES {
                let pairs = metric.labels.iter().map(|it| (it.clone(), format!("{it}-{combination}")));
                let labels: Labels = pairs
                    .chain([("job".to_owned(), crate::world::HEALTHY.to_owned())])
                    .chain([("instance".to_owned(), format!("10.0.0.{instance}:3000"))])
                    .collect();
                for (name, labels, slope) in series(metric, &labels) {
                    samples.series(&name, &labels, times.iter().map(|it| (*it, slope * (it - end + 2.0 * HOUR))));
                    count += 1;
                }
            }
        }
    }
    samples.into_blocks(&directory.join("storage"));
    count
}

/// Returns the number of series for one combination of labels.
fn parts(metric: &MetricRecord) -> usize {
    if metric.kind == Kind::Histogram { metric.buckets.len() + 3 } else { 1 }
}

fn series(metric: &MetricRecord, labels: &Labels) -> Vec<(String, Labels, f64)> {
    if metric.kind != Kind::Histogram {
        return vec![(metric.name.clone(), labels.clone(), 2.0)];
    }
    let bounds = metric.buckets.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
    let bucket = |(index, bound): (usize, String)| {
        let own = BTreeMap::from([("le".to_owned(), bound)]);
        let slope = f64::from(u8::try_from(index + 1).expect("few"));
        (format!("{}_bucket", metric.name), labels.clone().into_iter().chain(own).collect(), slope)
    };
    let mut all: Vec<_> = bounds.enumerate().map(bucket).collect();
    let last = all.last().map_or(0.0, |it| it.2);
    all.extend(["_count", "_sum"].map(|it| (format!("{}{it}", metric.name), labels.clone(), last)));
    all
}
