//! Settings that are not in a catalog, such as the job's name and the addresses of dashboards and runbooks.

use crate::model::burn_rate::{BurnRateAlert, defaults};
use crate::model::stack::{NativeHistograms, PROMETHEUS};
use crate::query::promql::Histograms;
use measurand_catalog::{Catalog, Severity};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The settings with which a catalog becomes monitoring.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The value of the label `job` in Prometheus. Default: `program`, spelled like the crate if the two names are the
    /// same; without a program, the crate with the most annotated functions.
    pub job: Option<String>,
    /// The file name of the program.
    pub program: Option<String>,
    /// The Cargo package of the program, from which its image is built. Default: the crate with the most annotated
    /// functions.
    pub package: Option<String>,
    /// The arguments of the program in its container, as typed on a command line.
    pub arguments: String,
    /// The address of Grafana for the links in alerts.
    pub grafana_url: String,
    /// The live page to which alerts link instead of Grafana; `None` if there is a Grafana.
    pub live_url: Option<String>,
    /// The absolute address of the page with runbooks, for alerts whose functions name no page. The alert's name becomes
    /// the anchor. The default is a page of the alert receiver: unlike the program, it answers while the program is down.
    pub runbook_url: String,
    /// Whether the program is expected to carry the load that its families' tables name. Only then alerts about too
    /// little load exist, such as `NeuralOperationsDegraded`: a catalog cannot tell an idle program from a slow one.
    pub under_load: bool,
    /// The number of bad observations in its window that an alert about a share, a mean or a quantile needs.
    pub minimum_sample: u32,
    /// Bytes of resident memory above which `MemoryHigh` fires.
    pub memory_bytes: f64,
    /// Most samples of a scrape of the program; `None` for the number that follows from the catalog.
    pub sample_limit: Option<u32>,
    /// The format in which Prometheus stores the histograms of the program.
    pub histograms: Histograms,
    /// How this version of Prometheus scrapes native histograms; the default is that of the image in the Compose files.
    pub native: NativeHistograms,
    /// The model of the Grafana dashboard.
    pub grafana: DashboardModel,
    /// The uid of the data source that the rules in Grafana query, and to which they record.
    pub grafana_datasource: String,
    /// The burn rates at which `ErrorBudgetFastBurn`, `ErrorBudgetBurn` and `ErrorBudgetSlowBurn` fire.
    pub burns: [BurnRateAlert; 3],
    /// Changes to alerts that belong to no family, by name.
    pub changed: BTreeMap<String, Changed>,
    /// The receivers of notifications, and the location of secrets.
    pub receivers: Receivers,
    /// Settings of Prometheus for more than one server.
    pub prometheus: PrometheusOptions,
}

/// The model in which the Grafana dashboard is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DashboardModel {
    /// The classic model, which every Grafana reads.
    #[default]
    Classic,
    /// A resource of schema V2, with tabs. Needs Grafana 13.
    V2,
}

impl DashboardModel {
    /// All models.
    pub const ALL: [Self; 2] = [Self::Classic, Self::V2];

    /// Returns the name of the model.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::V2 => "v2",
        }
    }
}

/// Settings of Prometheus for more than one server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PrometheusOptions {
    /// The labels that a server adds to its alerts and to the samples that it sends to others.
    pub external_labels: BTreeMap<String, String>,
    /// The store that receives a copy of all samples.
    pub remote_write: Option<RemoteStore>,
}

/// A store with authentication that receives samples by remote write.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RemoteStore {
    /// The address that accepts remote write.
    pub url: String,
    /// The user of the password in [`RemoteStore::SECRET`]; empty if that file contains a bearer token.
    pub username: String,
    /// Regular expressions of metrics that are not sent.
    pub drop: Vec<String>,
}

impl RemoteStore {
    /// The file in the folder of secrets with the password or the token.
    pub const SECRET: &'static str = "remote_write_secret";
}

/// The changes to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changed {
    /// Seconds for which its condition has to hold; `None` for the default.
    pub for_seconds: Option<u32>,
    /// The urgency; `None` for the default.
    pub severity: Option<Severity>,
}

/// The receivers of notifications. Secrets are never in here: they are read from files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receivers {
    /// The folder with the files of [`Receivers::secret_names`].
    pub secrets: String,
    /// The address for `PagerDuty` events; it differs by region.
    pub pagerduty_url: String,
    /// The e-mail server, with its port.
    pub smtp_host: String,
    /// The sender of e-mails.
    pub smtp_from: String,
    /// The user name at the e-mail server.
    pub smtp_user: String,
    /// The e-mail address for `P0` alerts.
    pub leads: String,
    /// The e-mail address for `P1` alerts.
    pub teams: String,
    /// The e-mail address for `P3` alerts.
    pub capacity: String,
    /// The address of the alert receiver, which stores every alert.
    pub webhook_url: String,
    /// The file with the CA certificate of the webhook; empty if the operating system trusts it.
    pub webhook_ca_file: String,
    /// The address of the dead man's switch, which notifies a person when the Watchdog stops; empty without one.
    pub switch_url: String,
    /// The channels of Slack.
    pub slack: Slack,
    /// The hours in which `P3` alerts are notified; `None` for all hours.
    pub working_hours: Option<WorkingHours>,
}

/// The channels of Slack, as `#name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slack {
    /// Whether a bot posts all messages with one token. Otherwise each channel has an incoming webhook of its own: that
    /// of a Slack app ignores the channel in a message.
    pub bot: bool,
    /// The channel for `P0` alerts.
    pub critical: String,
    /// The channel for `P1` and `P2` alerts of teams without a channel.
    pub general: String,
    /// The channel for `P3` alerts.
    pub low: String,
    /// The channels for `P1` and `P2` alerts, by team.
    pub teams: BTreeMap<String, String>,
}

impl Slack {
    /// The file with the address to which messages are posted, if a bot posts them.
    pub const API_URL: &'static str = "slack_api_url";
    /// The contents of that file.
    pub const API: &'static str = "https://slack.com/api/chat.postMessage";
    /// The file with the token of the bot.
    pub const TOKEN: &'static str = "slack_token";

    /// Returns the file with the webhook of a channel, such as `slack_alerts` of `#alerts`.
    pub(crate) fn webhook(channel: &str) -> String {
        format!("slack_{}", channel.trim_start_matches('#'))
    }

    /// Returns all channels, each once.
    pub(crate) fn channels(&self) -> BTreeSet<&str> {
        [&self.critical, &self.general, &self.low].into_iter().chain(self.teams.values()).map(String::as_str).collect()
    }
}

impl Default for Slack {
    fn default() -> Self {
        let text = str::to_owned;
        Self {
            bot: false,
            critical: text("#alerts-critical"),
            general: text("#alerts"),
            low: text("#alerts-low"),
            teams: BTreeMap::new(),
        }
    }
}

/// The hours of each working day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingHours {
    /// The name of the time zone in the IANA database, such as `Europe/Berlin`.
    pub time_zone: String,
    /// The start, as `08:00`.
    pub start: String,
    /// The end, as `18:00`; `24:00` is midnight.
    pub end: String,
    /// The days of the week, in lowercase.
    pub days: Vec<String>,
}

impl WorkingHours {
    /// All days of the week; the first five are the default.
    pub const DAYS: [&'static str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
}

impl Default for WorkingHours {
    fn default() -> Self {
        let text = str::to_owned;
        Self {
            time_zone: text("UTC"),
            start: text("08:00"),
            end: text("18:00"),
            days: Self::DAYS.into_iter().take(5).map(text).collect(),
        }
    }
}

impl Default for Receivers {
    fn default() -> Self {
        let text = str::to_owned;
        Self {
            secrets: text("/run/secrets"),
            pagerduty_url: text("https://events.pagerduty.com/v2/enqueue"),
            smtp_host: text("smtp.example.org:587"),
            smtp_from: text("alerts@example.org"),
            smtp_user: text("alerts@example.org"),
            leads: text("leads@example.org"),
            teams: text("teams@example.org"),
            capacity: text("capacity-planning@example.org"),
            webhook_url: text("http://alert-webhook:9095/webhook"),
            webhook_ca_file: String::new(),
            switch_url: String::new(),
            slack: Slack::default(),
            working_hours: None,
        }
    }
}

impl Receivers {
    /// The file in the folder of secrets with the token for the dead man's switch.
    pub const SWITCH_SECRET: &'static str = "switch_token";

    /// Returns the names of the files with secrets.
    #[must_use]
    pub fn secret_names(&self) -> Vec<String> {
        let fixed = ["smtp_password", "pagerduty_routing_key", "webhook_token"].into_iter();
        let fixed = fixed.chain(self.has_switch().then_some(Self::SWITCH_SECRET)).map(str::to_owned);
        self.slack_secrets().into_iter().chain(fixed).collect()
    }

    /// Whether there is a dead man's switch.
    #[must_use]
    pub fn has_switch(&self) -> bool {
        !self.switch_url.is_empty()
    }

    /// Returns the names of the files for Slack.
    #[must_use]
    pub fn slack_secrets(&self) -> Vec<String> {
        if self.slack.bot {
            return [Slack::API_URL, Slack::TOKEN].map(str::to_owned).into();
        }
        self.slack.channels().into_iter().map(Slack::webhook).collect()
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            job: None,
            program: None,
            package: None,
            arguments: String::new(),
            grafana_url: "http://localhost:3001".to_owned(),
            live_url: None,
            runbook_url: "http://localhost:9095/runbook".to_owned(),
            under_load: false,
            minimum_sample: 5,
            memory_bytes: 100.0 * 1024.0 * 1024.0,
            sample_limit: None,
            histograms: Histograms::default(),
            native: NativeHistograms::of_image(PROMETHEUS.image),
            grafana: DashboardModel::default(),
            grafana_datasource: "prometheus".to_owned(),
            burns: defaults(),
            changed: BTreeMap::new(),
            receivers: Receivers::default(),
            prometheus: PrometheusOptions::default(),
        }
    }
}

impl Options {
    /// Returns the job's name for this catalog.
    pub(crate) fn job_of(&self, catalog: &Catalog) -> String {
        if let Some(job) = &self.job {
            return job.clone();
        }
        let (crates, majority) = crates(catalog);
        // Several programs of one package share one crate name.
        let same = |program: &str, name: &str| program.replace('-', "_") == name.replace('-', "_");
        match (&self.program, majority) {
            (Some(program), name) if crates != 1 || name.is_none_or(|it| !same(program, it)) => program.clone(),
            (_, Some(name)) => name.to_owned(),
            (_, None) => "app".to_owned(),
        }
    }

    /// Returns the program's package, or the job's name if no function is annotated.
    pub(crate) fn package_of(&self, catalog: &Catalog, job: &str) -> String {
        self.package.clone().unwrap_or_else(|| crates(catalog).1.unwrap_or(job).to_owned())
    }

    pub(crate) fn runbook(&self, alert: &str) -> String {
        format!("{}#{}", self.runbook_url, alert.to_lowercase())
    }

    /// Returns the address of one panel, without a time range: the dashboard shows the last hour by default.
    #[must_use]
    pub fn panel(&self, job: &str, panel: u32) -> String {
        if let Some(page) = &self.live_url {
            return format!("{page}#panel={panel}");
        }
        let base = self.grafana_url.trim_end_matches('/');
        format!("{base}/d/{}?var-job={}&viewPanel={panel}", uid(job), percent_encoded(job))
    }
}

/// Returns the number of crates with annotated functions, and the crate with the most of them.
fn crates(catalog: &Catalog) -> (usize, Option<&str>) {
    let mut crates: BTreeMap<&str, usize> = BTreeMap::new();
    for site in &catalog.sites {
        *crates.entry(&site.krate).or_default() += 1;
    }
    // A tie goes to the first name, so that the result does not depend on the order of the records.
    let majority = crates.iter().max_by_key(|(name, count)| (**count, std::cmp::Reverse(**name)));
    (crates.len(), majority.map(|(name, _)| *name))
}

/// Returns the dashboard's identifier: at most forty letters, digits, `-` and `_`, different for different jobs.
pub(crate) fn uid(job: &str) -> String {
    let legal = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    if job.len() <= 30 && job.chars().all(legal) {
        return format!("measurand-{job}");
    }
    let start: String = job.chars().filter(|it| legal(*it)).take(20).collect();
    format!("measurand-{start}-{:08x}", hash(job))
}

/// FNV-1a hash. Unlike the hashers of `std`, it is the same on every machine and in every release.
pub(crate) fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, it| (hash ^ u32::from(it)).wrapping_mul(0x0100_0193))
}

fn percent_encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
