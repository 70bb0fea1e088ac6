//! Everything that follows from a catalog, as data.

use super::options::Receivers;
use super::problem::Problem;
use super::{Alert, Group, Recording, Row};
use crate::query::Query;
use crate::query::promql::{Histograms, Place, print_as};

/// Everything that follows from a catalog: the dashboard, the recording rules and the alerts.
///
/// Equal catalogs give equal monitoring and equal files, to the byte.
#[derive(Debug, Clone, PartialEq)]
pub struct Monitoring {
    /// The value of the label `job` that all of it selects.
    pub job: String,
    /// The identifier of the dashboard.
    pub uid: String,
    /// The package of the program in Cargo.
    pub package: String,
    /// What the program is started with in its container.
    pub arguments: String,
    /// From what it was made, in one line.
    pub origin: String,
    /// The rows of the dashboard.
    pub rows: Vec<Row>,
    /// The recording rules.
    pub recordings: Vec<Group<Recording>>,
    /// The alerts about the program.
    pub alerts: Vec<Group<Alert>>,
    /// The alerts about the monitoring itself, whatever it watches.
    pub stack: Vec<Group<Alert>>,
    /// How Prometheus stores histograms.
    pub histograms: Histograms,
    /// Who is called.
    pub receivers: Receivers,
    /// What of the catalog is left out, and why.
    pub problems: Vec<Problem>,
}

/// One term as it stands in a generated file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NamedQuery<'a> {
    /// Which panel or rule it is in.
    pub name: &'a str,
    /// Whose it is.
    pub user: User,
    /// The term.
    pub query: &'a Query,
    job: &'a str,
    histograms: Histograms,
}

/// In which file a term stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    /// A panel of the dashboard; the name is the panel's key.
    Panel,
    /// A recording rule; the name is the recorded series'.
    Recording,
    /// An alert; the name is the alert's.
    Alert,
}

impl NamedQuery<'_> {
    /// The PromQL of the file.
    #[must_use]
    pub fn text(&self) -> String {
        let place = if self.user == User::Panel { Place::Dashboard } else { Place::Rules { job: self.job } };
        print_as(self.query, place, self.histograms)
    }

    /// The PromQL as Prometheus can answer it at once: with `window`, for example `1m`, for `$__rate_interval` and
    /// `$__range`, and `.+` for `$job` and `$instance`.
    #[must_use]
    pub fn instant(&self, window: &str) -> String {
        let place = if self.user == User::Panel { Place::Instant { window } } else { Place::Rules { job: self.job } };
        print_as(self.query, place, self.histograms)
    }
}

impl Monitoring {
    /// Every term of every panel and rule about the program.
    pub fn queries(&self) -> impl Iterator<Item = NamedQuery<'_>> {
        let panels = self.rows.iter().flat_map(|it| &it.panels);
        let lines = panels.flat_map(|panel| panel.lines.iter().map(|line| (panel.key.as_str(), &line.query)));
        let recordings = self.recordings.iter().flat_map(|it| &it.rules);
        let alerts = self.alerts.iter().flat_map(|it| &it.rules);
        lines
            .map(|(name, query)| self.named(name, User::Panel, query))
            .chain(recordings.map(|it| self.named(&it.record, User::Recording, &it.query)))
            .chain(alerts.map(|it| self.named(&it.name, User::Alert, &it.query)))
    }

    /// Every term of every alert about the monitoring itself.
    pub fn stack_queries(&self) -> impl Iterator<Item = NamedQuery<'_>> {
        let alerts = self.stack.iter().flat_map(|it| &it.rules);
        alerts.map(|it| self.named(&it.name, User::Alert, &it.query))
    }

    fn named<'a>(&'a self, name: &'a str, user: User, query: &'a Query) -> NamedQuery<'a> {
        NamedQuery { name, user, query, job: &self.job, histograms: self.histograms }
    }

    /// How many panels the dashboard has; rows do not count.
    #[must_use]
    pub fn panel_count(&self) -> usize {
        self.rows.iter().map(|it| it.panels.len()).sum()
    }

    /// How many alerts there are.
    #[must_use]
    pub fn alert_count(&self) -> usize {
        count(&self.alerts)
    }

    /// How many recording rules there are.
    #[must_use]
    pub fn recording_count(&self) -> usize {
        count(&self.recordings)
    }
}

pub(crate) fn count<T>(groups: &[Group<T>]) -> usize {
    groups.iter().map(|it| it.rules.len()).sum()
}
