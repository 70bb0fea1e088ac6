//! Describes a function, a metric or the whole program as data.
//!
//! It uses the model from which the files are written, so its alerts and panels are those in the files.

mod about;

pub use about::{AlertView, FunctionView, LabelView, MetricView, PanelView, QueryView};
pub use measurand_monitoring::build::budget::Budget;

use crate::settings::Settings;
use measurand_catalog::{Catalog, SiteRecord, platform};
use measurand_monitoring::Monitoring;
use measurand_monitoring::Options;
use measurand_monitoring::build::budget;
use measurand_monitoring::build::used_family::{UsedFamily, used};
use serde::Serialize;

/// The whole program: a line for each function, and the number of series of each family.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overview {
    /// The value of the label `job`.
    pub job: String,
    /// The annotated functions, in the catalog's order.
    pub functions: Vec<FunctionLine>,
    /// The families, by name.
    pub families: Vec<FamilyLine>,
    /// Maximum number of series of all families together.
    pub total: Budget,
    /// Notes about functions that share series, or whose names differ only in a number; a line for each group.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sharing: Vec<String>,
}

/// One function in one line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FunctionLine {
    /// The path: module and name.
    pub function: String,
    /// The attribute's name.
    pub attribute: String,
    /// The family's name.
    pub family: String,
    /// File and line of the annotation.
    pub place: String,
    /// Maximum number of series.
    pub series: Budget,
}

/// One family in one line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FamilyLine {
    /// The family's name.
    pub family: String,
    /// Number of annotated functions that record it.
    pub functions: usize,
    /// Number of its metrics.
    pub metrics: usize,
    /// Maximum number of series. Functions with the same labels share series.
    pub series: Budget,
}

/// The description of a name.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Explanation {
    /// Every annotated function with that name.
    Functions(Vec<FunctionView>),
    /// The metric with that name.
    Metric(MetricView),
}

/// Describes the functions and metrics of a catalog.
#[derive(Debug)]
pub struct Explainer<'a> {
    catalog: &'a Catalog,
    monitoring: Monitoring,
    options: &'a Options,
}

impl<'a> Explainer<'a> {
    /// Creates an explainer for a catalog with these options.
    #[must_use]
    pub fn new(catalog: &'a Catalog, options: &'a Options) -> Self {
        Self { catalog, monitoring: Monitoring::new(catalog, options), options }
    }

    /// Creates an explainer for a catalog with the settings of a `monitoring.toml`.
    ///
    /// # Errors
    /// As [`Settings::monitoring`].
    pub fn with(catalog: &'a Catalog, settings: &'a Settings) -> Result<Self, String> {
        Ok(Self { catalog, monitoring: settings.monitoring(catalog)?, options: &settings.options })
    }

    /// Returns all functions and families with their numbers of series.
    #[must_use]
    pub fn overview(&self) -> Overview {
        let families = used(self.catalog);
        let line = |used: &UsedFamily<'_>| FamilyLine {
            family: used.family.name.clone(),
            functions: used.sites().len(),
            metrics: used.family.metrics.len(),
            series: budget::of_family(used, budget::MOST),
        };
        let families: Vec<FamilyLine> = families.iter().map(line).collect();
        let functions = self.catalog.sites.iter().filter(|it| !it.is_of_items()).filter_map(|site| {
            let family = self.catalog.family(&site.family)?;
            Some(FunctionLine {
                function: path(site),
                attribute: site.attribute.clone(),
                family: site.family.clone(),
                place: place(site),
                series: family.metrics.iter().map(|it| budget::of_site(site, family, it)).sum(),
            })
        });
        Overview {
            job: self.monitoring.job.clone(),
            functions: functions.collect(),
            total: families.iter().map(|it| it.series).sum(),
            families,
            sharing: self.catalog.sharing().iter().map(ToString::to_string).collect(),
        }
    }

    /// Returns the number of series to plan with. A function with a label of arbitrary values counts as 100
    /// combinations, which is less than the limit allows.
    #[must_use]
    pub fn planned_series(&self) -> u64 {
        used(self.catalog).iter().map(|it| budget::of_family(it, budget::PLANNED)).sum::<Budget>().series
    }

    /// Describes a function, named with or without the end of its path, or a metric.
    ///
    /// # Errors
    /// If there is neither; the message suggests the closest name.
    pub fn explain(&self, name: &str) -> Result<Explanation, String> {
        let sites: Vec<&SiteRecord> = self.catalog.sites.iter().filter(|it| is_called(it, name)).collect();
        if !sites.is_empty() {
            return Ok(Explanation::Functions(sites.into_iter().map(|it| self.function(it)).collect()));
        }
        if let Some(it) = self.metric(name) {
            return Ok(Explanation::Metric(it));
        }
        let functions = self.catalog.sites.iter().map(|it| it.function.as_str());
        let metrics = self.catalog.families.iter().flat_map(|it| &it.metrics).map(|it| it.name.as_str());
        let close =
            crate::suggest::nearest(name, functions.chain(metrics).chain(platform::ALL.iter().map(|it| it.name)));
        let help = close
            .map_or_else(|| "omit the name to list all functions".to_owned(), |it| format!("did you mean `{it}`?"));
        Err(format!("there is no annotated function or metric `{}`; help: {help}", name.escape_debug()))
    }
}

/// The path of a function: module and name.
fn path(site: &SiteRecord) -> String {
    format!("{}::{}", site.module, site.function)
}

fn place(site: &SiteRecord) -> String {
    format!("{}:{}", site.file, site.line)
}

/// Whether this is the function's name or the end of its path.
fn is_called(site: &SiteRecord, name: &str) -> bool {
    let path = path(site);
    site.function == name || path == name || path.ends_with(&format!("::{name}"))
}
