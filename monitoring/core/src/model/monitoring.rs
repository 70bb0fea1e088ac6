//! Dashboard, rules and alerts of a catalog as data.

use super::options::{DashboardModel, PrometheusOptions, Receivers};
use super::problem::Problem;
use super::{Alert, AnnotatedFunction, Group, Recording, Row};
use crate::model::stack::NativeHistograms;
use crate::query::promql::{Histograms, Place, print_as};
use crate::query::{Match, Query};

/// The dashboard, the recording rules and the alerts that follow from a catalog.
///
/// Equal catalogs give equal monitoring and byte-identical files.
#[derive(Debug, Clone, PartialEq)]
pub struct Monitoring {
    /// The value of the label `job` that every query selects.
    pub job: String,
    /// The identifier of the dashboard.
    pub uid: String,
    /// The Cargo package of the program.
    pub package: String,
    /// The arguments of the program in its container.
    pub arguments: String,
    /// The source from which it was generated, in one line.
    pub origin: String,
    /// The rows of the dashboard.
    pub rows: Vec<Row>,
    /// The rows of the dashboard about all programs, the same for every program.
    pub programs: Vec<Row>,
    /// The annotated functions, which the runbook lists.
    pub functions: Vec<AnnotatedFunction>,
    /// The address of the runbook.
    pub runbook_url: String,
    /// The recording rules.
    pub recordings: Vec<Group<Recording>>,
    /// The alerts about the program.
    pub alerts: Vec<Group<Alert>>,
    /// The alerts about the monitoring stack, the same for every program.
    pub stack: Vec<Group<Alert>>,
    /// The format in which Prometheus stores histograms.
    pub histograms: Histograms,
    /// How Prometheus scrapes native histograms; `None` if the rules read classic ones.
    pub native: Option<NativeHistograms>,
    /// The model of the Grafana dashboard.
    pub grafana: DashboardModel,
    /// The uid of the data source that the rules in Grafana query, and to which they record.
    pub grafana_datasource: String,
    /// The receivers of notifications.
    pub receivers: Receivers,
    /// Most samples of a scrape of the program; Prometheus drops a scrape with more.
    pub sample_limit: u32,
    /// Settings of Prometheus for more than one server.
    pub prometheus: PrometheusOptions,
    /// The parts of the catalog that are left out, and the reasons.
    pub problems: Vec<Problem>,
}

/// One query of a generated file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NamedQuery<'a> {
    /// The name of the panel or rule that contains it.
    pub name: &'a str,
    /// The kind of panel or rule.
    pub user: User,
    /// The query.
    pub query: &'a Query,
    job: &'a str,
    histograms: Histograms,
}

/// The kind of panel or rule that contains a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    /// A panel of the dashboard; the name is the panel's key.
    Panel,
    /// A recording rule; the name is that of the recorded series.
    Recording,
    /// An alert; the name is that of the alert.
    Alert,
}

impl NamedQuery<'_> {
    /// Returns the PromQL as it is written in the file.
    #[must_use]
    pub fn text(&self) -> String {
        let place = if self.user == User::Panel { Place::Dashboard } else { Place::Rules { job: self.job } };
        print_as(self.query, place, self.histograms)
    }

    /// Returns PromQL that Prometheus can evaluate directly. `window`, for example `1m`, replaces `$__rate_interval`
    /// and `$__range`; `.+` replaces `$job` and `$instance`.
    #[must_use]
    pub fn instant(&self, window: &str) -> String {
        let place = if self.user == User::Panel { Place::Instant { window } } else { Place::Rules { job: self.job } };
        print_as(self.query, place, self.histograms)
    }
}

impl Monitoring {
    /// Returns every query of every panel and rule about the program.
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

    /// Returns every query of the dashboard about all programs.
    pub fn programs_queries(&self) -> impl Iterator<Item = NamedQuery<'_>> {
        let panels = self.programs.iter().flat_map(|it| &it.panels);
        panels.flat_map(|panel| panel.lines.iter().map(|it| self.named(&panel.key, User::Panel, &it.query)))
    }

    /// Returns every query of every alert about the monitoring stack.
    pub fn stack_queries(&self) -> impl Iterator<Item = NamedQuery<'_>> {
        let alerts = self.stack.iter().flat_map(|it| &it.rules);
        alerts.map(|it| self.named(&it.name, User::Alert, &it.query))
    }

    fn named<'a>(&'a self, name: &'a str, user: User, query: &'a Query) -> NamedQuery<'a> {
        NamedQuery { name, user, query, job: &self.job, histograms: self.histograms }
    }

    /// Whether a panel has such a condition on a label.
    pub(crate) fn uses(&self, condition: &Match) -> bool {
        let lines = self.rows.iter().flat_map(|it| &it.panels).flat_map(|it| &it.lines);
        let mut matchers = lines.flat_map(|it| it.query.selectors()).flat_map(|it| &it.matchers);
        matchers.any(|it| it.is == *condition)
    }

    /// Number of panels of the dashboard, without its rows.
    #[must_use]
    pub fn panel_count(&self) -> usize {
        panel_count(&self.rows)
    }

    /// Number of alerts about the program.
    #[must_use]
    pub fn alert_count(&self) -> usize {
        count(&self.alerts)
    }

    /// Number of recording rules.
    #[must_use]
    pub fn recording_count(&self) -> usize {
        count(&self.recordings)
    }
}

pub(crate) fn panel_count(rows: &[Row]) -> usize {
    rows.iter().map(|it| it.panels.len()).sum()
}

pub(crate) fn count<T>(groups: &[Group<T>]) -> usize {
    groups.iter().map(|it| it.rules.len()).sum()
}
