//! The last hour of all series, sampled every five seconds: the data of the live page.
//!
//! Memory has two bounds. There are at most [`MOST_SERIES`] series of a few hundred bytes each, where a histogram
//! counts as one. The histories take at most [`MOST_BYTES`] together; beyond that the history keeps a shorter past. The
//! page shows what is left out.

mod collector;
mod delta_log;
mod series_history;

pub(crate) use delta_log::DeltaLog;
pub(crate) use series_history::{MetricHistory, SeriesHistories, SeriesHistory};

use crate::storage::metric_store::MetricStore;
use collector::Sampler;
use measurand_catalog::lock::{read, write};
use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{RwLock, RwLockReadGuard};

/// Seconds between two samples.
pub(crate) const INTERVAL: u32 = 5;
/// Seconds of the past that are kept.
pub(crate) const KEPT: u32 = 3600;
/// Maximum number of samples per series.
const TICKS: u32 = KEPT / INTERVAL;
/// Minimum number of samples per series, even beyond [`MOST_BYTES`]: a rate over five minutes needs them.
const LEAST_TICKS: u32 = 310 / INTERVAL;
/// Maximum size of all histories, in bytes.
const MOST_BYTES: usize = 16 << 20;
/// Maximum number of series with a history.
const MOST_SERIES: usize = 20_000;

/// The history, shared by the sampler and all readers.
#[derive(Debug, Default)]
pub(crate) struct History {
    samples: RwLock<Samples>,
    /// The time of the newest sample, 0 before the first; readable without the lock.
    newest: AtomicI64,
}

/// The samples of all series.
#[derive(Debug)]
pub(crate) struct Samples {
    bounds: Capacity,
    /// The time of each tick, in milliseconds since the epoch; the first entry belongs to the tick `first`.
    pub(crate) times: VecDeque<i64>,
    pub(crate) first: u32,
    /// Number of ticks to keep; smaller if memory is short.
    horizon: u32,
    pub(crate) metrics: BTreeMap<Cow<'static, str>, MetricHistory>,
    /// Number of series with a history. `left_out` is the number of series without one.
    series: usize,
    pub(crate) left_out: usize,
}

/// Bounds of the history.
#[derive(Debug, Clone, Copy)]
struct Capacity {
    ticks: u32,
    bytes: usize,
    series: usize,
}

impl History {
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Samples> {
        read(&self.samples)
    }

    /// Returns the time of the newest sample.
    pub(crate) fn newest(&self) -> i64 {
        self.newest.load(Ordering::Relaxed)
    }

    /// Adds a sample of all series.
    pub(crate) fn sample(&self, store: &MetricStore, now: i64) {
        write(&self.samples).sample(store, now);
        self.newest.store(now, Ordering::Relaxed);
    }
}

impl Default for Samples {
    fn default() -> Self {
        Self::new(Capacity { ticks: TICKS, bytes: MOST_BYTES, series: MOST_SERIES })
    }
}

impl Samples {
    fn new(bounds: Capacity) -> Self {
        Self {
            bounds,
            times: VecDeque::new(),
            first: 0,
            horizon: bounds.ticks,
            metrics: BTreeMap::new(),
            series: 0,
            left_out: 0,
        }
    }

    fn sample(&mut self, store: &MetricStore, now: i64) {
        // If the clock was set back, times would run backwards, so the past is dropped.
        if self.times.back().is_some_and(|it| *it >= now) {
            *self = Self::new(self.bounds);
        }
        let tick = self.first.wrapping_add(u32::try_from(self.times.len()).unwrap_or(u32::MAX));
        self.times.push_back(now);
        let mut sampler = Sampler::new(tick, self.bounds.series.saturating_sub(self.series));
        for metric in store.all() {
            sampler.sample(&mut self.metrics, &metric);
        }
        self.series += sampler.new;
        self.left_out = sampler.left_out;
        self.forget();
    }

    /// Drops ticks that are too old, and more of them if the histories take too much memory.
    fn forget(&mut self) {
        let size = self.size();
        let kept = u32::try_from(self.times.len()).unwrap_or(u32::MAX);
        if size > self.bounds.bytes {
            self.horizon = (kept - kept / 8).max(LEAST_TICKS);
        } else if size < self.bounds.bytes / 4 * 3 {
            self.horizon = (self.horizon + 1).min(self.bounds.ticks);
        }
        let gone = kept.saturating_sub(self.horizon);
        if gone > 0 {
            self.times.drain(..gone as usize);
            self.first = self.first.wrapping_add(gone);
            for metric in self.metrics.values_mut() {
                metric.trim(self.first);
            }
        }
    }

    /// Returns the heap memory of the histories, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.metrics.values().map(MetricHistory::size).sum()
    }

    /// Returns the length of the past that is kept, in seconds.
    pub(crate) fn seconds(&self) -> i64 {
        let ends = self.times.front().zip(self.times.back());
        ends.map_or(0, |(first, last)| (last - first) / 1000)
    }

    /// Returns the time of the newest sample.
    pub(crate) fn newest(&self) -> Option<i64> {
        self.times.back().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::source::{Scraped, Target};
    use crate::program::Program;
    use crate::recorder::Recorder;
    use measurand_catalog::{Catalog, families};
    use measurand_monitoring::query::evaluate::Labels;
    use measurand_monitoring::query::evaluate::Source;
    use metrics::{counter, gauge, histogram, with_local_recorder};
    use std::sync::atomic::AtomicBool;

    fn recorder() -> Recorder {
        let catalog = Catalog { format: Catalog::FORMAT, families: Vec::new(), sites: Vec::new() };
        Recorder::new(&Program {
            families: families::ALL.to_vec(),
            catalog,
            binary: None,
            initialize: || (),
            limit_series: |_| (),
        })
    }

    /// Returns the samples of a metric by its labels, without `job` and `instance`.
    fn found(samples: &Samples, metric: &str) -> BTreeMap<String, Vec<(i64, f64)>> {
        let target = Target { job: "shop".to_owned(), instance: "here".to_owned() };
        let mut all = BTreeMap::new();
        Scraped { samples, target: &target, is_abandoned: &AtomicBool::new(false) }.visit(
            metric,
            0,
            i64::MAX,
            &|_: &Labels| true,
            &mut |labels, samples| {
                assert_eq!((labels.get("job"), labels.get("instance")), ("shop", "here"));
                let own = labels.iter().filter(|it| !["job", "instance"].contains(&it.0));
                let text: Vec<String> = own.map(|(name, value)| format!("{name}={value}")).collect();
                all.insert(text.join(","), samples.to_vec());
            },
        );
        all
    }

    #[test]
    fn every_kind_is_sampled_as_a_scrape_shows_it() {
        let recorder = recorder();
        let mut samples = Samples::default();
        with_local_recorder(&recorder, || {
            counter!("orders_total", "user" => "a\"b", "job" => "mine").increment(3);
            gauge!("level").set(0.1);
            samples.sample(&recorder.state().store, 1000);
            counter!("orders_total", "user" => "a\"b", "job" => "mine").increment(4);
            counter!("orders_total", "user" => "late").increment(1);
            gauge!("level").set(-2.5);
            histogram!("wait_seconds").record(0.2);
            samples.sample(&recorder.state().store, 6000);
            histogram!("wait_seconds").record(7.0);
            samples.sample(&recorder.state().store, 11_000);
        });
        let orders = found(&samples, "orders_total");
        assert_eq!(orders[r#"exported_job=mine,user=a"b"#], [(1000, 3.0), (6000, 7.0), (11_000, 7.0)]);
        assert_eq!(orders["user=late"], [(6000, 1.0), (11_000, 1.0)]);
        assert_eq!(found(&samples, "level")[""], [(1000, 0.1), (6000, -2.5), (11_000, -2.5)]);
        let buckets = found(&samples, "wait_seconds_bucket");
        assert_eq!(buckets["le=0.1"], [(6000, 0.0), (11_000, 0.0)]);
        assert_eq!(buckets["le=0.25"], [(6000, 1.0), (11_000, 1.0)]);
        assert_eq!(buckets["le=+Inf"], [(6000, 1.0), (11_000, 2.0)]);
        assert_eq!(found(&samples, "wait_seconds_count")[""], [(6000, 1.0), (11_000, 2.0)]);
        assert_eq!(found(&samples, "wait_seconds_sum")[""], [(6000, 0.2), (11_000, 7.2)]);
        assert_eq!(found(&samples, "up")[""], [(1000, 1.0), (6000, 1.0), (11_000, 1.0)]);
        assert!(found(&samples, "nothing").is_empty());
    }

    #[test]
    fn the_past_is_forgotten_and_a_clock_that_is_set_back_forgets_all() {
        let recorder = recorder();
        let mut samples = Samples::new(Capacity { ticks: 70, bytes: usize::MAX, series: 1000 });
        with_local_recorder(&recorder, || {
            for tick in 0..200 {
                counter!("orders_total").increment(1);
                samples.sample(&recorder.state().store, 5000 * (tick + 1));
            }
        });
        let orders = &found(&samples, "orders_total")[""];
        assert_eq!((orders.len(), orders[0], orders[69]), (70, (131 * 5000, 131.0), (200 * 5000, 200.0)));
        samples.sample(&recorder.state().store, 7);
        assert_eq!(found(&samples, "orders_total")[""], [(7, 200.0)]);
    }

    /// First the machine sleeps for hours, then its clock is wrong by hours.
    #[test]
    fn a_clock_that_jumps_makes_no_rate() {
        const HOUR: i64 = 3_600_000;
        let recorder = recorder();
        let mut samples = Samples::default();
        let target = Target { job: "shop".to_owned(), instance: "here".to_owned() };
        let minutes = |samples: &mut Samples, from: i64| {
            with_local_recorder(&recorder, || {
                for tick in 0..24 {
                    counter!("orders_total").increment(1);
                    samples.sample(&recorder.state().store, from + 5000 * tick);
                }
            });
            let now = from + 5000 * 23;
            let mut rate = Vec::new();
            // The samples that a rate over five minutes uses.
            let scraped = Scraped { samples, target: &target, is_abandoned: &AtomicBool::new(false) };
            scraped.visit("orders_total", now - 300_000, now, &|_: &Labels| true, &mut |_, it| {
                rate.extend(it.iter().map(|it| it.1));
            });
            rate
        };
        let counted = |from: u32| (from..from + 24).map(f64::from).collect::<Vec<_>>();
        assert_eq!(minutes(&mut samples, HOUR), counted(1));
        assert_eq!(minutes(&mut samples, 6 * HOUR), counted(25), "no samples from before the sleep");
        assert_eq!(minutes(&mut samples, HOUR + 200_000), counted(49), "no samples from the future");
        assert!(samples.seconds() < 200, "{}", samples.seconds());
        samples.sample(&recorder.state().store, i64::MAX);
        assert!(samples.seconds() > 0 && samples.size() < MOST_BYTES);
        samples.sample(&recorder.state().store, 0);
        assert_eq!((samples.seconds(), samples.newest()), (0, Some(0)));
    }

    #[test]
    fn memory_is_bounded_by_a_shorter_past_and_by_a_number_of_series() {
        let recorder = recorder();
        let mut samples = Samples::new(Capacity { ticks: 720, bytes: 40_000, series: 150 });
        with_local_recorder(&recorder, || {
            for tick in 0..400 {
                for number in 0..200 {
                    counter!("orders_total", "user" => format!("{number:03}")).increment(1 + tick);
                }
                samples.sample(&recorder.state().store, 5000 * i64::try_from(tick + 1).unwrap());
            }
        });
        let orders = found(&samples, "orders_total");
        let kept = orders["user=000"].len();
        assert!((LEAST_TICKS as usize..400).contains(&kept), "{kept} ticks");
        assert!(orders.len() < 150 && samples.left_out > 50, "{} and {}", orders.len(), samples.left_out);
        // The minimum is always kept: about four bytes for each tick and series.
        assert!(samples.size() < 150 * (LEAST_TICKS as usize * 5 + 80), "{}", samples.size());
    }
}
