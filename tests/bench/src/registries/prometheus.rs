//! The two Prometheus client libraries.

use super::{BOUNDS, COUNTER, HISTOGRAM, Kind, Render, VALUE, names};
use ::prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, TextEncoder};
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::{counter::Counter, family::Family, histogram::Histogram};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Cache {
    cache: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Goal {
    goal: String,
}

pub(super) fn client(kind: Kind, series: usize) -> Render {
    let mut registry = prometheus_client::registry::Registry::default();
    match kind {
        Kind::Counters => {
            let family = Family::<Cache, Counter>::default();
            // It appends `_total` itself.
            registry.register(COUNTER.0.trim_end_matches("_total"), "Look-ups that found something", family.clone());
            names(series).for_each(|cache| {
                family.get_or_create(&Cache { cache }).inc();
            });
        }
        Kind::Histograms => {
            let family = Family::<Goal, Histogram>::new_with_constructor(|| Histogram::new(BOUNDS));
            registry.register(HISTOGRAM.0, "Time from a planning's begin to its end", family.clone());
            names(series).for_each(|goal| family.get_or_create(&Goal { goal }).observe(VALUE));
        }
    }
    Box::new(move |text| {
        let mut out = String::new();
        encode(&mut out, &registry).expect("a string takes all that is written");
        text(out.as_bytes());
    })
}

pub(super) fn prometheus(kind: Kind, series: usize) -> Render {
    let registry = ::prometheus::Registry::new();
    match kind {
        Kind::Counters => {
            let options = Opts::new(COUNTER.0, "Look-ups that found something.");
            let vector = IntCounterVec::new(options, &[COUNTER.1]).expect("the names are legal");
            registry.register(Box::new(vector.clone())).expect("it is the only one");
            names(series).for_each(|name| vector.with_label_values(&[name]).inc());
        }
        Kind::Histograms => {
            let options = HistogramOpts::new(HISTOGRAM.0, "Time from a planning's begin to its end.");
            let vector =
                HistogramVec::new(options.buckets(BOUNDS.to_vec()), &[HISTOGRAM.1]).expect("the names are legal");
            registry.register(Box::new(vector.clone())).expect("it is the only one");
            names(series).for_each(|name| vector.with_label_values(&[name]).observe(VALUE));
        }
    }
    Box::new(move |text| {
        let out = TextEncoder::new().encode_to_string(&registry.gather()).expect("a string takes all that is written");
        text(out.as_bytes());
    })
}
