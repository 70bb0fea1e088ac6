//! What a page shows of one program, and what of it has no answer inside the program.

use super::function::Function;
use crate::model::monitoring::Monitoring;
use crate::query::{Origin, Query, series_of};
use measurand_catalog::{Catalog, platform};

/// The width of a pixel where the page asks for the most recent: what a dashboard has at a scrape of every 15 seconds.
pub const RECENT_SECONDS: u32 = 60;

/// What a page shows of one program.
#[derive(Debug, Clone)]
pub struct Page {
    pub(super) catalog: Catalog,
    pub(super) monitoring: Monitoring,
    pub(super) functions: Vec<Function>,
}

impl Page {
    /// The value of the label `job` that the samples have to have.
    #[must_use]
    pub fn job(&self) -> &str {
        &self.monitoring.job
    }

    /// The annotated functions.
    #[must_use]
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// Why a term has no answer inside the program, if that is so: it asks for series that come from elsewhere.
    pub(super) fn unavailable(&self, query: &Query) -> Option<String> {
        let foreign = |name: &str, origin: Origin| {
            let base = series_of(name);
            let ours = |it: &str| it == name || it == base;
            let known = name == "up"
                || platform::ALL.iter().any(|it| ours(it.name))
                || self.catalog.families.iter().flat_map(|it| &it.metrics).any(|it| ours(&it.name));
            matches!(origin, Origin::Job(_)) || !known
        };
        let selectors = query.selectors();
        let missing = selectors.iter().find(|it| foreign(&it.metric, it.origin))?;
        Some(match missing.origin {
            Origin::Job(job) => format!("needs Prometheus: {job}"),
            _ => format!("needs Prometheus: {}", missing.metric),
        })
    }
}
