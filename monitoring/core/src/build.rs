//! Builds the model from a catalog: panels, alerts and recording rules.
//!
//! This layer depends on the query language and the model. It is independent of file formats.

pub mod alerts;
pub mod budget;
pub mod layout;
pub mod objectives;
pub(crate) mod panels;
pub mod recordings;
pub mod used_family;
pub mod validate;

use crate::model::monitoring::Monitoring;
use crate::model::options::{Options, uid};
use crate::model::{AnnotatedFunction, STACK};
use crate::query::promql::Histograms;
use measurand_catalog::{Catalog, SiteRecord};

impl Monitoring {
    /// Builds the dashboard and the rules for a catalog. A family or an objective that cannot be used is left out;
    /// [`Monitoring::problems`] lists it with the reason.
    #[must_use]
    pub fn new(catalog: &Catalog, options: &Options) -> Self {
        let problems = validate::problems(catalog);
        let valid = validate::valid(catalog);
        let families = used_family::used(&valid);
        let job = options.job_of(catalog);
        let (drafts, stack) = (alerts::drafts(&families, options), alerts::stack(options));
        let rows = panels::rows(&families, &alerts::limits([&drafts, &stack]), &options.burns);
        let alerts = alerts::finish(&job, drafts, &rows, &job, options);
        let stack = alerts::finish(STACK, stack, &rows, &job, options);
        let (receivers, package) = (options.receivers.clone(), options.package_of(catalog, &job));
        let (histograms, arguments) = (options.histograms, options.arguments.clone());
        let native = (histograms == Histograms::Native).then_some(options.native);
        let recordings = recordings::groups(&job, &alerts, &rows, histograms);
        let (uid, origin) = (uid(&job), origin(catalog));
        let sample_limit = budget::sample_limit(&families, options);
        let prometheus = options.prometheus.clone();
        Self {
            job,
            uid,
            package,
            arguments,
            origin,
            rows,
            programs: panels::programs::rows(),
            functions: functions(&families),
            runbook_url: options.runbook_url.clone(),
            recordings,
            alerts,
            stack,
            histograms,
            native,
            grafana: options.grafana,
            grafana_datasource: options.grafana_datasource.clone(),
            receivers,
            sample_limit,
            prometheus,
            problems,
        }
    }
}

/// Returns the functions of all families in the order of their paths.
fn functions(families: &[used_family::UsedFamily<'_>]) -> Vec<AnnotatedFunction> {
    let mut functions: Vec<_> = families.iter().flat_map(used_family::UsedFamily::sites).map(function).collect();
    functions.sort();
    functions
}

fn function(site: &SiteRecord) -> AnnotatedFunction {
    let fact = |key: &str| site.facts.get(key).cloned().unwrap_or_default();
    AnnotatedFunction {
        path: format!("{}::{}", site.module, site.function),
        attribute: site.attribute.clone(),
        labels: site.given_labels().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        source: format!("{}:{}", site.file, site.line),
        owner: fact("owner"),
        summary: fact("summary"),
    }
}

/// Returns the origin without time, path and host, so that the same catalog gives the same bytes.
fn origin(catalog: &Catalog) -> String {
    let mut crates: Vec<String> = catalog.sites.iter().map(|it| format!("{} {}", it.krate, it.version)).collect();
    crates.sort();
    crates.dedup();
    let count = catalog.sites.iter().filter(|it| !it.is_of_items()).count();
    let functions = if count == 1 { "annotated function" } else { "annotated functions" };
    let clean: String = crates.join(", ").chars().filter(|it| !it.is_control()).collect();
    format!("the {count} {functions} of {clean}")
}
