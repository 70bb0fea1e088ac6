//! The metrics without annotations: process, runtime, build.

mod process;
mod runtime;

use crate::program::{Program, Service};
use crate::storage::labels;
use crate::storage::metric::{PLATFORM, SeriesKind, UNDESCRIBED};
use crate::storage::metric_store::MetricStore;
use crate::storage::series::GaugeSeries;
use measurand_catalog::lock::lock;
use measurand_catalog::{CONTAINED, Kind};
use metrics::{Key, Label};
use runtime::Watch;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::runtime::Handle;

/// The process and the runtime that are observed from outside.
#[derive(Debug, Default)]
pub(crate) struct Platform {
    runtime: Mutex<Watched>,
    /// The key of our own `build_info` series.
    build: Mutex<Option<Key>>,
}

/// The application's runtime.
#[derive(Debug, Default)]
struct Watched {
    watch: Option<Watch>,
    /// The busy time of all runtimes watched so far: a counter must not fall when another runtime is watched.
    busy: Duration,
}

impl Platform {
    /// Starts a measurement of the scheduling lag, if a runtime is watched.
    pub(crate) fn ask_runtime(&self) {
        if let Some(watch) = &lock(&self.runtime).watch {
            watch.ask();
        }
    }

    /// Sets the metrics that stay constant while the program runs.
    pub(crate) fn describe_program(&self, store: &MetricStore, program: &Program, service: Service) {
        let labels = vec![
            Label::new("name", service.name),
            Label::new("version", service.version),
            Label::new("commit", service.commit),
        ];
        let build = Key::from_parts("build_info", labels);
        let before = lock(&self.build).replace(build.clone());
        if let (Some(before), Some(series)) = (before, store.described.get("build_info").and_then(GaugeSeries::of)) {
            labels::with_text(&before, Kind::Gauge, |text| series.remove(text));
        }
        store.set(&build, 1.0);
        #[expect(clippy::cast_precision_loss, reason = "a program has fewer than 2^53 functions")]
        store.set(&Key::from_static_name("measurand_sites"), program.catalog.sites.len() as f64);
        // The program's families start at 0, so that the first overflow is an increase.
        for family in &program.families {
            if program.catalog.sites.iter().any(|it| it.family == family.name) {
                store.overflows_of(family.name);
            }
        }
        store.overflows_of(UNDESCRIBED);
        let _zero = store.counter(&Key::from_static_name(CONTAINED));
    }

    /// Watches this runtime, unless another watched runtime is still running.
    pub(crate) fn watch_runtime(&self, store: &MetricStore, handle: &Handle) {
        let mut watched = lock(&self.runtime);
        if watched.watch.as_ref().is_some_and(|it| !it.has_ended()) {
            return;
        }
        if let Some(lag) = store.histogram(&Key::from_static_name("tokio_scheduling_lag_seconds")) {
            watched.watch = Some(Watch::new(handle, lag));
        }
    }

    /// Reads all values that are not recorded by calls.
    pub(crate) fn collect(&self, store: &MetricStore) {
        process::collect(store);
        count_series(store);
        let mut watched = lock(&self.runtime);
        let watched = &mut *watched;
        if let Some(watch) = &mut watched.watch {
            let ended = watch.has_ended();
            watch.collect(store, &mut watched.busy);
            if ended {
                // Watching a runtime that has ended keeps its remains in memory.
                watched.watch = None;
            }
        }
    }
}

/// Sets the number of series of each metric, and the limit.
#[expect(clippy::cast_precision_loss, reason = "series are bounded far below 2^53")]
fn count_series(store: &MetricStore) {
    for metric in store.described.all.iter().filter(|it| it.family != PLATFORM) {
        let series = metric.len();
        if series > 0 {
            let label = Label::new("metric", metric.name.clone());
            store.set(&Key::from_parts("measurand_series", vec![label]), series as f64);
        }
    }
    let limit = store.series_limit.load(Ordering::Relaxed);
    store.set(&Key::from_static_name("measurand_series_limit"), limit as f64);
}
