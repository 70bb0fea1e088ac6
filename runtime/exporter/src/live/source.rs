//! The ring as a source of samples: series with the labels `job` and `instance`, as a Prometheus would have scraped them.

use super::log::Log;
use super::ring::{Line, Lines, List, Metric, Samples};
use measurand_monitoring::evaluate::{Labels, Sample, Source};
use std::borrow::Cow;
use std::sync::Arc;

/// What was sampled, as scraped from a target.
pub(super) struct Scraped<'a> {
    pub(super) samples: &'a Samples,
    pub(super) target: &'a Target,
}

/// What a Prometheus would call this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) job: String,
    pub(super) instance: String,
}

/// Which of a histogram's series.
#[derive(Clone, Copy)]
enum Part {
    Bucket,
    Sum,
    Count,
}

type Wanted<'a> = &'a dyn Fn(&Labels) -> bool;
type Each<'a> = &'a mut dyn FnMut(&Arc<Labels>, &[Sample]);

impl Source for Scraped<'_> {
    fn visit(&self, metric: &str, after: i64, to: i64, wanted: Wanted<'_>, each: Each<'_>) {
        let times = &self.samples.times;
        let (from, to) = (times.partition_point(|it| *it <= after), times.partition_point(|it| *it <= to));
        if from >= to {
            return;
        }
        let span = Span { samples: self.samples, from, to };
        if metric == "up" {
            let labels = Arc::new(self.labels(""));
            if wanted(&labels) {
                let samples: Vec<Sample> = times.range(from..to).map(|it| (*it, 1.0)).collect();
                each(&labels, &samples);
            }
            return;
        }
        match self.samples.metrics.get(metric).map(|it| &it.lines) {
            Some(Lines::Counters(list)) => self.simple(list, &span, wanted, each),
            Some(Lines::Gauges(list)) => self.simple(list, &span, wanted, each),
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
}

/// Part of the ticks.
struct Span<'a> {
    samples: &'a Samples,
    from: usize,
    to: usize,
}

impl Span<'_> {
    /// A sample for each tick at which the series was there, made by `number` from the columns.
    fn samples(&self, log: &Log, out: &mut Vec<Sample>, number: impl Fn(&[u64]) -> f64) {
        out.clear();
        let place = |tick: u32| tick.wrapping_sub(self.samples.first) as usize;
        // A number holds until the next one.
        let (mut next, mut value) = (usize::MAX, 0.0);
        let mut fill = |from: usize, to: usize, value: f64| {
            let (from, to) = (from.max(self.from), to.min(self.to));
            if from < to {
                out.extend(self.samples.times.range(from..to).map(|time| (*time, value)));
            }
        };
        log.replay(|tick, columns| {
            let at = place(tick);
            if next != usize::MAX {
                fill(next, at, value);
            }
            (next, value) = (at, number(columns));
        });
        if next != usize::MAX {
            fill(next, self.to, value);
        }
    }
}

impl Scraped<'_> {
    /// The labels of a series with those of the target. A label of its own that is called like one of these is renamed,
    /// as Prometheus does it.
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

    fn labels_of<'a, S>(&self, line: &'a Line<S>) -> &'a Arc<Labels> {
        line.labels.get_or_init(|| Arc::new(self.labels(&line.entry.labels)))
    }

    fn simple<S: Floats>(&self, list: &List<S>, span: &Span<'_>, wanted: Wanted<'_>, each: Each<'_>) {
        let mut samples = Vec::new();
        for line in &list.kept {
            let (labels, Some(log)) = (self.labels_of(line), &line.log) else { continue };
            if wanted(labels) {
                span.samples(log, &mut samples, |it| line.entry.series.float(it.first().copied().unwrap_or_default()));
                each(labels, &samples);
            }
        }
    }

    fn histogram(&self, metric: &Metric, part: Part, span: &Span<'_>, wanted: Wanted<'_>, each: Each<'_>) {
        let Lines::Histograms(list) = &metric.lines else { return };
        let mut samples = Vec::new();
        for line in &list.kept {
            let (labels, Some(log)) = (self.labels_of(line), &line.log) else { continue };
            match part {
                Part::Sum if wanted(labels) => {
                    span.samples(log, &mut samples, |it| f64::from_bits(it.last().copied().unwrap_or_default()));
                    each(labels, &samples);
                }
                Part::Count if wanted(labels) => {
                    span.samples(log, &mut samples, |it| whole(sum(it, metric.bounds.len())));
                    each(labels, &samples);
                }
                Part::Bucket => {
                    for (place, bound) in metric.bounds.iter().enumerate() {
                        let labels = Arc::new(Labels::new(labels.iter().chain([("le", bound.as_str())])));
                        if wanted(&labels) {
                            span.samples(log, &mut samples, |it| whole(sum(it, place + 1)));
                            each(&labels, &samples);
                        }
                    }
                }
                _ => (),
            }
        }
    }
}

/// What a column of such a series means.
trait Floats {
    fn float(&self, column: u64) -> f64;
}

impl Floats for crate::series::CounterSeries {
    fn float(&self, column: u64) -> f64 {
        if self.is_computed() { f64::from_bits(column) } else { whole(column) }
    }
}

impl Floats for crate::series::GaugeSeries {
    fn float(&self, column: u64) -> f64 {
        f64::from_bits(column)
    }
}

fn sum(columns: &[u64], count: usize) -> u64 {
    columns.iter().take(count).fold(0, |sum, it| sum.wrapping_add(*it))
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus keeps counts in the same way")]
fn whole(count: u64) -> f64 {
    count as f64
}

/// Names and values out of the text between the braces of a series, which we wrote ourselves.
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
