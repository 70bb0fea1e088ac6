//! The metrics that come without an annotation: process, runtime, build.

mod process;
mod runtime;

use crate::program::{Program, Service, executable};
use crate::recorder::Inner;
use crate::storage::labels;
use crate::storage::metric::{FOREIGN, PLATFORM, SeriesByKind};
use measurand_catalog::lock::lock;
use measurand_catalog::{CONTAINED, Kind};
use metrics::{Key, Label};
use runtime::Watch;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::runtime::Handle;

/// The environment variable with the commit that `build_info` shows, unless [`crate::Builder::service`] tells it.
pub const COMMIT_VARIABLE: &str = "MEASURAND_COMMIT";

/// What is watched from outside.
#[derive(Debug, Default)]
pub(crate) struct Platform {
    runtime: Mutex<Watched>,
    /// The series of `build_info` that is ours.
    build: Mutex<Option<Key>>,
}

/// The application's runtime.
#[derive(Debug, Default)]
struct Watched {
    watch: Option<Watch>,
    /// For how long the workers of all watched runtimes were busy: a counter must not fall when another one is watched.
    busy: Duration,
}

impl Platform {
    /// Lets the runtime say how late its tasks are woken, if one is watched.
    pub(crate) fn ask_runtime(&self) {
        if let Some(watch) = &lock(&self.runtime).watch {
            watch.ask();
        }
    }
}

impl Service {
    /// What was told, filled up with what can be found out.
    pub(crate) fn of(program: &Program, told: Option<&Service>, compiled: Option<&str>) -> Self {
        let (name, version) = match told {
            Some(told) => (told.name.clone(), told.version.clone()),
            None => program.service(&executable()),
        };
        let filled = |it: String| Some(it).filter(|it| !it.is_empty());
        let commit = told.map(|it| it.commit.clone()).and_then(filled);
        let commit = commit.or_else(|| compiled.map(str::to_owned));
        let commit = commit.or_else(|| std::env::var(COMMIT_VARIABLE).ok().and_then(filled));
        Self { name, version, commit: commit.unwrap_or_else(|| "unknown".to_owned()) }
    }
}

impl Inner {
    /// Sets what does not change while the program runs.
    pub(crate) fn describe_program(&self, program: &Program, service: Service) {
        let labels = vec![
            Label::new("name", service.name),
            Label::new("version", service.version),
            Label::new("commit", service.commit),
        ];
        let build = Key::from_parts("build_info", labels);
        let before = lock(&self.platform.build).replace(build.clone());
        if let (Some(before), Some(SeriesByKind::Gauges { map, .. })) =
            (before, self.tables.get("build_info").map(|it| &it.series))
        {
            labels::with_text(&before, Kind::Gauge, |text| map.remove(text));
        }
        self.set(&build, 1.0);
        #[expect(clippy::cast_precision_loss, reason = "a program has fewer than 2^53 functions")]
        self.set(&Key::from_static_name("measurand_sites"), program.catalog.sites.len() as f64);
        // The families of the program count from 0, so that the first overflow is an increase.
        for family in &program.families {
            if program.catalog.sites.iter().any(|it| it.family == family.name) {
                self.overflows_of(family.name);
            }
        }
        self.overflows_of(FOREIGN);
        let _zero = self.counter(&Key::from_static_name(CONTAINED));
    }

    /// Watches the runtime from now on, unless another one that still runs is watched.
    pub(crate) fn watch_runtime(&self, handle: &Handle) {
        let mut watched = lock(&self.platform.runtime);
        if watched.watch.as_ref().is_some_and(|it| !it.has_ended()) {
            return;
        }
        if let Some(lag) = self.histogram(&Key::from_static_name("tokio_scheduling_lag_seconds")) {
            watched.watch = Some(Watch::new(handle, lag));
        }
    }

    /// Brings everything that is only looked at, not recorded, up to date.
    pub(crate) fn collect_platform(&self) {
        process::collect(self);
        self.count_series();
        let mut watched = lock(&self.platform.runtime);
        let watched = &mut *watched;
        if let Some(watch) = &mut watched.watch {
            let ended = watch.has_ended();
            watch.collect(self, &mut watched.busy);
            if ended {
                // Watching keeps the remains of the runtime in memory.
                watched.watch = None;
            }
        }
    }

    /// How far the metrics of families are from their limit.
    #[expect(clippy::cast_precision_loss, reason = "series are bounded far below 2^53")]
    fn count_series(&self) {
        for table in self.tables.all.iter().filter(|it| it.family != PLATFORM) {
            let series = table.series.len();
            if series > 0 {
                let label = Label::new("metric", table.name.clone());
                self.set(&Key::from_parts("measurand_series", vec![label]), series as f64);
            }
        }
        let limit = self.series_limit.load(Ordering::Relaxed);
        self.set(&Key::from_static_name("measurand_series_limit"), limit as f64);
    }

    /// Sets a gauge, or the value of a counter that is found out from outside.
    fn set(&self, key: &Key, value: f64) {
        if let Some(gauge) = self.gauge(key) {
            gauge.series.set(value);
        } else if let Some(counter) = self.counter(key) {
            counter.series.compute(value);
        }
    }
}
