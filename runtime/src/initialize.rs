//! Describes this program to the global recorder, and creates its series at zero.

use crate::global_recorder::{add_permanent, address};
use crate::keys::panics;
use crate::series_limit::{overflows, unknown_values};
use crate::site::sites;
use measurand_catalog::{Kind, Unit};
use metrics::{KeyName, Recorder, SharedString};

/// Describes every annotated function of this program to the global recorder, and creates each of its series at zero.
///
/// `measurand::exporter::install` calls this function. Call it once after you install another recorder, for example a
/// plain `metrics_exporter_prometheus::PrometheusBuilder`: from then on, calls use cached handles. Without this call
/// everything is still counted, but a function appears only with its first call, and each call looks its metrics up.
///
/// A call without a recorder, or a second call, does no harm.
pub fn initialize() {
    // A new thread has no local recorder, so its recorder is the global one.
    let seen = std::thread::Builder::new().name("measurand-init".to_owned()).spawn(|| {
        metrics::with_recorder(|recorder| {
            add_permanent(address(recorder));
            describe(recorder);
            for site in sites() {
                site.each_series(&mut |series| {
                    series.bind(recorder);
                });
            }
        });
    });
    // If no thread can be created, calls continue without cached handles.
    if let Ok(thread) = seen {
        let _joined = thread.join();
    }
}

fn describe(recorder: &dyn Recorder) {
    let mut described: Vec<&str> = Vec::new();
    for family in sites().map(|it| it.series.family) {
        if described.contains(&family.name) {
            continue;
        }
        described.push(family.name);
        if let Some((key, metadata)) = panics(family) {
            recorder.register_counter(&key, &metadata).increment(0);
        }
        if family.labels.iter().any(|it| it.values.is_empty()) {
            let (key, metadata) = overflows(family.name);
            recorder.register_counter(&key, &metadata).increment(0);
        }
        for label in family.labels.iter().filter(|it| !it.values.is_empty()) {
            let (key, metadata) = unknown_values(family.name, label.name);
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
