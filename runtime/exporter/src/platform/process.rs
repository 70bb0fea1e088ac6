//! The process, as the operating system sees it.

use crate::storage::metric_store::MetricStore;
use metrics::Key;
use metrics_process::collector;

#[expect(clippy::cast_precision_loss, reason = "descriptors, bytes and seconds stay below 2^53")]
pub(super) fn collect(store: &MetricStore) {
    let process = collector::collect();
    // Each platform provides some of these; missing values are not exported.
    let values = [
        ("process_cpu_seconds_total", process.cpu_seconds_total),
        ("process_resident_memory_bytes", process.resident_memory_bytes.map(|it| it as f64)),
        ("process_virtual_memory_bytes", process.virtual_memory_bytes.map(|it| it as f64)),
        ("process_open_fds", process.open_fds.map(|it| it as f64)),
        // 0 means no limit; infinity avoids a division by zero in the share of open descriptors.
        ("process_max_fds", process.max_fds.map(|it| if it == 0 { f64::INFINITY } else { it as f64 })),
        ("process_threads", process.threads.map(|it| it as f64)),
        ("process_start_time_seconds", process.start_time_seconds.map(|it| it as f64)),
    ];
    for (name, value) in values {
        if let Some(value) = value {
            store.set(&Key::from_static_name(name), value);
        }
    }
}
