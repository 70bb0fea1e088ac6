//! Processes that outlive this command: how a later call identifies and stops them. The PID alone does not identify a
//! process, because the operating system reuses it.

use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// A process, identified by its PID and start time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    /// The start time in the format of the operating system. Processes with the same PID differ in it.
    began: String,
}

impl Process {
    /// The running process with this PID. Returns `None` if there is none.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        began(pid).map(|began| Self { pid, began })
    }

    /// Whether this process still runs. Another process with the same PID does not count.
    pub(crate) fn runs(&self) -> bool {
        began(self.pid).is_some_and(|it| it == self.began)
    }

    /// Stops the process: `SIGTERM`, and after the timeout `SIGKILL`. Returns whether it exited without `SIGKILL`.
    pub(crate) fn end(&self, timeout: Duration) -> bool {
        if !self.runs() {
            return true;
        }
        signal(self.pid, Kind::Terminate);
        if self.gone_within(timeout) {
            return true;
        }
        signal(self.pid, Kind::Kill);
        self.gone_within(Duration::from_secs(5));
        false
    }

    fn gone_within(&self, timeout: Duration) -> bool {
        let start = Instant::now();
        while self.runs() {
            if start.elapsed() > timeout {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        true
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Terminate,
    Kill,
}

#[cfg(unix)]
fn signal(pid: u32, kind: Kind) {
    use rustix::process::{Pid, Signal, kill_process};
    let signal = match kind {
        Kind::Terminate => Signal::TERM,
        Kind::Kill => Signal::KILL,
    };
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // The signal fails if the process has exited meanwhile, which is fine.
        let _ = kill_process(pid, signal);
    }
}

#[cfg(not(unix))]
fn signal(_: u32, _: Kind) {}

/// The start time of a process, in clock ticks since boot. Returns `None` if it has exited; a zombie counts as exited.
#[cfg(target_os = "linux")]
fn began(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the name in parentheses. The name may contain spaces and parentheses itself.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    let began = fields.nth(18)?;
    (!matches!(state, "Z" | "X")).then(|| began.to_owned())
}

#[cfg(not(target_os = "linux"))]
fn began(pid: u32) -> Option<String> {
    let output =
        std::process::Command::new("ps").args(["-o", "stat=,lstart=", "-p", &pid.to_string()]).output().ok()?;
    let line = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let (state, began) = line.split_once(char::is_whitespace)?;
    (!state.starts_with('Z')).then(|| began.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::Process;
    use std::process::Command;
    use std::time::Duration;

    #[test]
    fn a_reused_pid_is_not_the_same_process() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let process = Process::of(child.id()).unwrap();
        assert!(process.runs());
        let other = Process { began: "another time".to_owned(), ..process.clone() };
        assert!(!other.runs());
        // A process with another start time must not be stopped.
        assert!(other.end(Duration::from_secs(1)));
        assert!(process.runs());
        assert!(process.end(Duration::from_secs(10)), "SIGTERM stops it");
        assert!(!process.runs());
        child.wait().unwrap();
    }
}
