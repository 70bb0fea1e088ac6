//! The thread that asks the application's runtime how late it is, and samples what the live page shows.

use crate::history::INTERVAL;
use crate::recorder::Recorder;
use crate::recorder_state::RecorderState;
use crate::stderr;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

/// Between two questions to the runtime.
const TICK: Duration = Duration::from_secs(1);

/// Starts it; it ends when the recorder does, which for the global one is never.
pub(crate) fn start(recorder: &Recorder) {
    let recorder = Arc::downgrade(recorder.state());
    let started = thread::Builder::new().name("measurand-upkeep".to_owned()).spawn(move || run(&recorder));
    if let Err(error) = started {
        stderr::write(&format!(
            "cannot start a thread ({error}); `tokio_scheduling_lag_seconds` and the live page stay empty"
        ));
    }
}

fn run(recorder: &Weak<RecorderState>) {
    // The first sample was taken when the history began.
    for second in (1..=INTERVAL).cycle() {
        thread::sleep(TICK);
        let Some(recorder) = recorder.upgrade() else { return };
        recorder.platform.ask_runtime();
        if let Some(history) = recorder.history.get().filter(|_| second == INTERVAL) {
            recorder.sample(history);
        }
    }
}
