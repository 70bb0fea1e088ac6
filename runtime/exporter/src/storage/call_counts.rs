//! The number of calls of annotated functions, derived from the histogram of their durations.

use crate::storage::series::HistogramSeries;
use crate::storage::series_map::SortedSeries;
use std::cmp::Ordering;

/// The number of calls in each series of the newest histogram. Counters read them in label order, so one pass over the
/// histogram serves all of them.
#[derive(Debug, Default)]
pub(crate) struct CallCounts {
    series: SortedSeries<HistogramSeries>,
    counts: Vec<u64>,
    next: usize,
}

impl CallCounts {
    /// Starts with another histogram, whose series are in label order.
    pub(crate) fn start(&mut self, series: SortedSeries<HistogramSeries>) {
        self.series = series;
        self.counts.clear();
        self.next = 0;
    }

    /// Adds the number of calls in the next series of the histogram.
    pub(crate) fn push(&mut self, calls: u64) {
        self.counts.push(calls);
    }

    /// Returns the number of calls in the series with these labels. Each call must pass labels that sort after the
    /// previous ones.
    pub(crate) fn of(&mut self, labels: &str) -> u64 {
        while let Some(entry) = self.series.get(self.next) {
            match entry.labels.as_ref().cmp(labels) {
                Ordering::Less => self.next += 1,
                Ordering::Equal => return self.counts.get(self.next).copied().unwrap_or_default(),
                Ordering::Greater => return 0,
            }
        }
        0
    }
}
