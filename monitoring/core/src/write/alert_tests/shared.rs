//! Groups timelines that one test can cover, so that each alert sees the same samples as alone. The tests count firing
//! alerts by their own labels, so alerts with the same name can be in one group.

use crate::model::{Alert, SampleTrack, Timeline};
use crate::query::Selector;

/// An alert and one of its timelines.
pub(super) type TimelineOf<'a> = (&'a Alert, &'a Timeline);

/// Timelines that share a test.
#[derive(Default)]
struct Batch<'a> {
    members: Vec<BatchMember<'a>>,
    lines: Vec<SampledTrack<'a>>,
}

#[derive(Clone)]
struct BatchMember<'a> {
    watched: TimelineOf<'a>,
    reads: Vec<&'a Selector>,
    lines: Vec<SampledTrack<'a>>,
}

/// A series with its samples.
#[derive(Clone)]
struct SampledTrack<'a> {
    track: &'a SampleTrack,
    samples: Vec<f64>,
}

/// Assigns each timeline to the first batch in which it fits.
pub(super) fn of<'a>(all: &[TimelineOf<'a>]) -> Vec<Vec<TimelineOf<'a>>> {
    let mut batches: Vec<Batch<'a>> = Vec::new();
    for watched in all {
        let member = BatchMember::new(*watched);
        if !batches.iter_mut().any(|it| it.takes(&member)) {
            let mut batch = Batch::default();
            batch.takes(&member);
            batches.push(batch);
        }
    }
    batches.into_iter().map(|it| it.members.into_iter().map(|it| it.watched).collect()).collect()
}

impl<'a> Batch<'a> {
    /// Adds a timeline, unless it or a member would then see other samples. Returns whether it was added.
    fn takes(&mut self, member: &BatchMember<'a>) -> bool {
        if self.members.iter().any(|it| it.is_counted_with(member)) {
            return false;
        }
        let mut lines = self.lines.clone();
        for line in &member.lines {
            match lines.iter_mut().find(|it| it.is_of(line)) {
                Some(known) if known.samples.starts_with(&line.samples) => {}
                // The same series, but longer.
                Some(known) if line.samples.starts_with(&known.samples) => *known = line.clone(),
                Some(_) => return false,
                None => lines.push(line.clone()),
            }
        }
        let fits = self.members.iter().chain([member]).all(|it| it.is_undisturbed(&lines));
        if fits {
            self.members.push(member.clone());
            self.lines = lines;
        }
        fits
    }
}

impl<'a> BatchMember<'a> {
    fn new(watched: TimelineOf<'a>) -> Self {
        let (alert, course) = watched;
        let lines = course.tracks.iter().map(|track| SampledTrack { track, samples: track.samples() }).collect();
        Self { watched, reads: alert.query.selectors(), lines }
    }

    /// Whether another alert has the same name and labels: alerts can differ in their runbook only.
    fn is_counted_with(&self, other: &Self) -> bool {
        let (one, other) = (self.watched.0, other.watched.0);
        let labels = |it: &'a Alert| (&it.name, it.severity, &it.team, &it.labels);
        !std::ptr::eq(one, other) && labels(one) == labels(other)
    }

    /// Whether it sees the same samples among all these series as among its own.
    fn is_undisturbed(&self, lines: &[SampledTrack<'_>]) -> bool {
        let reads = |line: &&SampledTrack<'_>| self.reads.iter().any(|it| line.is_selected(it));
        lines.iter().filter(reads).all(|line| {
            let own = self.lines.iter().find(|it| it.is_of(line));
            own.is_some_and(|it| self.seen(&it.samples) == self.seen(&line.samples))
        })
    }

    /// Returns the samples up to the last evaluation.
    fn seen<'b>(&self, samples: &'b [f64]) -> &'b [f64] {
        samples.get(..=self.watched.1.minutes as usize).unwrap_or(samples)
    }
}

impl SampledTrack<'_> {
    fn is_of(&self, other: &SampledTrack<'_>) -> bool {
        (&self.track.metric, &self.track.labels) == (&other.track.metric, &other.track.labels)
    }

    fn is_selected(&self, by: &Selector) -> bool {
        let value = |name: &str| self.track.labels.iter().find(|it| it.0 == name).map_or("", |it| &it.1);
        super::batch::family(&self.track.metric) == super::batch::family(&by.metric)
            && by.matchers.iter().all(|it| it.is.holds(value(&it.label)))
    }
}
