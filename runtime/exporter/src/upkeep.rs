//! The thread that measures the runtime's scheduling lag and takes the samples of the live page.

use crate::history::INTERVAL;
use crate::recorder::Recorder;
use crate::recorder_state::RecorderState;
use crate::stderr;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

/// Time between two measurements of the lag.
const TICK: Duration = Duration::from_secs(1);

/// Starts the thread. It ends with the recorder; the global recorder never ends.
pub(crate) fn start(recorder: &Recorder) {
    let recorder = Arc::downgrade(recorder.state());
    let started = thread::Builder::new().name("measurand-upkeep".to_owned()).spawn(move || run(&recorder));
    if let Err(error) = started {
        stderr::write(&format!(
            "cannot start a thread ({error}), so `tokio_scheduling_lag_seconds` and the live page stay empty; raise \
             the limit of threads"
        ));
    }
}

fn run(recorder: &Weak<RecorderState>) {
    // The first sample was taken when the history was created.
    for second in (1..=INTERVAL).cycle() {
        thread::sleep(TICK);
        let Some(recorder) = recorder.upgrade() else { return };
        recorder.platform.ask_runtime();
        if let Some(history) = recorder.history.get().filter(|_| second == INTERVAL) {
            recorder.sample(history);
        }
    }
}
