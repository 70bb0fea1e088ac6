//! The state that exists once per process: the global recorder and its endpoint.

use crate::builder::Builder;
use crate::error::Error;
use crate::exporter::Exporter;
use crate::fast_path;
use crate::history::History;
use crate::incidents;
use crate::program::Service;
use crate::recorder::Recorder;
use crate::redact;
use crate::storage::cells::ask_for_traces;
use crate::upkeep;
use measurand_catalog::lock::lock;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::runtime::Handle;

#[derive(Debug)]
pub(crate) struct Global {
    recorder: Option<Recorder>,
    pub(crate) exporter: Option<Exporter>,
}

static GLOBAL: Mutex<Global> = Mutex::new(Global { recorder: None, exporter: None });

impl Global {
    pub(crate) fn lock() -> MutexGuard<'static, Self> {
        lock(&GLOBAL)
    }

    /// Returns our global recorder: the existing one, or a new one.
    pub(crate) fn recorder(&mut self, builder: &Builder) -> Result<Recorder, Error> {
        let (program, told, commit) = (&builder.program, builder.service.as_ref(), builder.commit.as_deref());
        if let Some(limit) = builder.series_limit {
            // Set before the first series are created.
            (program.limit_series)(limit);
        }
        if let Some(hook) = builder.redact {
            redact::ask(hook);
        }
        let recorder = if let Some(recorder) = &self.recorder {
            if told.is_some() || commit.is_some() {
                recorder.describe_program(program, Service::of(program, told, commit));
            }
            recorder.clone()
        } else {
            let recorder = Recorder::new(program);
            recorder.describe_program(program, Service::of(program, told, commit));
            metrics::set_global_recorder(recorder.clone()).map_err(|_| Error::ForeignRecorder)?;
            self.recorder = Some(recorder.clone());
            fast_path::remember(&recorder);
            upkeep::start(&recorder);
            (program.initialize)();
            program.report_sharing();
            recorder
        };
        if builder.live {
            incidents::keep();
            // Takes the first sample now, while all values are zero, so the page also shows the program's first
            // seconds.
            recorder.state().history.get_or_init(|| {
                let history = Arc::new(History::default());
                recorder.state().sample(&history);
                history
            });
        }
        if let Some(limit) = builder.series_limit {
            recorder.set_series_limit(limit);
        }
        if let Some(enabled) = builder.creation_times {
            recorder.state().store.creation_times.store(enabled, Ordering::Relaxed);
        }
        if let Some(trace_ids) = builder.trace_ids {
            ask_for_traces(trace_ids);
        }
        if let Ok(runtime) = Handle::try_current() {
            recorder.state().platform.watch_runtime(&recorder.state().store, &runtime);
        }
        Ok(recorder)
    }
}
