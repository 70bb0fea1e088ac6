//! The contents of a page about one program, and the queries that have no result inside the program.

use super::function::Function;
use crate::model::monitoring::Monitoring;
use crate::query::{Combination, Origin, Query, Selector, series_of};
use measurand_catalog::{Catalog, platform};

/// The window of recent values. A dashboard has the same at a scrape interval of 15 seconds.
pub const RECENT_SECONDS: u32 = 60;

/// The contents of a page about one program.
#[derive(Debug, Clone)]
pub struct Page {
    pub(super) catalog: Catalog,
    pub(super) monitoring: Monitoring,
    pub(super) functions: Vec<Function>,
}

impl Page {
    /// Returns the value of the label `job` that the samples must have.
    #[must_use]
    pub fn job(&self) -> &str {
        &self.monitoring.job
    }

    /// Returns the annotated functions.
    #[must_use]
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// Returns why a query has no result inside the program, or `None` if it has: it reads series of other programs.
    pub(super) fn unavailable(&self, query: &Query) -> Option<String> {
        let foreign = |name: &str, origin: Origin| {
            let base = series_of(name);
            let ours = |it: &str| it == name || it == base;
            let known = name == "up"
                || platform::ALL.iter().any(|it| ours(it.name))
                || self.catalog.families.iter().flat_map(|it| &it.metrics).any(|it| ours(&it.name));
            matches!(origin, Origin::Jobs(_)) || !known
        };
        let selectors = read(query);
        let missing = selectors.iter().find(|it| foreign(&it.metric, it.origin))?;
        Some(match missing.origin {
            Origin::Jobs(jobs) => format!("needs Prometheus: {}", jobs.join(", ")),
            _ => format!("needs Prometheus: {}", missing.metric),
        })
    }
}

/// Returns the selectors without which the query has no result. The right side of `unless` may be missing.
fn read(query: &Query) -> Vec<&Selector> {
    match query {
        Query::Combine(of, Combination::Unless, _) => read(of),
        _ => query.children().into_iter().flat_map(read).chain(query.selector()).collect(),
    }
}
