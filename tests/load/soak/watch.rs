//! Scrapes while other threads record, and checks that each scrape is consistent and no counter decreases.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

/// The samples of a scrape by their series, labels sorted by name.
pub(crate) type Samples = BTreeMap<String, f64>;

/// The results of all scrapes so far.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    before: Samples,
    pub(crate) scrapes: u64,
    /// Number of failed scrapes.
    pub(crate) failed: u64,
    /// Inconsistencies within or between scrapes.
    pub(crate) problems: Vec<String>,
}

/// Maximum number of reported problems.
const REPORTED: usize = 100;

impl Watch {
    /// Scrapes this endpoint until `stop` is true.
    pub(crate) fn run(url: &str, pause: Duration, stop: &AtomicBool) -> Self {
        let mut watch = Self::default();
        while !stop.load(Ordering::Relaxed) {
            watch.scrape(url);
            sleep(pause);
        }
        watch
    }

    /// Scrapes once. The request may fail during a restart of the endpoint, but a response must be complete.
    pub(crate) fn scrape(&mut self, url: &str) {
        match fetch(url) {
            Ok(text) => self.see(&text),
            Err(_) => self.failed += 1,
        }
    }

    fn see(&mut self, text: &str) {
        let mut problems = Vec::new();
        let samples = parse(text, &mut problems);
        check_alone(&samples, text, &mut problems);
        for (series, before) in &self.before {
            match samples.get(series) {
                None => problems.push(format!("{series} is gone")),
                Some(now) if now < before && only_grows(series) => {
                    problems.push(format!("{series} fell from {before} to {now}"));
                }
                Some(_) => {}
            }
        }
        let room = REPORTED.saturating_sub(self.problems.len());
        self.problems.extend(problems.into_iter().take(room));
        self.before = samples;
        self.scrapes += 1;
    }
}

/// The text of a scrape.
pub(crate) fn fetch(url: &str) -> Result<String, String> {
    let answer = ureq::get(format!("{url}/metrics")).call().map_err(|error| error.to_string())?;
    answer.into_body().into_with_config().limit(256 << 20).read_to_string().map_err(|error| error.to_string())
}

/// The samples of a scrape that must succeed.
pub(crate) fn samples(url: &str) -> Samples {
    let text = fetch(url).unwrap_or_else(|error| panic!("the scrape failed: {error}"));
    parse(&text, &mut Vec::new())
}

/// The growth of a series; a missing series counts as 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, exact up to 2^53")]
pub(crate) fn grown(before: &Samples, after: &Samples, series: &str) -> u64 {
    let of = |samples: &Samples| samples.get(&normal(series)).copied().unwrap_or_default();
    (of(after) - of(before)).max(0.0) as u64
}

fn parse(text: &str, problems: &mut Vec<String>) -> Samples {
    let mut samples = Samples::new();
    for line in text.lines().filter(|it| !it.is_empty() && !it.starts_with('#')) {
        match line.rsplit_once(' ').map(|(series, value)| (normal(series), value.parse())) {
            Some((series, Ok(value))) => {
                if samples.insert(series, value).is_some() {
                    problems.push(format!("duplicate series in one scrape: {line}"));
                }
            }
            _ => problems.push(format!("not a sample: {line}")),
        }
    }
    samples
}

/// Sorts the labels of a series by name. Label values must not contain commas.
fn normal(series: &str) -> String {
    let Some((name, labels)) = series.strip_suffix('}').and_then(|it| it.split_once('{')) else {
        return series.to_owned();
    };
    let mut labels: Vec<&str> = labels.split(',').collect();
    labels.sort_unstable();
    format!("{name}{{{}}}", labels.join(","))
}

fn only_grows(series: &str) -> bool {
    let name = series.split('{').next().unwrap_or_default();
    ["_total", "_bucket", "_count", "_sum"].iter().any(|it| name.ends_with(it))
}

/// Finds signs of a torn read: decreasing buckets, a count that differs from the last bucket, a number of calls that
/// differs from the number of durations, a negative gauge of calls in flight.
fn check_alone(samples: &Samples, text: &str, problems: &mut Vec<String>) {
    let mut bucket: Option<(&str, f64)> = None;
    for line in text.lines().filter(|it| !it.starts_with('#')) {
        let Some((series, value)) = line.rsplit_once(' ') else { continue };
        let value: f64 = value.parse().unwrap_or(f64::NAN);
        let Some((base, bound)) = series.split_once("_bucket{").and_then(|_| series.rsplit_once("le=\"")) else {
            continue;
        };
        match bucket {
            Some((same, below)) if same == base && value < below => {
                problems.push(format!("{series} is {value}, but the bucket below is {below}"));
            }
            _ => {}
        }
        bucket = Some((base, value));
        if bound == "+Inf\"}" {
            let labels = base.trim_end_matches(',').replace("_bucket{", "_count{");
            let count = if labels.ends_with('{') { labels.trim_end_matches('{').to_owned() } else { labels + "}" };
            if samples.get(&normal(&count)) != Some(&value) {
                problems.push(format!("{count} differs from the last bucket, which is {value}"));
            }
        }
    }
    for (series, calls) in samples.iter().filter(|it| it.0.starts_with("function_calls_total{")) {
        let count = series.replace("function_calls_total", "function_duration_seconds_count");
        if samples.get(&count) != Some(calls) {
            problems.push(format!("{series} is {calls}, but {count} differs"));
        }
    }
    for (series, value) in samples.iter().filter(|it| it.0.contains("_in_flight{")) {
        if *value < 0.0 {
            problems.push(format!("{series} is {value}"));
        }
    }
}
