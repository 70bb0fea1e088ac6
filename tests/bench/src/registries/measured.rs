//! The library `measured`, with the interner that its documentation recommends for dynamic label values.

use super::{BOUNDS, Kind, Render, VALUE, names};
use ::measured::metric::histogram::Thresholds;
use ::measured::text::BufferedTextEncoder;
use ::measured::{CounterVec, HistogramVec, LabelGroup, MetricGroup};
use paracord::ParaCord;
use std::cell::RefCell;

#[derive(LabelGroup)]
#[label(set = CacheSet)]
struct Cache<'a> {
    #[label(dynamic_with = ParaCord)]
    cache: &'a str,
}

#[derive(LabelGroup)]
#[label(set = GoalSet)]
struct Goal<'a> {
    #[label(dynamic_with = ParaCord)]
    goal: &'a str,
}

#[derive(MetricGroup)]
#[metric(new(names: ParaCord))]
struct Counters {
    /// Successful look-ups.
    #[metric(label_set = CacheSet { cache: names })]
    cache_hits_total: CounterVec<CacheSet>,
}

#[derive(MetricGroup)]
#[metric(new(names: ParaCord))]
struct Histograms {
    /// Duration of a planning.
    #[metric(label_set = GoalSet { goal: names }, metadata = Thresholds::with_buckets(BOUNDS))]
    goap_planning_duration_seconds: HistogramVec<GoalSet, 10>,
}

pub(super) fn fill(kind: Kind, series: usize) -> Render {
    match kind {
        Kind::Counters => {
            let group = Counters::new(ParaCord::default());
            names(series).for_each(|it| group.cache_hits_total.inc(Cache { cache: &it }));
            render(group)
        }
        Kind::Histograms => {
            let group = Histograms::new(ParaCord::default());
            names(series).for_each(|it| group.goap_planning_duration_seconds.observe(Goal { goal: &it }, VALUE));
            render(group)
        }
    }
}

/// Reuses the encoder for every scrape, which is faster than a new one.
fn render<G: MetricGroup<BufferedTextEncoder> + 'static>(group: G) -> Render
where
    <BufferedTextEncoder as measured::metric::group::Encoding>::Err: std::fmt::Debug,
{
    let encoder = RefCell::new(BufferedTextEncoder::new());
    Box::new(move |text| {
        let mut encoder = encoder.borrow_mut();
        group.collect_group_into(&mut *encoder).expect("writing to memory");
        text(&encoder.finish());
        if !super::keeps_text() {
            *encoder = BufferedTextEncoder::new();
        }
    })
}
