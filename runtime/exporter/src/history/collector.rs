//! One sample of all series.

use super::delta_log::DeltaLog;
use super::series_history::{MetricHistory, SeriesHistories, SeriesHistory};
use crate::storage::by_kind::ByKind;
use crate::storage::call_counts::CallCounts;
use crate::storage::cells::Snapshot;
use crate::storage::metric::Metric;
use crate::storage::series::CounterValue;
use crate::storage::series_map::SortedSeries;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// Takes one sample of all series.
pub(super) struct Sampler {
    tick: u32,
    room: usize,
    /// Number of series whose history starts with this sample.
    pub(super) new: usize,
    pub(super) left_out: usize,
    calls: CallCounts,
}

impl Sampler {
    pub(super) fn new(tick: u32, room: usize) -> Self {
        Self { tick, room, new: 0, left_out: 0, calls: CallCounts::default() }
    }

    /// Adds a sample of each series of a metric.
    pub(super) fn sample(&mut self, histories: &mut BTreeMap<Cow<'static, str>, MetricHistory>, metric: &Metric) {
        if metric.len() == 0 {
            return;
        }
        let tick = self.tick;
        let history = histories.entry(metric.name.clone()).or_insert_with(|| MetricHistory::of(metric));
        match (&metric.series, &mut history.series) {
            (ByKind::Counter(series), ByKind::Counter(list)) => {
                self.sync(list, &series.sorted());
                for line in &mut list.kept {
                    let calls = if metric.counts_calls { self.calls.of(&line.entry.labels) } else { 0 };
                    match line.entry.series.count(calls) {
                        CounterValue::Whole(value) => push(&mut line.log, tick, &[value], false),
                        CounterValue::Computed(value) => push(&mut line.log, tick, &[value.to_bits()], true),
                    }
                }
            }
            (ByKind::Gauge(series), ByKind::Gauge(list)) => {
                self.sync(list, &series.sorted());
                for line in &mut list.kept {
                    push(&mut line.log, tick, &[line.entry.series.value().to_bits()], true);
                }
            }
            (ByKind::Histogram(series), ByKind::Histogram(list)) => {
                let sorted = series.sorted();
                self.sync(list, &sorted);
                let mut snapshot = Snapshot::default();
                let mut kept = list.kept.iter_mut().peekable();
                self.calls.start(Arc::clone(&sorted));
                for entry in sorted.iter() {
                    snapshot.clear(metric.bounds.len() + 1);
                    self.calls.push(entry.series.read(&mut snapshot));
                    if let Some(line) = kept.next_if(|it| Arc::ptr_eq(&it.entry, entry)) {
                        let sum = snapshot.seconds().to_bits();
                        snapshot.buckets.push(sum);
                        push(&mut line.log, tick, &snapshot.buckets, true);
                    }
                }
            }
            // A name never changes its kind.
            _ => (),
        }
    }

    /// Adds new series while there is room, and drops those that no longer exist.
    fn sync<S>(&mut self, list: &mut SeriesHistories<S>, sorted: &SortedSeries<S>) {
        if !Arc::ptr_eq(&list.known, sorted) {
            let mut before = std::mem::take(&mut list.kept).into_iter().peekable();
            for entry in sorted.iter() {
                while before.next_if(|it| it.entry.labels < entry.labels).is_some() {}
                if let Some(line) = before.next_if(|it| Arc::ptr_eq(&it.entry, entry)) {
                    list.kept.push(line);
                } else if self.new < self.room {
                    self.new += 1;
                    list.kept.push(SeriesHistory { entry: Arc::clone(entry), log: None, labels: OnceLock::new() });
                }
            }
            list.known = Arc::clone(sorted);
        }
        self.left_out += sorted.len().saturating_sub(list.kept.len());
    }
}

fn push(log: &mut Option<DeltaLog>, tick: u32, values: &[u64], is_float: bool) {
    match log {
        Some(log) => log.push(tick, values),
        None => *log = Some(DeltaLog::new(tick, values, is_float)),
    }
}
