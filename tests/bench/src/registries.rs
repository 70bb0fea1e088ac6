//! Who renders series, as a table: to add one is to add a row.
//!
//! Each makes the same series: one label, whose values are `name-000000` and so on; histograms of ten buckets, recorded
//! into once.

mod facade;
mod measured;
mod prometheus;

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a buffer for the text is kept from one scrape to the next: for those who time scrapes, not for those who ask
/// what a series takes.
pub static KEEPS_TEXT: AtomicBool = AtomicBool::new(true);

/// What the series are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Kind {
    Counters,
    Histograms,
}

/// Renders all series and lends the text, so that a library that keeps its buffer need not copy it.
pub type Render = Box<dyn Fn(&mut dyn FnMut(&[u8]))>;

/// A library with a text exposition.
#[derive(Debug, Clone, Copy)]
pub struct Registry {
    /// What it is called in tables.
    pub name: &'static str,
    /// Makes so many series.
    pub fill: fn(Kind, usize) -> Render,
}

/// The one that others are compared with; it is the first.
pub const OURS: &str = "measurand";
/// Names that claims are made about.
pub const STOCK: &str = "metrics-exporter-prometheus 0.18";
#[expect(missing_docs, reason = "as above")]
pub const MEASURED: &str = "measured 0.0.25";

fn keeps_text() -> bool {
    KEEPS_TEXT.load(Ordering::Relaxed)
}

/// All libraries.
pub const ALL: &[Registry] = &[
    Registry { name: OURS, fill: facade::ours },
    Registry { name: STOCK, fill: facade::stock },
    Registry { name: "prometheus-client 0.26", fill: prometheus::client },
    Registry { name: "prometheus 0.14", fill: prometheus::prometheus },
    Registry { name: MEASURED, fill: measured::fill },
];

/// Upper bounds in seconds: those of the family that ours records into.
const BOUNDS: [f64; 10] = [1e-3, 0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// What is recorded into each histogram.
const VALUE: f64 = 0.2;

/// Metric and label, alike for all.
const COUNTER: (&str, &str) = ("cache_hits_total", "cache");
const HISTOGRAM: (&str, &str) = ("goap_planning_duration_seconds", "goal");

impl Kind {
    /// Lines of text for each series.
    #[must_use]
    pub const fn lines(self) -> usize {
        match self {
            Self::Counters => 1,
            // Buckets, the infinite one, sum and count.
            Self::Histograms => BOUNDS.len() + 3,
        }
    }

    /// Whether a text has all series.
    #[must_use]
    pub fn complete(self, text: &[u8], series: usize) -> bool {
        String::from_utf8_lossy(text).lines().filter(|it| it.contains("=\"name-")).count() == series * self.lines()
    }
}

fn names(series: usize) -> impl Iterator<Item = String> {
    (0..series).map(|it| format!("name-{it:06}"))
}
