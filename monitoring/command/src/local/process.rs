//! Programs that run after this command has ended: how they are known again, and how they are ended. A number alone is not
//! enough, since it is given to another program once the first has ended.

use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// A program that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    /// When it began, as the operating system writes it; no two programs with one number have it in common.
    began: String,
}

impl Process {
    /// A program that was just started.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        began(pid).map(|began| Self { pid, began })
    }

    /// Whether it still runs, and is not another one with its number.
    pub(crate) fn runs(&self) -> bool {
        began(self.pid).is_some_and(|it| it == self.began)
    }

    /// Asks it to end, and after ten seconds no longer asks. True when it ended by itself.
    pub(crate) fn end(&self, patience: Duration) -> bool {
        if !self.runs() {
            return true;
        }
        signal(self.pid, Kind::Terminate);
        if self.gone_within(patience) {
            return true;
        }
        signal(self.pid, Kind::Kill);
        self.gone_within(Duration::from_secs(5));
        false
    }

    fn gone_within(&self, patience: Duration) -> bool {
        let start = Instant::now();
        while self.runs() {
            if start.elapsed() > patience {
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
        // It may have ended just now, which is what was wanted.
        let _ = kill_process(pid, signal);
    }
}

#[cfg(not(unix))]
fn signal(_: u32, _: Kind) {}

/// When the program began, in ticks since the machine did; nothing for one that has ended and that nobody has asked about.
#[cfg(target_os = "linux")]
fn began(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses, in which anything may be.
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
    fn a_program_is_known_by_more_than_its_number() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let process = Process::of(child.id()).unwrap();
        assert!(process.runs());
        let other = Process { began: "another time".to_owned(), ..process.clone() };
        assert!(!other.runs());
        // Not ours to end.
        assert!(other.end(Duration::from_secs(1)));
        assert!(process.runs());
        assert!(process.end(Duration::from_secs(10)), "it ends when it is asked");
        assert!(!process.runs());
        child.wait().unwrap();
    }
}
