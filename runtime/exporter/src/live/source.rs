//! The history as a source of samples: series with the labels `job` and `instance`, as if Prometheus had scraped them.

use crate::history::{DeltaLog, MetricHistory, Samples, SeriesHistories, SeriesHistory};
use crate::storage::by_kind::ByKind;
use crate::storage::series::HistogramSeries;
use measurand_monitoring::query::evaluate::{Labels, Sample, Source, Wanted};
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The samples, as if scraped from a target.
pub(crate) struct Scraped<'a> {
    pub(crate) samples: &'a Samples,
    pub(crate) target: &'a Target,
    /// Set when no client waits for the answer any more.
    pub(crate) is_abandoned: &'a AtomicBool,
}

/// The target labels that Prometheus would give this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) job: String,
    pub(crate) instance: String,
}

/// One of the three kinds of a histogram's series.
#[derive(Clone, Copy)]
enum Part {
    Bucket,
    Sum,
    Count,
}

type Each<'a> = &'a mut dyn FnMut(&Arc<Labels>, &[Sample]);

impl Source for Scraped<'_> {
    fn visit(&self, metric: &str, after: i64, to: i64, wanted: &dyn Wanted, each: Each<'_>) {
        let times = &self.samples.times;
        let (from, to) = (times.partition_point(|it| *it <= after), times.partition_point(|it| *it <= to));
        if from >= to {
            return;
        }
        let span = Span { samples: self.samples, from, to };
        if metric == "up" {
            let labels = Arc::new(self.labels(""));
            if wanted.series(&labels) {
                let samples: Vec<Sample> = times.range(from..to).map(|it| (*it, 1.0)).collect();
                each(&labels, &samples);
            }
            return;
        }
        match self.samples.metrics.get(metric).map(|it| &it.series) {
            Some(ByKind::Counter(list)) => self.simple(list, &span, wanted, each),
            Some(ByKind::Gauge(list)) => self.simple(list, &span, wanted, each),
            _ => {
                let parts = [("_bucket", Part::Bucket), ("_sum", Part::Sum), ("_count", Part::Count)];
                for (suffix, part) in parts {
                    if let Some(metric) = metric.strip_suffix(suffix).and_then(|it| self.samples.metrics.get(it)) {
                        self.histogram(metric, part, &span, wanted, each);
                    }
                }
            }
        }
    }

    fn oldest(&self) -> i64 {
        self.samples.times.front().copied().unwrap_or(i64::MAX / 2)
    }

    fn count(&self, metric: &str) -> usize {
        match self.samples.metrics.get(metric).map(|it| &it.series) {
            Some(ByKind::Counter(list)) => list.kept.len(),
            Some(ByKind::Gauge(list)) => list.kept.len(),
            _ => {
                let histogram = |suffix| match self.samples.metrics.get(metric.strip_suffix(suffix)?) {
                    Some(MetricHistory { series: ByKind::Histogram(list), bounds }) => {
                        Some((list.kept.len(), bounds.len()))
                    }
                    _ => None,
                };
                let buckets = histogram("_bucket").map(|(series, bounds)| series * bounds);
                buckets
                    .or_else(|| ["_sum", "_count"].into_iter().find_map(histogram).map(|it| it.0))
                    .unwrap_or_default()
            }
        }
    }

    fn is_abandoned(&self) -> bool {
        self.is_abandoned.load(Ordering::Relaxed)
    }
}

/// A range of ticks.
struct Span<'a> {
    samples: &'a Samples,
    from: usize,
    to: usize,
}

impl Span<'_> {
    /// Fills `out` with samples for each tick at which the series existed. `numbers` makes one value for each entry of
    /// `out` from the columns.
    fn samples(&self, log: &DeltaLog, out: &mut [Vec<Sample>], numbers: impl Fn(&[u64], &mut dyn FnMut(f64))) {
        out.iter_mut().for_each(Vec::clear);
        let place = |tick: u32| tick.wrapping_sub(self.samples.first) as usize;
        // Numbers hold until the next change.
        let (mut next, mut values) = (usize::MAX, Vec::with_capacity(out.len()));
        let mut fill = |from: usize, to: usize, values: &[f64]| {
            let (from, to) = (from.max(self.from), to.min(self.to));
            if from < to {
                for (out, value) in out.iter_mut().zip(values) {
                    out.extend(self.samples.times.range(from..to).map(|time| (*time, *value)));
                }
            }
        };
        log.replay(|tick, columns| {
            let at = place(tick);
            if next != usize::MAX {
                fill(next, at, &values);
            }
            next = at;
            values.clear();
            numbers(columns, &mut |it| values.push(it));
        });
        if next != usize::MAX {
            fill(next, self.to, &values);
        }
    }
}

impl Scraped<'_> {
    /// Returns the labels of a series with those of the target. If the series has a label `job` or `instance`, it is
    /// renamed as Prometheus renames it.
    fn labels(&self, text: &str) -> Labels {
        let own = parse(text);
        let name = |it: &Cow<'_, str>| match it.as_ref() {
            "job" => "exported_job".to_owned(),
            "instance" => "exported_instance".to_owned(),
            other => other.to_owned(),
        };
        let own: Vec<(String, Cow<'_, str>)> = own.into_iter().map(|(key, value)| (name(&key), value)).collect();
        let target = [("job", self.target.job.as_str()), ("instance", self.target.instance.as_str())];
        Labels::new(own.iter().map(|(name, value)| (name.as_str(), value.as_ref())).chain(target))
    }

    fn labels_of<'a, S>(&self, line: &'a SeriesHistory<S>) -> &'a Arc<Labels> {
        line.labels.get_or_init(|| Arc::new(self.labels(&line.entry.labels)))
    }

    /// Iterates over the lines that have samples while a client waits for the answer.
    fn lines<'a, S>(
        &'a self,
        list: &'a SeriesHistories<S>,
    ) -> impl Iterator<Item = (&'a SeriesHistory<S>, &'a Arc<Labels>, &'a DeltaLog)> {
        let waited_for = list.kept.iter().take_while(|_| !self.is_abandoned());
        waited_for.filter_map(|line| Some((line, self.labels_of(line), line.log.as_ref()?)))
    }

    fn simple<S: Floats>(&self, list: &SeriesHistories<S>, span: &Span<'_>, wanted: &dyn Wanted, each: Each<'_>) {
        let mut samples = [Vec::new()];
        for (line, labels, log) in self.lines(list).filter(|it| wanted.series(it.1)) {
            span.samples(log, &mut samples, |columns, put| {
                put(line.entry.series.float(columns.first().copied().unwrap_or_default()));
            });
            each(labels, &samples[0]);
        }
    }

    fn histogram(&self, metric: &MetricHistory, part: Part, span: &Span<'_>, wanted: &dyn Wanted, each: Each<'_>) {
        let ByKind::Histogram(list) = &metric.series else { return };
        if let Part::Bucket = part {
            return self.buckets(list, &metric.bounds, span, wanted, each);
        }
        let mut samples = [Vec::new()];
        for (_, labels, log) in self.lines(list).filter(|it| wanted.series(it.1)) {
            span.samples(log, &mut samples, |columns, put| match part {
                Part::Sum => put(f64::from_bits(columns.last().copied().unwrap_or_default())),
                _ => put(whole(columns.iter().take(metric.bounds.len()).fold(0, |sum, it| sum.wrapping_add(*it)))),
            });
            each(labels, &samples[0]);
        }
    }

    /// Reads all wanted buckets of a histogram in one pass over its log.
    fn buckets(
        &self,
        list: &SeriesHistories<HistogramSeries>,
        bounds: &[String],
        span: &Span<'_>,
        wanted: &dyn Wanted,
        each: Each<'_>,
    ) {
        let mut samples: Vec<Vec<Sample>> = Vec::new();
        for (_, labels, log) in self.lines(list).filter(|it| wanted.histogram(it.1)) {
            let bucket = |(place, bound): (usize, &String)| {
                let labels = Labels::new(labels.iter().chain([("le", bound.as_str())]));
                wanted.series(&labels).then(|| (place, Arc::new(labels)))
            };
            let chosen: Vec<(usize, Arc<Labels>)> = bounds.iter().enumerate().filter_map(bucket).collect();
            samples.resize_with(chosen.len(), Vec::new);
            span.samples(log, &mut samples, |columns, put| {
                let (mut sum, mut next) = (0_u64, 0);
                for (place, _) in &chosen {
                    let own = columns.get(next..=*place).unwrap_or_default();
                    sum = own.iter().fold(sum, |sum, it| sum.wrapping_add(*it));
                    next = place + 1;
                    put(whole(sum));
                }
            });
            chosen.iter().zip(&samples).for_each(|((_, labels), samples)| each(labels, samples));
        }
    }
}

/// Converts a column of such a series to its value.
trait Floats {
    fn float(&self, column: u64) -> f64;
}

impl Floats for crate::storage::series::CounterSeries {
    fn float(&self, column: u64) -> f64 {
        if self.is_computed() { f64::from_bits(column) } else { whole(column) }
    }
}

impl Floats for crate::storage::series::GaugeSeries {
    fn float(&self, column: u64) -> f64 {
        f64::from_bits(column)
    }
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus keeps counts in the same way")]
fn whole(count: u64) -> f64 {
    count as f64
}

/// Parses the names and values in a series' braces, which we wrote ourselves.
fn parse(text: &str) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    let mut labels = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once("=\"") {
        let mut value = String::new();
        let mut characters = after.char_indices();
        let end = loop {
            match characters.next() {
                Some((_, '\\')) => match characters.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, it)) => value.push(it),
                    None => return labels,
                },
                Some((place, '"')) => break place,
                Some((_, it)) => value.push(it),
                None => return labels,
            }
        };
        labels.push((name.trim_start_matches(',').into(), value.into()));
        rest = after.get(end + 1..).unwrap_or_default();
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_what_they_were_before_they_were_text() {
        let labels = parse(r#"a="1",b="x\"y\\z\nw, c=\"2",d="""#);
        let labels: Vec<(&str, &str)> = labels.iter().map(|(a, b)| (a.as_ref(), b.as_ref())).collect();
        assert_eq!(labels, [("a", "1"), ("b", "x\"y\\z\nw, c=\"2"), ("d", "")]);
        assert!(parse("").is_empty() && parse("a=\"unclosed").is_empty());
    }
}
