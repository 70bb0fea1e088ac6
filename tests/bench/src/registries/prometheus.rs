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
            // The library appends `_total`.
            registry.register(COUNTER.0.trim_end_matches("_total"), "Successful look-ups", family.clone());
            names(series).for_each(|cache| {
                family.get_or_create(&Cache { cache }).inc();
            });
        }
        Kind::Histograms => {
            let family = Family::<Goal, Histogram>::new_with_constructor(|| Histogram::new(BOUNDS));
            registry.register(HISTOGRAM.0, "Duration of a planning", family.clone());
            names(series).for_each(|goal| family.get_or_create(&Goal { goal }).observe(VALUE));
        }
    }
    Box::new(move |text| {
        let mut out = String::new();
        encode(&mut out, &registry).expect("writing to a string");
        text(out.as_bytes());
    })
}

pub(super) fn prometheus(kind: Kind, series: usize) -> Render {
    let registry = ::prometheus::Registry::new();
    match kind {
        Kind::Counters => {
            let options = Opts::new(COUNTER.0, "Successful look-ups.");
            let vector = IntCounterVec::new(options, &[COUNTER.1]).expect("valid names");
            registry.register(Box::new(vector.clone())).expect("the first metric with this name");
            names(series).for_each(|name| vector.with_label_values(&[name]).inc());
        }
        Kind::Histograms => {
            let options = HistogramOpts::new(HISTOGRAM.0, "Duration of a planning.");
            let vector = HistogramVec::new(options.buckets(BOUNDS.to_vec()), &[HISTOGRAM.1]).expect("valid names");
            registry.register(Box::new(vector.clone())).expect("the first metric with this name");
            names(series).for_each(|name| vector.with_label_values(&[name]).observe(VALUE));
        }
    }
    Box::new(move |text| {
        let out = TextEncoder::new().encode_to_string(&registry.gather()).expect("writing to a string");
        text(out.as_bytes());
    })
}
