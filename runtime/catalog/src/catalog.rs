//! The catalog: all that the records of one program say, as data.

use crate::definition::STREAM_ITEMS;
use crate::family::{Condition, FUNCTION_LABEL, Kind, Role, Severity, Unit, unit_of};
use crate::text::shown;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a program measures: its annotated functions and the families they record.
///
/// Two catalogs of the same records are equal, in whatever order a linker or a constructor brought the records: the
/// families are sorted by name, the sites by crate, module, line and function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Catalog {
    /// The version of this JSON's form.
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
    /// What the family tells, in one sentence.
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
    /// The only values it can take, or nothing when each site brings its own.
    pub values: Vec<String>,
    /// Whether its value is known only when the call has ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub from_result: bool,
}

/// One metric of a family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricRecord {
    /// The full Prometheus name.
    pub name: String,
    /// What a call records into it.
    pub role: Role,
    /// The Prometheus type.
    pub kind: Kind,
    /// What one value means.
    pub unit: Unit,
    /// The text after `# HELP`.
    pub help: String,
    /// The names of its labels.
    pub labels: Vec<String>,
    /// The upper bounds of a histogram, without `+Inf`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<f64>,
}

/// An alert that comes with a family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertRecord {
    /// The alert's name.
    pub name: String,
    /// How soon somebody has to answer.
    pub severity: Severity,
    /// When it fires.
    pub condition: Condition,
    /// How long the condition has to hold before it fires.
    pub for_seconds: u32,
    /// What is wrong.
    pub summary: String,
    /// What users of the system notice.
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
    /// Its name.
    pub function: String,
    /// The source file, as the compiler was given it.
    pub file: String,
    /// The line of the attribute.
    pub line: u32,
    /// The attribute's name, without `#[…]`.
    pub attribute: String,
    /// The name of the family it records.
    pub family: String,
    /// The values of the labels that are literals; an empty one is a label that the function's series lack, and those of
    /// another function have.
    pub labels: BTreeMap<String, String>,
    /// The expressions that the values of other labels come from, by label.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub expressions: BTreeMap<String, String>,
    /// The kinds of its errors, sorted, where the type of the error tells them; the values of the label `error_kind`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub error_kinds: Vec<String>,
    /// Whether its errors have kinds that are not known before they happen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unknown_error_kinds: bool,
    /// What it promises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<Objective>,
    /// Everything else the annotation says, by key: `owner`, `severity`, `runbook`, `summary`, `threshold`, `outcome`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
}

/// What an annotated function promises: a service level objective.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// The share of its calls that end well, for example 0.999.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<f64>,
    /// How fast it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
}

/// How fast a function promises to be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// The longest that a call takes, in seconds; one of the buckets of the family's duration.
    pub seconds: f64,
    /// The share of its calls of which that is promised, for example 0.99.
    pub share: f64,
}

impl Catalog {
    /// The version of the JSON's form that this crate reads and writes.
    pub const FORMAT: u32 = 1;

    /// The catalog as JSON, one field a line, with a final line feed.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Serializing plain structs of strings and finite numbers into memory cannot fail.
        let mut json = serde_json::to_string_pretty(self).unwrap_or_default();
        json.push('\n');
        json
    }

    /// Reads what [`Catalog::to_json`] wrote: the same catalog, to the last bit of each number.
    ///
    /// The text may come from anywhere: it is held to the same rules as records, and keys that it does not know are
    /// skipped.
    ///
    /// # Errors
    /// When the text is no catalog, one of a later form, or one that contradicts itself; the message is one line and
    /// says what to do.
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Form {
            format: u32,
        }
        let fail =
            |error: &str| format!("not a catalog: {}; name the address of an exporter, or what it wrote", shown(error));
        let form: Form = serde_json::from_slice(json).map_err(|error| fail(&error.to_string()))?;
        if form.format != Self::FORMAT {
            return Err(format!("a catalog of form {}, this tool reads form {}; update it", form.format, Self::FORMAT));
        }
        let raw: Self = serde_json::from_slice(json).map_err(|error| fail(&error.to_string()))?;
        let mut families = BTreeMap::new();
        for mut family in raw.families {
            family.check().map_err(|reason| fail(&format!("the family `{}` {reason}", family.name)))?;
            if let Some(twice) = families.insert(family.name.clone(), family) {
                return Err(fail(&format!("the family `{}` stands in it twice", twice.name)));
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
    /// Whether the label `function`, if there is one, has the function's own name: one that the user gave is kept, and may
    /// be that of several functions.
    pub(crate) fn has_own_name(&self) -> bool {
        self.labels.get(FUNCTION_LABEL).is_none_or(|label| label.is_empty() || *label == self.function)
    }

    /// Whether it is the second record of a function, which another one stands for in lists: that of a stream's items.
    #[must_use]
    pub fn is_of_items(&self) -> bool {
        self.attribute == STREAM_ITEMS
    }

    /// The literal values of the labels that its series have.
    pub fn given_labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.as_str(), value.as_str()))
    }
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
