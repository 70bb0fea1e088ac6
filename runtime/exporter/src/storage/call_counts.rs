//! How often annotated functions were called, as the histogram of their durations shows it.

use crate::storage::series::HistogramSeries;
use crate::storage::series_map::SortedSeries;
use std::cmp::Ordering;

/// The number of calls in each series of the newest histogram. Counters read it in the order of their labels, so one pass
/// over the histogram serves all of them.
#[derive(Debug, Default)]
pub(crate) struct CallCounts {
    series: SortedSeries<HistogramSeries>,
    counts: Vec<u64>,
    next: usize,
}

impl CallCounts {
    /// Starts with another histogram, whose series are in the order of their labels.
    pub(crate) fn start(&mut self, series: SortedSeries<HistogramSeries>) {
        self.series = series;
        self.counts.clear();
        self.next = 0;
    }

    /// Adds the number of calls in the next series of the histogram.
    pub(crate) fn push(&mut self, calls: u64) {
        self.counts.push(calls);
    }

    /// The number of calls in the series with these labels, which sort after all labels that were asked for before.
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
