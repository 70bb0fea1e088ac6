//! The data of a page inside the program: the same panels, functions and alerts as in the generated files, evaluated
//! over samples in memory.
//!
//! Everything here is data for JSON. It is independent of the source of the samples and of the look of the page.

mod alerts;
mod function;
mod model;
mod numbers;
mod page;
mod panels;
mod text;

pub use alerts::{AlertState, AlertValue};
pub use function::Function;
pub use numbers::{Budget, Numbers, Route, Windows};
pub use page::{Page, RECENT_SECONDS};
pub use panels::{Columns, Frame, SeriesColumn, TooLarge};

use crate::model::options::Options;
use crate::query::evaluate::Source;
use crate::{File, Monitoring};
use measurand_catalog::Catalog;
use std::collections::BTreeMap;

impl Page {
    /// Builds the page of a catalog.
    #[must_use]
    pub fn new(catalog: Catalog, options: &Options) -> Self {
        let monitoring = Monitoring::new(&catalog, options);
        let functions = function::all(&catalog, &monitoring);
        Self { catalog, monitoring, functions }
    }

    /// Returns the part of the page that is constant while the program runs, as JSON.
    #[must_use]
    pub fn model(&self) -> serde_json::Value {
        model::of(self)
    }

    /// Returns the ids of the panels that the page shows.
    pub fn panel_ids(&self) -> impl Iterator<Item = u32> {
        let panels = self.monitoring.rows.iter().flat_map(|it| &it.panels);
        panels.filter(|it| model::is_shown(self, it)).map(|it| it.id)
    }

    /// Returns the columns of these panels, by panel and line.
    ///
    /// # Errors
    /// If the columns take more memory than the frame allows.
    pub fn panels(&self, ids: &[u32], frame: &Frame, source: &dyn Source) -> Result<Columns, TooLarge> {
        panels::of(self, ids, frame, source)
    }

    /// Returns the largest number of series that a response with these panels reads at each instant.
    #[must_use]
    pub fn series_of(&self, ids: &[u32], source: &dyn Source) -> usize {
        panels::series(self, ids, source)
    }

    /// Returns the numbers of each function at `now`, in milliseconds since the epoch, by the function's id.
    /// [`Windows::at`] returns the time ranges of the numbers.
    #[must_use]
    pub fn numbers(&self, source: &dyn Source, now: i64) -> BTreeMap<&str, Numbers> {
        numbers::of(self, source, now)
    }

    /// Returns the numbers of the requests to each route at `now`, in milliseconds since the epoch; the route with the
    /// largest share of failed requests first. `None` for a program without the HTTP layer.
    #[must_use]
    pub fn routes(&self, source: &dyn Source, now: i64) -> Option<Vec<Route>> {
        numbers::routes(self, source, now)
    }

    /// Returns the state of each alert at `now`, in milliseconds since the epoch.
    #[must_use]
    pub fn alerts(&self, source: &dyn Source, now: i64) -> Vec<AlertState> {
        alerts::of(self, source, now)
    }

    /// Returns the generated files of the program.
    #[must_use]
    pub fn files(&self) -> Vec<File> {
        self.monitoring.files()
    }

    /// Returns the rules about one function as a rule file for Prometheus.
    #[must_use]
    pub fn rules_of(&self, id: &str) -> Option<String> {
        let function = self.functions.iter().find(|it| it.id == id)?;
        Some(function::rules(self, function))
    }
}
