//! Input of evaluation: series of samples, and access to them.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A time in milliseconds since the epoch, and a value.
pub type Sample = (i64, f64);

/// Marks a missing value, or the end of a series. The bits are those of Prometheus' stale marker.
pub const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// Whether a value is present, including NaN: anything except [`STALE`].
#[must_use]
pub fn is_present(value: f64) -> bool {
    value.to_bits() != STALE.to_bits()
}

/// Labels sorted by name, with unique names and without empty values.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Labels(Vec<(String, String)>);

/// One series.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The labels without the metric's name.
    pub labels: Arc<Labels>,
    /// The samples, the oldest first.
    pub samples: Vec<Sample>,
}

/// A store of samples.
pub trait Source {
    /// Passes each wanted series of a metric with its samples after `after` up to `to`, in milliseconds since the
    /// epoch. A histogram has the metrics `.._bucket` with the label `le`, `.._sum` and `.._count`.
    fn visit(
        &self,
        metric: &str,
        after: i64,
        to: i64,
        wanted: &dyn Wanted,
        each: &mut dyn FnMut(&Arc<Labels>, &[Sample]),
    );

    /// Returns a time before which there are no samples, in milliseconds since the epoch.
    fn oldest(&self) -> i64;

    /// Returns the number of series of a metric.
    fn count(&self, metric: &str) -> usize;

    /// Whether the result is no longer needed. Then the source passes no more series.
    fn is_abandoned(&self) -> bool {
        false
    }
}

/// A condition on the series to visit.
pub trait Wanted {
    /// Whether the series with these labels is wanted.
    fn series(&self, labels: &Labels) -> bool;

    /// Whether a bucket of the histogram with these labels can be wanted. A source asks before it creates their labels.
    fn histogram(&self, _labels: &Labels) -> bool {
        true
    }
}

impl<F: Fn(&Labels) -> bool> Wanted for F {
    fn series(&self, labels: &Labels) -> bool {
        self(labels)
    }
}

/// Samples in memory.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory(BTreeMap<String, Vec<Series>>);

impl Labels {
    /// Creates labels. If a name occurs twice, the last value is used. An empty value removes the label.
    pub fn new<'a>(labels: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut all: Vec<(String, String)> = Vec::new();
        for (name, value) in labels {
            match all.binary_search_by(|it| it.0.as_str().cmp(name)) {
                Ok(place) => value.clone_into(&mut all[place].1),
                Err(place) => all.insert(place, (name.to_owned(), value.to_owned())),
            }
        }
        all.retain(|(_, value)| !value.is_empty());
        Self(all)
    }

    /// Returns the value of a label, or an empty text if it is missing.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|it| it.0 == name).map_or("", |it| &it.1)
    }

    /// Iterates over names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl Memory {
    /// Adds a series of a metric.
    pub fn push(&mut self, metric: &str, series: Series) {
        self.0.entry(metric.to_owned()).or_default().push(series);
    }

    /// Iterates over all series, each with its metric.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Series)> {
        self.0.iter().flat_map(|(metric, all)| all.iter().map(|it| (metric.as_str(), it)))
    }
}

impl Source for Memory {
    fn visit(
        &self,
        metric: &str,
        after: i64,
        to: i64,
        wanted: &dyn Wanted,
        each: &mut dyn FnMut(&Arc<Labels>, &[Sample]),
    ) {
        for series in self.0.get(metric).into_iter().flatten().filter(|it| wanted.series(&it.labels)) {
            let from = series.samples.partition_point(|(time, _)| *time <= after);
            let to = series.samples.partition_point(|(time, _)| *time <= to);
            each(&series.labels, series.samples.get(from..to).unwrap_or_default());
        }
    }

    fn oldest(&self) -> i64 {
        let times = self.0.values().flatten().filter_map(|it| it.samples.first());
        times.map(|it| it.0).min().unwrap_or_default()
    }

    fn count(&self, metric: &str) -> usize {
        self.0.get(metric).map_or(0, Vec::len)
    }
}
