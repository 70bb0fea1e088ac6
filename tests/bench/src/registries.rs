//! The table of libraries that render series; a new library is a new row.
//!
//! Each creates the same series: one label with the values `name-000000` and so on; histograms have ten buckets and one
//! observation.

mod facade;
mod measured;
mod prometheus;

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a buffer for the text is reused by the next scrape. `scrape` reuses it; `memory` does not, because it would
/// count as memory of the series.
pub static KEEPS_TEXT: AtomicBool = AtomicBool::new(true);

/// The kind of all series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    Counters,
    Histograms,
}

/// Renders all series and passes the text by reference, so a library need not copy its buffer.
pub type Render = Box<dyn Fn(&mut dyn FnMut(&[u8]))>;

/// A library with a text exposition.
#[derive(Debug, Clone, Copy)]
pub struct Registry {
    /// Name in tables.
    pub name: &'static str,
    /// Creates this number of series.
    pub fill: fn(Kind, usize) -> Render,
}

/// The name of our library, which is the first row and the unit for the others.
pub const OURS: &str = "measurand";
/// The names of libraries with claims.
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

/// Upper bounds in seconds, equal to those of the family that our recorder uses.
const BOUNDS: [f64; 10] = [1e-3, 0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The observation in each histogram.
const VALUE: f64 = 0.2;

/// Names of the metric and the label, equal for all libraries.
const COUNTER: (&str, &str) = ("cache_hits_total", "cache");
const HISTOGRAM: (&str, &str) = ("goap_planning_duration_seconds", "goal");

impl Kind {
    /// Number of lines per series.
    #[must_use]
    pub const fn lines(self) -> usize {
        match self {
            Self::Counters => 1,
            // The buckets, the infinite bucket, the sum and the count.
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
