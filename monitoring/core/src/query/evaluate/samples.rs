//! What is evaluated: series of samples, and how a term gets at them.

use std::collections::BTreeMap;
use std::sync::Arc;

/// One number at one time, in milliseconds since the epoch.
pub type Sample = (i64, f64);

/// No number: a series that has ended. The same bits as Prometheus', and as a sample they mean the same.
pub const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// Whether this is a number, be it NaN, and not [`STALE`].
#[must_use]
pub fn is_present(value: f64) -> bool {
    value.to_bits() != STALE.to_bits()
}

/// Labels, sorted by name, each name once and none of them empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Labels(Vec<(String, String)>);

/// One series.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its labels without the name.
    pub labels: Arc<Labels>,
    /// Its samples, the oldest first.
    pub samples: Vec<Sample>,
}

/// Where samples are.
pub trait Source {
    /// Shows each series of a metric that is wanted, with its samples after the first time up to the second. Of a histogram
    /// there are the metrics `.._bucket` with the label `le`, `.._sum` and `.._count`.
    fn visit(
        &self,
        metric: &str,
        after: i64,
        to: i64,
        wanted: &dyn Wanted,
        each: &mut dyn FnMut(&Arc<Labels>, &[Sample]),
    );

    /// A time before which there is no sample.
    fn oldest(&self) -> i64;

    /// How many series a metric has.
    fn count(&self, metric: &str) -> usize;

    /// Whether the answer has become useless; then it shows no more series.
    fn is_abandoned(&self) -> bool {
        false
    }
}

/// Which series a visit is for.
pub trait Wanted {
    /// Whether the series with these labels is wanted.
    fn series(&self, labels: &Labels) -> bool;

    /// Whether a bucket of the histogram with these labels can be wanted; a source asks before it makes their labels.
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
    /// Of two labels with one name the last counts, and an empty value is as good as none.
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

    /// The value of a label, empty where there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|it| it.0 == name).map_or("", |it| &it.1)
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl Memory {
    /// Adds one series of a metric.
    pub fn push(&mut self, metric: &str, series: Series) {
        self.0.entry(metric.to_owned()).or_default().push(series);
    }

    /// All series, each with its metric.
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
        for it in self.0.get(metric).into_iter().flatten().filter(|it| wanted.series(&it.labels)) {
            let from = it.samples.partition_point(|(time, _)| *time <= after);
            let to = it.samples.partition_point(|(time, _)| *time <= to);
            each(&it.labels, it.samples.get(from..to).unwrap_or_default());
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
