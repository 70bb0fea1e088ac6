//! The record of the running servers, by which later calls of the command find them.

use super::folder::Folder;
use super::process::Process;
use crate::output;
use measurand_catalog::{InputErrorReason, read_text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The stack that was started in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub(crate) struct State {
    pub(crate) job: String,
    pub(crate) targets: Vec<String>,
    pub(crate) servers: Vec<Running>,
    /// The folder with the token for the alert receiver; empty in records of earlier versions.
    #[serde(default)]
    pub(crate) secrets: String,
    /// Whether Prometheus was started with its flag for native histograms.
    #[serde(default)]
    pub(crate) native_flag: bool,
}

/// A server that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Running {
    pub(crate) name: String,
    pub(crate) url: String,
    /// The URL that answers with status 200 when the server is ready.
    pub(crate) ready: String,
    pub(crate) program: String,
    pub(crate) log: String,
    #[serde(flatten)]
    pub(crate) process: Process,
}

/// Maximum size of a record, which has a few servers.
const BYTES_MAX: u64 = 1 << 20;

impl State {
    const FILE: &'static str = "state.json";
    /// A copy of the record, for when the first one is damaged.
    const COPY: &'static str = "state.copy.json";
    /// The name that a damaged record is moved to.
    const DAMAGED: &'static str = "state.damaged.json";
    /// All files that this module writes.
    pub(crate) const FILES: [&'static str; 4] = [Self::FILE, Self::COPY, Self::DAMAGED, Self::NEXT];
    const NEXT: &'static str = ".state.json.next";

    /// Reads the record. Returns `None` if no stack runs. A damaged record is moved away and replaced by its copy, with
    /// a note on stderr.
    pub(crate) fn read(folder: &Folder) -> Result<Option<Self>, String> {
        let path = folder.path(Self::FILE);
        let why = match Self::of(&path) {
            Ok(state) => return Ok(state),
            Err(Unusable::Refused(why)) => return Err(why),
            Err(Unusable::Damaged(why)) => why,
        };
        let aside = folder.path(Self::DAMAGED);
        std::fs::rename(&path, &aside)
            .map_err(|it| format!("{why}; cannot move it to `{}`: {it}; help: remove it by hand", aside.display()))?;
        let kept = format!("{why}; it is kept as `{}`", aside.display());
        if let Ok(Some(state)) = Self::of(&folder.path(Self::COPY)) {
            state.write(folder)?;
            output::note(&format!("{kept}, and its copy is used instead"));
            return Ok(Some(state));
        }
        output::note(&format!(
            "{kept}, and there is no copy; servers that were started in `{}` may still run; help: find them with \
             `ps -ef | grep '{}'` and stop them with `kill`",
            folder.root().display(),
            folder.root().display()
        ));
        Ok(None)
    }

    fn of(path: &Path) -> Result<Option<Self>, Unusable> {
        let text = match read_text(path, BYTES_MAX) {
            Ok(text) => text,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) if matches!(error.reason, InputErrorReason::Unreadable(_)) => {
                return Err(Unusable::Refused(error.to_string()));
            }
            Err(error) => return Err(Unusable::Damaged(format!("the record of running servers is damaged: {error}"))),
        };
        let damaged =
            |it| Unusable::Damaged(format!("the record of running servers, `{}`, is damaged: {it}", path.display()));
        serde_json::from_str(&text).map(Some).map_err(damaged)
    }

    /// Writes the record atomically, so that an interrupted command leaves one that the next command can use.
    pub(crate) fn write(&self, folder: &Folder) -> Result<(), String> {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        for path in [Self::COPY, Self::FILE].map(|it| folder.path(it)) {
            let next = folder.path(Self::NEXT);
            let written = std::fs::write(&next, &text).and_then(|()| std::fs::rename(&next, &path));
            written.map_err(|it| format!("cannot write `{}`: {it}; help: free disk space", path.display()))?;
        }
        Ok(())
    }

    pub(crate) fn remove(folder: &Folder) {
        for name in [Self::FILE, Self::COPY] {
            // The file may be missing already.
            let _ = std::fs::remove_file(folder.path(name));
        }
    }

    /// The port of each server.
    pub(crate) fn ports(&self) -> BTreeMap<&str, u16> {
        let port = |it: &Running| it.url.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        self.servers.iter().filter_map(|it| Some((it.name.as_str(), port(it)?))).collect()
    }

    /// The arguments of `up` that start this stack again.
    pub(crate) fn arguments(&self) -> String {
        self.targets.iter().map(|it| format!("--target {it}")).collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn url(&self, name: &str) -> Option<&str> {
        self.servers.iter().find(|it| it.name == name).map(|it| it.url.as_str())
    }
}

/// Why there is no record.
enum Unusable {
    /// The file cannot be read, but its contents may be intact.
    Refused(String),
    /// The contents are not a record.
    Damaged(String),
}
