//! What the catalog says about one function, one metric, or the program as a whole: as data, for people and for tools.
//!
//! It looks at the same model as the writers, so that what it says of alerts and panels is what the files hold.

mod about;
mod budget;

pub use about::{AlertView, FunctionView, LabelView, MetricView, PanelView, QueryView};
pub use budget::Budget;

use crate::settings::Settings;
use measurand_catalog::{Catalog, SiteRecord, platform};
use measurand_monitoring::Monitoring;
use measurand_monitoring::Options;
use measurand_monitoring::build::used_family::{UsedFamily, used};
use serde::Serialize;

/// The program as a whole: a line for each function and a budget for each family.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overview {
    /// The value of the label `job`.
    pub job: String,
    /// The annotated functions, in the catalog's order.
    pub functions: Vec<FunctionLine>,
    /// The families, by name.
    pub families: Vec<FamilyLine>,
    /// What all families can make together.
    pub total: Budget,
    /// Functions that record the same series, and those that only a number tells apart: a line for each group.
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
    /// How many series it can make.
    pub series: Budget,
}

/// One family in one line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FamilyLine {
    /// The family's name.
    pub family: String,
    /// How many annotated functions record it.
    pub functions: usize,
    /// How many metrics it has.
    pub metrics: usize,
    /// How many series it can make; functions with the same labels share theirs.
    pub series: Budget,
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Explanation {
    /// Every annotated function with that name.
    Functions(Vec<FunctionView>),
    /// The metric with that name.
    Metric(MetricView),
}

/// Reads a catalog and answers questions about it.
#[derive(Debug)]
pub struct Explainer<'a> {
    catalog: &'a Catalog,
    monitoring: Monitoring,
    options: &'a Options,
}

impl<'a> Explainer<'a> {
    /// Looks at a catalog.
    #[must_use]
    pub fn new(catalog: &'a Catalog, options: &'a Options) -> Self {
        Self { catalog, monitoring: Monitoring::new(catalog, options), options }
    }

    /// Looks at a catalog as people decided that it be watched.
    ///
    /// # Errors
    /// As [`Settings::monitoring`].
    pub fn with(catalog: &'a Catalog, settings: &'a Settings) -> Result<Self, String> {
        Ok(Self { catalog, monitoring: settings.monitoring(catalog)?, options: &settings.options })
    }

    /// The table of everything.
    #[must_use]
    pub fn overview(&self) -> Overview {
        let families = used(self.catalog);
        let line = |it: &UsedFamily<'_>| FamilyLine {
            family: it.family.name.clone(),
            functions: it.sites().len(),
            metrics: it.family.metrics.len(),
            series: budget::of_family(it, budget::MOST),
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

    /// How many series to plan with: a function with a free label makes a hundred combinations of values, and not as many
    /// as its limit lets through.
    #[must_use]
    pub fn planned_series(&self) -> u64 {
        used(self.catalog).iter().map(|it| budget::of_family(it, budget::PLANNED)).sum::<Budget>().series
    }

    /// What a name stands for: a function, with or without the end of its path, or a metric.
    ///
    /// # Errors
    /// When there is neither; the message names what is closest.
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
            .map_or_else(|| "without a name all functions are listed".to_owned(), |it| format!("did you mean `{it}`?"));
        Err(format!("no annotated function and no metric is called `{}`; {help}", name.escape_debug()))
    }
}

/// Module and name.
fn path(site: &SiteRecord) -> String {
    format!("{}::{}", site.module, site.function)
}

fn place(site: &SiteRecord) -> String {
    format!("{}:{}", site.file, site.line)
}

/// Whether the name is the function's, or the end of its path.
fn is_called(site: &SiteRecord, name: &str) -> bool {
    let path = path(site);
    site.function == name || path == name || path.ends_with(&format!("::{name}"))
}
