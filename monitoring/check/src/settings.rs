//! `monitoring.toml`: settings that the catalog does not contain.
//!
//! Changes of alerts are applied to the catalog before anything is built from it. So each threshold has one source, and
//! the panel, the rule and its test agree.

mod apply;
mod burns;
mod notifications;

use crate::suggest::did_you_mean;
use measurand_catalog::record::is_text;
use measurand_catalog::{Catalog, Severity, read_text};
use measurand_monitoring::Monitoring;
use measurand_monitoring::query::promql::Histograms;
use measurand_monitoring::{DashboardModel, Options, Receivers, RemoteStore};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::Path;
use toml::Spanned;

/// Maximum size of a `monitoring.toml` or a `.lint`.
pub(crate) const SETTINGS_BYTES_MAX: u64 = 1 << 20;

/// The contents of a `monitoring.toml`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// The options for building monitoring from the catalog.
    pub options: Options,
    /// Third-party metrics, as names or as prefixes followed by `*`.
    pub known_metrics: Vec<String>,
    /// Additional labels of targets.
    pub target_labels: Vec<String>,
    /// Labels that contain no secrets and have few values, even if their names suggest otherwise.
    pub accepted_labels: Vec<String>,
    /// The team that receives alerts about functions without an owner.
    pub team: Option<String>,
    changes: Vec<SettingsChange>,
    factors: Vec<burns::Factor>,
    leave_out: Vec<LeftOut>,
}

/// A change of an alert.
#[derive(Debug, Clone, PartialEq)]
struct SettingsChange {
    place: Place,
    alert: String,
    threshold: Option<f64>,
    for_seconds: Option<u32>,
    severity: Option<Severity>,
}

/// An alert, family or panel to leave out.
#[derive(Debug, Clone, PartialEq)]
struct LeftOut {
    place: Place,
    what: What,
    name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Alert,
    Family,
    Panel,
}

/// File and line for messages, such as `monitoring.toml:3`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    job: Option<Spanned<String>>,
    package: Option<Spanned<String>>,
    arguments: Option<Spanned<String>>,
    team: Option<Spanned<String>>,
    grafana_url: Option<Spanned<String>>,
    runbook_url: Option<Spanned<String>>,
    under_load: Option<bool>,
    minimum_sample: Option<Spanned<u32>>,
    memory_bytes: Option<Spanned<f64>>,
    sample_limit: Option<NonZero<u32>>,
    histograms: Option<Spanned<String>>,
    grafana: Option<Spanned<String>>,
    grafana_datasource: Option<Spanned<String>>,
    #[serde(default)]
    known_metrics: Vec<Spanned<String>>,
    #[serde(default)]
    target_labels: Vec<Spanned<String>>,
    #[serde(default)]
    accepted_labels: Vec<Spanned<String>>,
    #[serde(default)]
    alerts: BTreeMap<Spanned<String>, RawAlert>,
    #[serde(default)]
    objectives: BTreeMap<Spanned<String>, burns::RawBurnRate>,
    #[serde(default)]
    leave_out: RawLeaveOut,
    #[serde(default)]
    receivers: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    slack: notifications::RawSlack,
    working_hours: Option<notifications::RawHours>,
    #[serde(default)]
    external_labels: BTreeMap<Spanned<String>, Spanned<String>>,
    remote_write: Option<RawRemoteWrite>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRemoteWrite {
    url: Spanned<String>,
    username: Option<Spanned<String>>,
    #[serde(default)]
    drop: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAlert {
    threshold: Option<Spanned<f64>>,
    r#for: Option<Spanned<String>>,
    severity: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawLeaveOut {
    #[serde(default)]
    alerts: Vec<Spanned<String>>,
    #[serde(default)]
    families: Vec<Spanned<String>>,
    #[serde(default)]
    panels: Vec<Spanned<String>>,
}

impl RawLeaveOut {
    fn items(self, place: &impl Fn(usize) -> Place) -> Vec<LeftOut> {
        let alerts = self.alerts.into_iter().map(|it| (What::Alert, it));
        let families = self.families.into_iter().map(|it| (What::Family, it));
        let panels = self.panels.into_iter().map(|it| (What::Panel, it));
        let one = |(what, it): (What, Spanned<String>)| LeftOut {
            place: place(it.span().start),
            what,
            name: it.into_inner(),
        };
        alerts.chain(families).chain(panels).map(one).collect()
    }
}

impl RawRemoteWrite {
    /// Checks the address and returns the store.
    fn store(
        self,
        place: &impl Fn(usize) -> Place,
        one_line: &impl Fn(Spanned<String>) -> Result<String, String>,
    ) -> Result<RemoteStore, String> {
        let url = self.url.get_ref();
        let rest = ["http://", "https://"].into_iter().find_map(|scheme| url.strip_prefix(scheme));
        if rest.is_none_or(|it| it.is_empty() || it.contains(['@', ' ']) || !it.chars().all(is_text)) {
            let place = place(self.url.span().start).0;
            let help = "write `https://host/path`, without a password";
            return Err(format!("{place}: `url` is not an address for remote write; help: {help}"));
        }
        Ok(RemoteStore {
            url: self.url.into_inner(),
            username: self.username.map(one_line).transpose()?.unwrap_or_default(),
            drop: self.drop.into_iter().map(one_line).collect::<Result<_, _>>()?,
        })
    }
}

impl Settings {
    /// The file's name, in the folder of the generated files.
    pub const FILE: &'static str = "monitoring.toml";

    /// Reads the `monitoring.toml` in a folder. Returns the defaults if there is none.
    ///
    /// # Errors
    /// As [`Settings::read`].
    pub fn of_folder(directory: &Path) -> Result<Self, String> {
        let path = directory.join(Self::FILE);
        if path.exists() { Self::read(&path) } else { Ok(Self::default()) }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read or is invalid; the message names the line and the fix.
    pub fn read(path: &Path) -> Result<Self, String> {
        let name = path.display().to_string().escape_debug().to_string();
        let text = read_text(path, SETTINGS_BYTES_MAX).map_err(|it| it.to_string())?;
        Self::parse(&name, &text)
    }

    /// Parses the text of a file. `name` is used in error messages.
    ///
    /// # Errors
    /// As [`Settings::read`].
    pub fn parse(name: &str, text: &str) -> Result<Self, String> {
        let line = |offset: usize| 1 + text.bytes().take(offset).filter(|it| *it == b'\n').count();
        let place = |offset: usize| Place(format!("{name}:{}", line(offset)));
        let raw: Raw = toml::from_str(text).map_err(|error| {
            let reason = error.message().lines().collect::<Vec<_>>().join("; ");
            format!("{}: {reason}", place(error.span().map_or(0, |it| it.start)).0)
        })?;
        let wrong = |value: &Spanned<String>, reason: &str| {
            format!("{}: `{}` {reason}", place(value.span().start).0, value.get_ref().escape_debug())
        };
        let one_line = |value: Spanned<String>| {
            let bad = value.get_ref().trim().is_empty() || !value.get_ref().chars().all(is_text);
            if bad { Err(wrong(&value, "is not a name; help: write one line of text")) } else { Ok(value.into_inner()) }
        };
        let mut settings = Self { team: raw.team.map(one_line).transpose()?, ..Self::default() };
        settings.options.job = raw.job.map(one_line).transpose()?;
        settings.options.package = raw.package.map(one_line).transpose()?;
        settings.options.arguments = raw.arguments.map(one_line).transpose()?.unwrap_or_default();
        let defaults = Options::default();
        let address = |value: Spanned<String>| absolute_url(value.get_ref()).map_err(|it| wrong(&value, it));
        settings.options.grafana_url = raw.grafana_url.map(address).transpose()?.unwrap_or(defaults.grafana_url);
        settings.options.runbook_url = raw.runbook_url.map(address).transpose()?.unwrap_or(defaults.runbook_url);
        settings.options.under_load = raw.under_load.unwrap_or(defaults.under_load);
        if let Some(it) = raw.minimum_sample {
            settings.options.minimum_sample = *it.get_ref();
            if *it.get_ref() == 0 {
                let place = place(it.span().start).0;
                return Err(format!("{place}: `minimum_sample` is out of range; help: write a number above zero"));
            }
        }
        if let Some(it) = raw.memory_bytes {
            settings.options.memory_bytes = *it.get_ref();
            if !(it.get_ref().is_finite() && *it.get_ref() > 0.0) {
                let place = place(it.span().start).0;
                return Err(format!("{place}: `memory_bytes` is out of range; help: write a number above zero"));
            }
        }
        settings.options.sample_limit = raw.sample_limit.map(NonZero::get);
        if let Some(it) = raw.histograms {
            let found = Histograms::ALL.into_iter().find(|known| known.as_str() == it.get_ref());
            settings.options.histograms =
                found.ok_or_else(|| wrong(&it, "is not a kind of histogram; help: write `classic` or `native`"))?;
        }
        if let Some(it) = raw.grafana {
            let found = DashboardModel::ALL.into_iter().find(|known| known.as_str() == it.get_ref());
            settings.options.grafana =
                found.ok_or_else(|| wrong(&it, "is not a model of dashboards; help: write `classic` or `v2`"))?;
        }
        settings.options.grafana_datasource =
            raw.grafana_datasource.map(one_line).transpose()?.unwrap_or(defaults.grafana_datasource);
        for (key, value) in raw.receivers {
            let receivers = &mut settings.options.receivers;
            let known = receiver(receivers, key.get_ref());
            let Some(field) = known else {
                let help = did_you_mean(key.get_ref(), RECEIVERS.into_iter(), "remove it");
                return Err(wrong(&key, &format!("is not a field of `[receivers]`; help: {help}")));
            };
            *field = one_line(value)?;
        }
        settings.options.receivers.slack = raw.slack.slack(&wrong, &one_line)?;
        settings.options.receivers.working_hours = raw.working_hours.map(|it| it.hours(&wrong)).transpose()?;
        for (name, value) in raw.external_labels {
            if !is_label(name.get_ref()) {
                return Err(wrong(&name, "is not a label's name; help: use letters, digits and `_`"));
            }
            if ["replica", "shard"].contains(&name.get_ref().as_str()) {
                return Err(wrong(&name, "is set by an overlay; help: choose another name"));
            }
            settings.options.prometheus.external_labels.insert(name.into_inner(), one_line(value)?);
        }
        settings.options.prometheus.remote_write =
            raw.remote_write.map(|it| it.store(&place, &one_line)).transpose()?;
        settings.known_metrics = raw.known_metrics.into_iter().map(one_line).collect::<Result<_, _>>()?;
        settings.accepted_labels = raw.accepted_labels.into_iter().map(one_line).collect::<Result<_, _>>()?;
        settings.target_labels = raw.target_labels.into_iter().map(one_line).collect::<Result<_, _>>()?;
        for (alert, change) in raw.alerts {
            let for_seconds = change.r#for.map(|it| seconds(it.get_ref()).ok_or_else(|| wrong(&it, NO_DURATION)));
            let severity = change.severity.map(|it| severity(it.get_ref()).ok_or_else(|| wrong(&it, NO_SEVERITY)));
            let threshold = change.threshold.map(|value| {
                let number = *value.get_ref();
                let place = place(value.span().start).0;
                if number.is_finite() {
                    Ok(number)
                } else {
                    Err(format!("{place}: `{number}` is not a threshold; help: write a finite number"))
                }
            });
            settings.changes.push(SettingsChange {
                place: place(alert.span().start),
                alert: alert.into_inner(),
                threshold: threshold.transpose()?,
                for_seconds: for_seconds.transpose()?,
                severity: severity.transpose()?,
            });
        }
        for (alert, it) in raw.objectives {
            let factors = it.apply(&alert, &mut settings.options.burns, &|offset| place(offset).0)?;
            settings.factors.extend(factors);
        }
        settings.leave_out = raw.leave_out.items(&place);
        Ok(settings)
    }

    /// Builds the monitoring of a catalog with these settings.
    ///
    /// # Errors
    /// If an alert, family or panel to change or leave out does not exist, if a threshold does not fit its metric, or
    /// if no error budget of the catalog can reach a burn rate.
    pub fn monitoring(&self, catalog: &Catalog) -> Result<Monitoring, String> {
        let changed = self.applied(catalog)?;
        burns::Factor::check(&self.factors, &changed)?;
        let options = Options { changed: self.changed()?, ..self.options.clone() };
        let mut monitoring = Monitoring::new(&changed, &options);
        self.leave_out(&mut monitoring)?;
        Ok(monitoring)
    }
}

const RECEIVERS: [&str; 11] = [
    "secrets",
    "pagerduty_url",
    "smtp_host",
    "smtp_from",
    "smtp_user",
    "leads",
    "teams",
    "capacity",
    "webhook_url",
    "webhook_ca_file",
    "switch_url",
];

/// The field with this name.
fn receiver<'a>(receivers: &'a mut Receivers, name: &str) -> Option<&'a mut String> {
    match name {
        "secrets" => Some(&mut receivers.secrets),
        "pagerduty_url" => Some(&mut receivers.pagerduty_url),
        "smtp_host" => Some(&mut receivers.smtp_host),
        "smtp_from" => Some(&mut receivers.smtp_from),
        "smtp_user" => Some(&mut receivers.smtp_user),
        "leads" => Some(&mut receivers.leads),
        "teams" => Some(&mut receivers.teams),
        "capacity" => Some(&mut receivers.capacity),
        "webhook_url" => Some(&mut receivers.webhook_url),
        "webhook_ca_file" => Some(&mut receivers.webhook_ca_file),
        "switch_url" => Some(&mut receivers.switch_url),
        _ => None,
    }
}

/// Returns the address if it is one of a web page, since notifications link to it.
///
/// # Errors
/// The rest of a sentence about the address.
pub fn absolute_url(text: &str) -> Result<String, &'static str> {
    let rest = ["http://", "https://"].into_iter().find_map(|scheme| text.strip_prefix(scheme));
    let is_page = rest.is_some_and(|it| !it.is_empty() && !it.contains(' ') && it.chars().all(is_text));
    if is_page { Ok(text.to_owned()) } else { Err("is not an absolute address; help: write `https://host/path`") }
}

fn is_label(text: &str) -> bool {
    let legal = |it: char| it.is_ascii_alphanumeric() || it == '_';
    text.chars().all(legal) && text.starts_with(|it: char| it.is_ascii_alphabetic()) && !text.starts_with("__")
}

const NO_DURATION: &str = "is not a duration; help: write a number and s, m, h or d";
const NO_SEVERITY: &str = "is not a severity; help: write P0, P1, P2 or P3";

fn severity(text: &str) -> Option<Severity> {
    Severity::ALL.into_iter().find(|it| it.as_str() == text)
}

/// The seconds of a duration such as `90s`, `5m`, `1h` or `1d`.
fn seconds(text: &str) -> Option<u32> {
    let (number, factor) = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)]
        .into_iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    number.parse::<u32>().ok()?.checked_mul(factor)
}
