//! The description of the program that the exporter serves.

use crate::stderr;
use measurand_catalog::{Catalog, Family};
use std::io::IsTerminal as _;

/// The environment variable with the commit that `build_info` shows. [`crate::Builder::service`] and
/// [`crate::Builder::commit`] take precedence.
pub const COMMIT_VARIABLE: &str = "MEASURAND_COMMIT";

/// A program, as its annotations describe it.
#[derive(Debug, Clone)]
pub struct Program {
    /// The tables of all families that the program knows.
    pub families: Vec<&'static Family>,
    /// The catalog of its annotated functions.
    pub catalog: Catalog,
    /// The name and version of the binary's crate, if one of its annotations provides them.
    pub binary: Option<(&'static str, &'static str)>,
    /// Registers and describes all metrics on the global recorder; called once, right after the recorder is set.
    pub initialize: fn(),
    /// Limits the series of each family with free-text labels; called if [`crate::Builder::series_limit`] was set.
    pub limit_series: fn(usize),
}

/// The labels of `build_info`: name, version and commit of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) commit: String,
}

impl Program {
    /// Reports functions whose numbers a reader may confuse. Equal names are always reported, since they are never
    /// intended. Shared labels may be intended, so they are reported only on a terminal.
    pub(crate) fn report_sharing(&self) {
        const MOST: usize = 3;
        let (numbered, shared): (Vec<_>, Vec<_>) = self.catalog.sharing().into_iter().partition(|it| it.is_numbered);
        for sharing in numbered.iter().take(MOST) {
            stderr::write(&format!("{sharing}; help: {}", sharing.help()));
        }
        if numbered.len() > MOST {
            let more = numbered.len() - MOST;
            stderr::write(&format!("and {more} more such names; `cargo measurand check` lists all"));
        }
        if let Some(first) = shared.first().filter(|_| std::io::stderr().is_terminal()) {
            let groups = if shared.len() == 1 { "1 group".to_owned() } else { format!("{} groups", shared.len()) };
            stderr::write(&format!(
                "{groups} of functions share series; `cargo measurand check` lists them; the first: {first}"
            ));
        }
    }

    /// Guesses the service: the binary's crate, or else the crate named like the executable, or else the only crate of
    /// the catalog, or else the executable's name.
    pub(crate) fn service(&self, executable: &str) -> (String, String) {
        if let Some((name, version)) = self.binary {
            return (name.to_owned(), version.to_owned());
        }
        let same = |it: &str| it.replace('-', "_") == executable.replace('-', "_");
        let sites = &self.catalog.sites;
        let site = sites.iter().find(|it| same(&it.krate)).or_else(|| {
            let first = sites.first()?;
            sites.iter().all(|it| it.krate == first.krate).then_some(first)
        });
        match site {
            Some(site) => (site.krate.clone(), site.version.clone()),
            None => (executable.to_owned(), "unknown".to_owned()),
        }
    }
}

impl Service {
    /// Returns the given service. Missing parts come from the build, the environment and the program.
    pub(crate) fn of(program: &Program, given: Option<&Service>, compiled: Option<&str>) -> Self {
        let (name, version) = match given {
            Some(it) => (it.name.clone(), it.version.clone()),
            None => program.service(&executable()),
        };
        let filled = |it: String| Some(it).filter(|it| !it.is_empty());
        let commit = given.map(|it| it.commit.clone()).and_then(filled);
        let commit = commit.or_else(|| compiled.map(str::to_owned));
        let commit = commit.or_else(|| std::env::var(COMMIT_VARIABLE).ok().and_then(filled));
        Self { name, version, commit: commit.unwrap_or_else(|| "unknown".to_owned()) }
    }
}

/// Returns the executable's file name without directory and extension.
pub(crate) fn executable() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    path.file_stem().map_or_else(|| "unknown".to_owned(), |it| it.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use measurand_catalog::SiteRecord;

    fn site(krate: &str, version: &str) -> SiteRecord {
        SiteRecord { krate: krate.to_owned(), version: version.to_owned(), ..SiteRecord::default() }
    }

    fn check(binary: Option<(&'static str, &'static str)>, sites: &[(&str, &str)], expected: (&str, &str)) {
        let sites = sites.iter().map(|(krate, version)| site(krate, version)).collect();
        let catalog = Catalog { format: Catalog::FORMAT, families: Vec::new(), sites };
        let program = Program { families: Vec::new(), catalog, binary, initialize: || (), limit_series: |_| () };
        let (name, version) = program.service("my_app");
        assert_eq!((name.as_str(), version.as_str()), expected);
    }

    #[test]
    fn the_service_is_guessed_from_the_nearest_evidence() {
        check(Some(("told", "9")), &[("my-app", "1")], ("told", "9"));
        check(None, &[("library", "2"), ("my-app", "1")], ("my-app", "1"));
        check(None, &[("library", "2"), ("library", "2")], ("library", "2"));
        check(None, &[("one", "1"), ("two", "2")], ("my_app", "unknown"));
        check(None, &[], ("my_app", "unknown"));
    }
}
