//! Reports once that calls are lost because no recorder is installed. Without this report, a program that contains the
//! exporter but never installs it looks idle.
//!
//! Only calls without cached handles reach this code, so a program with a recorder never runs it. A library under test
//! does not have the feature `exporter`, and a test ends before the delay does.

use metrics::Recorder;
use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The environment variable with the delay of the report in seconds, or `off` to disable it.
const VARIABLE: &str = "MEASURAND_MISSING_RECORDER";
const DEFAULT: Duration = Duration::from_secs(30);

/// The time of the first lost call and the delay from there; `None` if the report is disabled.
static WAIT: OnceLock<Option<(Instant, Duration)>> = OnceLock::new();
static SAID: AtomicBool = AtomicBool::new(false);

/// Registers a call under this recorder.
pub(crate) fn notice(recorder: &dyn Recorder) {
    // The no-op recorder, which a program without a recorder uses, is the only one of size zero.
    if size_of_val(recorder) != 0 || SAID.load(Ordering::Relaxed) {
        return;
    }
    let wait = WAIT.get_or_init(|| wait(std::env::var(VARIABLE).ok().as_deref()).map(|it| (Instant::now(), it)));
    let Some((first, wait)) = wait else { return };
    if first.elapsed() >= *wait && !SAID.swap(true, Ordering::Relaxed) {
        // The call must not wait for standard error.
        let _lost = std::thread::Builder::new().name("measurand-log".to_owned()).spawn(|| {
            let _lost = writeln!(
                std::io::stderr(),
                "measurand: calls of annotated functions are lost because no recorder is installed; call \
                 `measurand::exporter::install()` when the program starts, or set {VARIABLE}=off if this is intended"
            );
        });
    }
}

fn wait(variable: Option<&str>) -> Option<Duration> {
    match variable {
        Some("off") => None,
        Some(seconds) => Some(seconds.parse().map_or(DEFAULT, Duration::from_secs)),
        None => Some(DEFAULT),
    }
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT, wait};
    use std::time::Duration;

    #[test]
    fn the_variable_says_when() {
        assert_eq!(wait(None), Some(DEFAULT));
        assert_eq!(wait(Some("off")), None);
        assert_eq!(wait(Some("5")), Some(Duration::from_secs(5)));
        assert_eq!(wait(Some("soon")), Some(DEFAULT));
    }
}
