//! What the catalog cannot know: the job's name, and where dashboards and runbooks are found.

use crate::model::burn_rate::{BurnRateAlert, defaults};
use crate::query::promql::Histograms;
use measurand_catalog::{Catalog, Severity};
use std::collections::BTreeMap;
use std::fmt::Write;

/// How a catalog becomes monitoring.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The value of the label `job` in Prometheus. Unless given, it is `program`, written as the crate where the two are
    /// the same; without a program, it is the crate with the most annotated functions.
    pub job: Option<String>,
    /// The name of the program's file.
    pub program: Option<String>,
    /// The package of the program in Cargo, from which its image is built. Unless given, the crate with the most
    /// annotated functions.
    pub package: Option<String>,
    /// What the program is started with in its container, as one types it.
    pub arguments: String,
    /// Where people find Grafana, for the links in alerts.
    pub grafana_url: String,
    /// The page of runbooks, for alerts whose annotated functions name none; the alert's name becomes the anchor.
    pub runbook_url: String,
    /// Whether the program is meant to carry the load that its families' tables name. Only then is there an alert when it
    /// does less, such as `NeuralOperationsDegraded`: nothing in a catalog tells a quiet program from a slow one.
    pub under_load: bool,
    /// The resident memory above which `MemoryHigh` fires.
    pub memory_bytes: f64,
    /// How Prometheus stores the histograms of the program.
    pub histograms: Histograms,
    /// When `ErrorBudgetFastBurn`, `ErrorBudgetBurn` and `ErrorBudgetSlowBurn` fire.
    pub burns: [BurnRateAlert; 3],
    /// What is different about alerts that no family has, by name.
    pub changed: BTreeMap<String, Changed>,
    /// Who is called, and where secrets are.
    pub receivers: Receivers,
}

/// What is different about an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changed {
    /// How long its condition has to hold, if not as long as by default.
    pub for_seconds: Option<u32>,
    /// How urgent it is, if not as by default.
    pub severity: Option<Severity>,
}

/// Where alerts go. What only some may know is never here, but in files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receivers {
    /// The folder with the files `slack_api_url`, `smtp_password`, `pagerduty_routing_key`, `webhook_token` and
    /// `switch_token`.
    pub secrets: String,
    /// Where events for `PagerDuty` are sent; other regions have other addresses.
    pub pagerduty_url: String,
    /// The server for e-mail, with its port.
    pub smtp_host: String,
    /// Who writes.
    pub smtp_from: String,
    /// As whom.
    pub smtp_user: String,
    /// Who is written to at `P0`.
    pub leads: String,
    /// Who is written to at `P1`.
    pub teams: String,
    /// Who is written to at `P3`.
    pub capacity: String,
    /// The address that keeps every alert.
    pub webhook_url: String,
    /// The certificate that the webhook's is signed with; empty where the operating system trusts it.
    pub webhook_ca_file: String,
    /// The address of the dead man's switch, which calls somebody when the Watchdog stays away.
    pub switch_url: String,
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
            switch_url: text("https://switch.example.org/ping"),
        }
    }
}

impl Receivers {
    /// The names of the files with secrets.
    #[must_use]
    pub fn secret_names(&self) -> [&'static str; 5] {
        ["slack_api_url", "smtp_password", "pagerduty_routing_key", "webhook_token", "switch_token"]
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
            runbook_url: "RUNBOOK.md".to_owned(),
            under_load: false,
            memory_bytes: 100.0 * 1024.0 * 1024.0,
            histograms: Histograms::default(),
            burns: defaults(),
            changed: BTreeMap::new(),
            receivers: Receivers::default(),
        }
    }
}

impl Options {
    /// The job's name for this catalog.
    pub(crate) fn job_of(&self, catalog: &Catalog) -> String {
        if let Some(job) = &self.job {
            return job.clone();
        }
        let (crates, majority) = crates(catalog);
        // Several programs of one package have one crate name.
        let same = |program: &str, name: &str| program.replace('-', "_") == name.replace('-', "_");
        match (&self.program, majority) {
            (Some(program), name) if crates != 1 || name.is_none_or(|it| !same(program, it)) => program.clone(),
            (_, Some(name)) => name.to_owned(),
            (_, None) => "app".to_owned(),
        }
    }

    /// The program's package; the job's name where nothing is annotated.
    pub(crate) fn package_of(&self, catalog: &Catalog, job: &str) -> String {
        self.package.clone().unwrap_or_else(|| crates(catalog).1.unwrap_or(job).to_owned())
    }

    pub(crate) fn runbook(&self, alert: &str) -> String {
        format!("{}#{}", self.runbook_url, alert.to_lowercase())
    }

    /// The address of one panel. The time range is left open: the last hour is what the dashboard shows anyway.
    #[must_use]
    pub fn panel(&self, job: &str, panel: u32) -> String {
        let (base, job_value) = (self.grafana_url.trim_end_matches('/'), percent_encoded(job));
        format!("{base}/d/{}?var-job={job_value}&viewPanel={panel}", uid(job))
    }
}

/// How many crates have annotated functions, and which one has the most.
fn crates(catalog: &Catalog) -> (usize, Option<&str>) {
    let mut crates: BTreeMap<&str, usize> = BTreeMap::new();
    for site in &catalog.sites {
        *crates.entry(&site.krate).or_default() += 1;
    }
    // Of equally many the first by name, so that the answer does not depend on the order of the records.
    let majority = crates.iter().max_by_key(|(name, count)| (**count, std::cmp::Reverse(**name)));
    (crates.len(), majority.map(|(name, _)| *name))
}

/// The dashboard's identifier: at most forty letters, digits, `-` and `_`, and different for different jobs.
pub(crate) fn uid(job: &str) -> String {
    let legal = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    if job.len() <= 30 && job.chars().all(legal) {
        return format!("measurand-{job}");
    }
    let start: String = job.chars().filter(|it| legal(*it)).take(20).collect();
    format!("measurand-{start}-{:08x}", hash(job))
}

/// FNV-1a: the same on every machine and in every release, which `std`'s hashers do not promise.
pub(crate) fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, it| (hash ^ u32::from(it)).wrapping_mul(0x0100_0193))
}

fn percent_encoded(text: &str) -> String {
    let mut out = String::new();
    for it in text.bytes() {
        if it.is_ascii_alphanumeric() || b"-_.~".contains(&it) {
            out.push(char::from(it));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(out, "%{it:02X}");
        }
    }
    out
}
