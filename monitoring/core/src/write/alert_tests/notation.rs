//! Writes samples in promtool's notation: one sample a minute.

use crate::model::SampleTrack;
use crate::query::promql::{Histograms, quoted};
use serde::Serialize;
use std::collections::BTreeMap;

/// The samples of one series.
#[derive(Clone, Serialize)]
#[expect(clippy::struct_field_names, reason = "promtool's names")]
pub(super) struct Series {
    pub(super) series: String,
    pub(super) values: String,
    /// Number of samples.
    #[serde(skip)]
    pub(super) count: u32,
}

/// Returns the series of these tracks. Classic buckets become native histograms if the rules read those.
pub(super) fn all(tracks: &[SampleTrack], job: &str, histograms: Histograms) -> Vec<Series> {
    let numbers = |it: &&SampleTrack| histograms == Histograms::Classic || histogram(it).is_none();
    let number = |it: &SampleTrack| Series {
        series: named(&it.metric, &it.labels, job),
        values: values(it),
        count: it.pieces.iter().map(|it| it.0).sum(),
    };
    let mut series: Vec<Series> = tracks.iter().filter(numbers).map(number).collect();
    if histograms == Histograms::Native {
        series.extend(native(tracks, job));
    }
    series
}

/// Returns the series in promtool's notation.
fn named(metric: &str, labels: &[(String, String)], job: &str) -> String {
    let is_own = |name: &str| labels.iter().all(|it| it.0 != name);
    let own = [("job", job), ("instance", "a")].into_iter().filter(|it| is_own(it.0));
    let all = own.chain(labels.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let all: Vec<String> = all.map(|(name, value)| format!("{name}={}", quoted(value))).collect();
    format!("{metric}{{{}}}", all.join(","))
}

fn values(track: &SampleTrack) -> String {
    let mut all = Vec::new();
    let mut count: Option<f64> = None;
    for (minutes, value) in track.pieces.iter().filter(|(minutes, _)| *minutes > 0) {
        let more = minutes - 1;
        if track.counter {
            let first = count.map_or(0.0, |it| it + value);
            all.push(format!("{first}+{value}x{more}"));
            count = Some(first + value * f64::from(more));
        } else {
            all.push(format!("{value}x{more}"));
        }
    }
    all.join(" ")
}

/// A histogram of a track: its name and labels.
type Name<'a> = (&'a str, Vec<&'a (String, String)>);

/// Returns the histogram that this track is a part of, and the upper bound if it is a bucket.
fn histogram(track: &SampleTrack) -> Option<(Name<'_>, Option<&str>)> {
    if let Some(name) = track.metric.strip_suffix("_bucket") {
        let bound = track.labels.iter().find(|it| it.0 == "le")?;
        return Some(((name, track.labels.iter().filter(|it| it.0 != "le").collect()), Some(&bound.1)));
    }
    let name = track.metric.strip_suffix("_count").filter(|_| track.counter)?;
    Some(((name, track.labels.iter().collect()), None))
}

/// Returns the histograms of all tracks, with the bounds of their classic buckets. A histogram of which only the number
/// of observations is given has them in one bucket.
fn native(tracks: &[SampleTrack], job: &str) -> Vec<Series> {
    let mut found: BTreeMap<Name<'_>, Vec<(f64, &SampleTrack)>> = BTreeMap::new();
    for track in tracks {
        let Some((name, bound)) = histogram(track) else { continue };
        let bound = bound.map_or(f64::INFINITY, |it| it.parse().unwrap_or(f64::INFINITY));
        let buckets = found.entry(name).or_default();
        if buckets.iter().all(|it| it.0.total_cmp(&bound).is_ne()) {
            buckets.push((bound, track));
        }
    }
    let series = found.into_iter().map(|((metric, labels), mut buckets)| {
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        let labels: Vec<(String, String)> = labels.into_iter().cloned().collect();
        let growths: Vec<Vec<f64>> = buckets.iter().map(|it| growth(it.1)).collect();
        let minutes = growths.iter().map(Vec::len).max().unwrap_or_default();
        let bounds: Vec<f64> = buckets.iter().map(|it| it.0).collect();
        let at = |minute: usize| {
            let cumulative = growths.iter().map(|it| it.get(minute).copied().unwrap_or_default());
            Counts::of(&cumulative.collect::<Vec<_>>())
        };
        let mut all = Vec::new();
        let (mut counts, mut minute) = (Counts::of(&vec![0.0; buckets.len()]), 0);
        while minute < minutes {
            let growth = at(minute);
            let more = (minute + 1..minutes).take_while(|it| at(*it) == growth).count();
            all.push(format!("{}+{}x{more}", counts.written(&bounds), growth.written(&bounds)));
            minute += more + 1;
            (0..more).for_each(|_| counts.add(&growth));
            counts.add(&at(minute));
        }
        let count = u32::try_from(minutes).unwrap_or(u32::MAX);
        Series { series: named(metric, &labels, job), values: all.join(" "), count }
    });
    series.collect()
}

/// The observations of a histogram in each bucket, and in all.
#[derive(PartialEq)]
struct Counts {
    buckets: Vec<f64>,
    all: f64,
}

impl Counts {
    fn of(cumulative: &[f64]) -> Self {
        let below = [0.0].into_iter().chain(cumulative.iter().copied());
        let buckets = cumulative.iter().zip(below).map(|(count, below)| count - below).collect();
        Self { buckets, all: cumulative.last().copied().unwrap_or_default() }
    }

    /// Adds as promtool does, one minute at a time: with another rounding a bucket could decrease, which is a reset.
    fn add(&mut self, more: &Self) {
        self.buckets.iter_mut().zip(&more.buckets).for_each(|(count, more)| *count += more);
        self.all += more.all;
    }

    /// Returns a histogram with custom buckets. The notation has no empty list of bounds.
    fn written(&self, bounds: &[f64]) -> String {
        let words = |all: &[f64]| all.iter().map(f64::to_string).collect::<Vec<_>>().join(" ");
        let finite: Vec<f64> = bounds.iter().copied().filter(|it| it.is_finite()).collect();
        let bounds = if finite.is_empty() { "1".to_owned() } else { words(&finite) };
        format!("{{{{schema:-53 count:{} custom_values:[{bounds}] buckets:[{}]}}}}", self.all, words(&self.buckets))
    }
}

/// Returns how much a counter grows in each minute.
fn growth(track: &SampleTrack) -> Vec<f64> {
    track.pieces.iter().flat_map(|(minutes, value)| (0..*minutes).map(|_| *value)).collect()
}
