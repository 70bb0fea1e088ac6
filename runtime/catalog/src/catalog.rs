//! The catalog: the contents of all records of one program, as data.

use crate::condition::{Condition, SIGNALS, SignalSpec};
use crate::definition::STREAM_ITEMS;
use crate::family::{FUNCTION_LABEL, Kind, Role, Severity, Unit, unit_of};
use crate::text::shown;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The annotated functions of a program, and the families they record.
///
/// Two catalogs of the same records are equal, in any order of the records: families are sorted by name, sites by
/// crate, module, line and function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Catalog {
    /// The format version of this JSON.
    pub format: u32,
    /// The families that at least one site records.
    pub families: Vec<FamilyRecord>,
    /// The annotated functions, also those that are never called.
    pub sites: Vec<SiteRecord>,
}

/// One family, as the program was built with it; see [`crate::Family`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FamilyRecord {
    /// The identifier.
    pub name: String,
    /// The title of its dashboard row.
    pub title: String,
    /// Description of the family in one sentence.
    pub help: String,
    /// The labels of all its metrics.
    pub labels: Vec<LabelRecord>,
    /// Its metrics.
    pub metrics: Vec<MetricRecord>,
    /// The alerts that come with it.
    pub alerts: Vec<AlertRecord>,
}

/// One label of a family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelRecord {
    /// The label's name.
    pub name: String,
    /// The allowed values; empty if each site has its own values.
    pub values: Vec<String>,
    /// Whether the value is known only at the end of a call.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub from_result: bool,
}

/// One metric of a family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricRecord {
    /// The full Prometheus name.
    pub name: String,
    /// The event or quantity that a call records.
    pub role: Role,
    /// The Prometheus type.
    pub kind: Kind,
    /// The unit of the values.
    pub unit: Unit,
    /// The text after `# HELP`.
    pub help: String,
    /// The names of its labels.
    pub labels: Vec<String>,
    /// The upper bounds of a histogram's buckets, without `+Inf`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<f64>,
}

/// An alert that comes with a family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertRecord {
    /// The alert's name.
    pub name: String,
    /// The severity, which sets the time to respond.
    pub severity: Severity,
    /// The condition under which it fires.
    pub condition: Condition,
    /// The time in seconds that the condition must hold before the alert fires.
    pub for_seconds: u32,
    /// The problem in one sentence.
    pub summary: String,
    /// The effect that users of the system notice.
    pub impact: String,
}

/// One annotated function.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SiteRecord {
    /// The crate that contains it.
    #[serde(rename = "crate")]
    pub krate: String,
    /// That crate's version.
    pub version: String,
    /// The path of the module that contains it.
    pub module: String,
    /// The name of the function.
    pub function: String,
    /// The source file, as passed to the compiler.
    pub file: String,
    /// The line of the attribute.
    pub line: u32,
    /// The attribute's name, without `#[…]`.
    pub attribute: String,
    /// The name of the family it records.
    pub family: String,
    /// The values of the labels that are literals. An empty value marks a label that the series of this function do not
    /// have, while those of another function do.
    pub labels: BTreeMap<String, String>,
    /// The expressions that give the other labels their values, by label.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub expressions: BTreeMap<String, String>,
    /// The kinds of its errors, sorted, if the type of the error defines them: the values of the label `error_kind`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub error_kinds: Vec<String>,
    /// Whether its errors have kinds that are unknown before they occur.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unknown_error_kinds: bool,
    /// The objective of the function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<Objective>,
    /// All other settings of the annotation, by key: `owner`, `severity`, `runbook`, `summary`, `threshold`, `outcome`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
}

/// The service level objective of an annotated function.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// The share of successful calls, for example 0.999.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<f64>,
    /// The objective for the duration of calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
}

/// An objective for the duration of calls.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// The maximum duration of a call in seconds; one of the buckets of the family's duration.
    pub seconds: f64,
    /// The share of calls that stay below this duration, for example 0.99.
    pub share: f64,
}

impl Catalog {
    /// The format version that this crate reads and writes.
    pub const FORMAT: u32 = 1;

    /// The catalog as JSON, one field per line, with a final line feed.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Serializing plain structs of strings and finite numbers into memory cannot fail.
        let mut json = serde_json::to_string_pretty(self).unwrap_or_default();
        json.push('\n');
        json
    }

    /// Reads the output of [`Catalog::to_json`]. The result is the same catalog, to the last bit of each number.
    ///
    /// The text may be untrusted: it must follow the same rules as records. Unknown keys are skipped.
    ///
    /// # Errors
    /// If the text is not a catalog, has another format version, or contradicts itself. The message is one line and
    /// says what to do.
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Form {
            format: u32,
        }
        let fail =
            |error: &str| format!("not a catalog: {}; name the address of an exporter, or its file", shown(error));
        let form: Form = serde_json::from_slice(json).map_err(|error| fail(&error.to_string()))?;
        if form.format != Self::FORMAT {
            return Err(format!(
                "the catalog has format {}, but this tool reads format {}; update it",
                form.format,
                Self::FORMAT
            ));
        }
        let raw: Self = serde_json::from_slice(json).map_err(|error| fail(&error.to_string()))?;
        let mut families = BTreeMap::new();
        for mut family in raw.families {
            family.check().map_err(|reason| fail(&format!("the family `{}` {reason}", family.name)))?;
            if let Some(twice) = families.insert(family.name.clone(), family) {
                return Err(fail(&format!("the family `{}` is in it twice", twice.name)));
            }
        }
        let mut sites = Vec::with_capacity(raw.sites.len());
        for (index, mut site) in raw.sites.into_iter().enumerate() {
            site.check().map_err(|reason| fail(&format!("site {index} {reason}")))?;
            sites.push((index, site));
        }
        Self::join(families, sites, &mut Err).map_err(|(index, reason)| fail(&format!("site {index} {reason}")))
    }

    /// The family with this name.
    #[must_use]
    pub fn family(&self, name: &str) -> Option<&FamilyRecord> {
        self.families.iter().find(|it| it.name == name)
    }

    /// The sites that record this family, in the catalog's order.
    pub fn sites_of<'a>(&'a self, family: &'a str) -> impl Iterator<Item = &'a SiteRecord> {
        self.sites.iter().filter(move |it| it.family == family)
    }
}

impl SiteRecord {
    /// Whether the label `function`, if there is one, is the function's own name. A name that the user chose is kept,
    /// and several functions may have it.
    pub(crate) fn has_own_name(&self) -> bool {
        self.labels.get(FUNCTION_LABEL).is_none_or(|label| label.is_empty() || *label == self.function)
    }

    /// Whether this is the second record of a function that returns a stream: the record of the stream's items. Lists
    /// show only the first record.
    #[must_use]
    pub fn is_of_items(&self) -> bool {
        self.attribute == STREAM_ITEMS
    }

    /// The labels of its series that have literal values.
    pub fn given_labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// `{"calls_below": 1000.0}`, or `{"duration_above": {"quantile": 0.95, "seconds": 0.01}}`.
impl From<Condition> for Value {
    fn from(Condition { signal, quantile, threshold }: Condition) -> Self {
        let spec = signal.spec();
        match spec.threshold.histogram {
            None => json!({ spec.key: threshold }),
            Some(it) => json!({ spec.key: { "quantile": quantile, threshold_key(it): threshold } }),
        }
    }
}

impl TryFrom<Value> for Condition {
    type Error = &'static str;

    fn try_from(json: Value) -> Result<Self, Self::Error> {
        let read = |spec: &SignalSpec| {
            let value = json.get(spec.key)?;
            let (quantile, threshold) = match spec.threshold.histogram {
                None => (None, value),
                Some(it) => (Some(value.get("quantile")?.as_f64()?), value.get(threshold_key(it))?),
            };
            Some(Self { signal: spec.signal, quantile, threshold: threshold.as_f64()? })
        };
        SIGNALS.iter().find_map(read).ok_or("an unknown condition")
    }
}

fn threshold_key(histogram: Role) -> &'static str {
    if histogram == Role::Score { "score" } else { "seconds" }
}

impl FamilyRecord {
    /// The label of this name, if the family has one.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&LabelRecord> {
        self.labels.iter().find(|it| it.name == name)
    }

    /// The metric with this role, if the family has one.
    #[must_use]
    pub fn metric(&self, role: Role) -> Option<&MetricRecord> {
        self.metrics.iter().find(|it| it.role == role)
    }
}

impl MetricRecord {
    pub(crate) fn new(name: String, role: Role, family_labels: &[LabelRecord]) -> Self {
        let known = |it: &&LabelRecord| role != Role::InFlight || !it.from_result;
        let mut labels: Vec<String> = family_labels.iter().filter(known).map(|it| it.name.clone()).collect();
        labels.extend(role.extra_label().map(|it| it.name.to_owned()));
        let unit = unit_of(role, &name);
        Self { name, role, kind: role.kind(), unit, help: String::new(), labels, buckets: Vec::new() }
    }
}
