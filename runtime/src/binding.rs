//! From a series to its handles on a recorder.
//!
//! A kept handle is thirty times cheaper than a look-up for each call, and wrong in three ways if kept carelessly: taken
//! before the recorder is installed it does nothing for ever; under `metrics::with_local_recorder` it counts elsewhere;
//! and it must not outlive its recorder. So handles are kept for the *global* recorder only, which lives as long as the
//! process, and each call checks that the recorder in force is that one. Every other call asks the recorder anew.

use crate::handles::Handles;
use crate::series::Series;
use crate::site::sites;
use crate::table;
use measurand_catalog::{Kind, Unit};
use metrics::{KeyName, Recorder, SharedString};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Describes every annotated function of this program to the global recorder, and brings each of its series to life at
/// zero.
///
/// `measurand::exporter::install` does this by itself. Call it once after installing another recorder, for example a
/// plain `metrics_exporter_prometheus::PrometheusBuilder`: from then on calls use kept handles. Without it everything is
/// counted as well, but a function appears with its first call only, and each call looks its metrics up.
///
/// Calling it without a recorder, or twice, does no harm.
pub fn initialize() {
    // A new thread has no local recorder, so what it sees is the global one.
    let seen = std::thread::Builder::new().name("measurand-init".to_owned()).spawn(|| {
        metrics::with_recorder(|recorder| {
            permanent(address(recorder));
            describe(recorder);
            for site in sites() {
                site.each_series(&mut |series| {
                    Binding::find(&series.binding, series, recorder);
                });
            }
        });
    });
    // No thread to be had: calls go on without kept handles.
    if let Ok(thread) = seen {
        let _joined = thread.join();
    }
}

/// The addresses of recorders that live as long as the process: at most the no-op one and the global one.
static PERMANENT: Mutex<Vec<usize>> = Mutex::new(Vec::new());

fn permanent(address: usize) {
    let mut known = PERMANENT.lock().unwrap_or_else(PoisonError::into_inner);
    if !known.contains(&address) {
        known.push(address);
    }
}

#[inline]
pub(crate) fn address(recorder: &dyn Recorder) -> usize {
    std::ptr::from_ref(recorder).cast::<()>().addr()
}

fn describe(recorder: &dyn Recorder) {
    let mut described: Vec<&str> = Vec::new();
    for family in sites().map(|it| it.series.family) {
        if described.contains(&family.name) {
            continue;
        }
        described.push(family.name);
        if family.labels.iter().any(|it| it.values.is_empty()) {
            let (key, metadata) = table::overflows(family.name);
            recorder.register_counter(&key, &metadata).increment(0);
        }
        for label in family.labels.iter().filter(|it| !it.values.is_empty()) {
            let (key, metadata) = table::unknown_values(family.name, label.name);
            recorder.register_counter(&key, &metadata).increment(0);
        }
        for metric in family.metrics {
            let (name, help) = (KeyName::from_const_str(metric.name), SharedString::const_str(metric.help));
            let unit = match metric.unit() {
                Unit::Seconds => Some(metrics::Unit::Seconds),
                Unit::Bytes => Some(metrics::Unit::Bytes),
                Unit::Count => Some(metrics::Unit::Count),
                Unit::Ratio => None,
            };
            match metric.role.kind() {
                Kind::Counter => recorder.describe_counter(name, unit, help),
                Kind::Gauge => recorder.describe_gauge(name, unit, help),
                Kind::Histogram => recorder.describe_histogram(name, unit, help),
            }
        }
    }
}

/// A series' handles on one recorder that lives for ever; a list, because the no-op recorder may come before the real one.
#[derive(Debug)]
pub(crate) struct Binding {
    recorder: usize,
    handles: Handles,
    next: OnceLock<&'static Binding>,
}

impl Binding {
    /// Whether its handles are on the recorder at this address.
    #[inline]
    pub(crate) fn is_of(&self, recorder: usize) -> bool {
        self.recorder == recorder
    }

    #[inline]
    pub(crate) fn handles(&self) -> &Handles {
        &self.handles
    }

    /// The kept handles, or `None` when the recorder may go away.
    pub(crate) fn find(
        first: &'static OnceLock<&'static Self>,
        series: &'static Series,
        recorder: &dyn Recorder,
    ) -> Option<&'static Handles> {
        let address = address(recorder);
        if !PERMANENT.lock().unwrap_or_else(PoisonError::into_inner).contains(&address) {
            return None;
        }
        // For ever, like the recorder.
        let new = || {
            let handles = Handles::register(series, recorder);
            &*Box::leak(Box::new(Self { recorder: address, handles, next: OnceLock::new() }))
        };
        let mut binding = first.get_or_init(new);
        while binding.recorder != address {
            binding = binding.next.get_or_init(new);
        }
        Some(&binding.handles)
    }
}
