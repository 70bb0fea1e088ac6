//! Who runs, written down, so that another call of the command finds it again.

use super::folder::Folder;
use super::process::Process;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;

/// The stack that was started in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub(crate) struct State {
    pub(crate) job: String,
    pub(crate) targets: Vec<String>,
    pub(crate) servers: Vec<Running>,
}

/// One server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Running {
    pub(crate) name: String,
    pub(crate) url: String,
    /// What answers with 200 when it is ready.
    pub(crate) ready: String,
    pub(crate) program: String,
    pub(crate) log: String,
    #[serde(flatten)]
    pub(crate) process: Process,
}

impl State {
    const FILE: &'static str = "state.json";

    /// Nothing where no stack runs.
    pub(crate) fn read(folder: &Folder) -> Result<Option<Self>, String> {
        let path = folder.path(Self::FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(it) => it,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("cannot read `{}`: {error}; make it readable", path.display())),
        };
        let state = serde_json::from_str(&text);
        state.map(Some).map_err(|it| {
            format!("`{}` is not what was written: {it}; stop the servers by hand and remove it", path.display())
        })
    }

    /// All of it or nothing: a command that is interrupted leaves a record that the next one can use.
    pub(crate) fn write(&self, folder: &Folder) -> Result<(), String> {
        let (path, next) = (folder.path(Self::FILE), folder.path(".state.json.next"));
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        let written = std::fs::write(&next, text).and_then(|()| std::fs::rename(&next, &path));
        written.map_err(|it| format!("cannot write `{}`: {it}; free some space", path.display()))
    }

    pub(crate) fn remove(folder: &Folder) {
        // Where it is gone already there is nothing to do.
        let _ = std::fs::remove_file(folder.path(Self::FILE));
    }

    pub(crate) fn url(&self, name: &str) -> Option<&str> {
        self.servers.iter().find(|it| it.name == name).map(|it| it.url.as_str())
    }
}
