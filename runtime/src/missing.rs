//! Says once that calls are lost, since no recorder is installed: a program that has the exporter and never installs it
//! looks like one in which nothing happens.
//!
//! Only calls without kept handles come here, so that a program with a recorder never does. A library under test does not
//! have the feature `exporter`, and a test is over before the time is.

use metrics::Recorder;
use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The environment variable that sets after how many seconds this is said, or that it never is: `off`.
const VARIABLE: &str = "MEASURAND_MISSING_RECORDER";
const DEFAULT: Duration = Duration::from_secs(30);

/// The first lost call, and how long to wait from there; nothing where it is never said.
static WAIT: OnceLock<Option<(Instant, Duration)>> = OnceLock::new();
static SAID: AtomicBool = AtomicBool::new(false);

/// Takes notice of a call under this recorder.
pub(crate) fn notice(recorder: &dyn Recorder) {
    // The recorder of a program without one is the only one that has nothing in it.
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
                "measurand: calls of annotated functions are lost, since no recorder is installed; call \
                 `measurand::exporter::install()` when the program starts, or set {VARIABLE}=off where this is meant"
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
