//! What a page inside the program shows: the same panels, functions and alerts as the generated files, answered from
//! samples at hand.
//!
//! Everything here is data that is written as JSON; it knows neither where samples come from nor how a page looks.

mod alerts;
mod function;
mod model;
mod numbers;
mod page;
mod panels;
mod text;

pub use alerts::{AlertState, AlertValue};
pub use function::Function;
pub use numbers::{Numbers, Windows};
pub use page::{Page, RECENT_SECONDS};
pub use panels::{Columns, Frame, SeriesColumn, TooLarge};

use crate::model::options::Options;
use crate::query::evaluate::Source;
use crate::{File, Monitoring};
use measurand_catalog::Catalog;
use std::collections::BTreeMap;

impl Page {
    /// For a catalog.
    #[must_use]
    pub fn new(catalog: Catalog, options: &Options) -> Self {
        let monitoring = Monitoring::new(&catalog, options);
        let functions = function::all(&catalog, &monitoring);
        Self { catalog, monitoring, functions }
    }

    /// What does not change while the program runs, as JSON.
    #[must_use]
    pub fn model(&self) -> serde_json::Value {
        model::of(self)
    }

    /// The numbers of all panels that have any.
    pub fn panel_ids(&self) -> impl Iterator<Item = u32> {
        let panels = self.monitoring.rows.iter().flat_map(|it| &it.panels);
        panels.filter(|it| model::is_shown(it)).map(|it| it.id)
    }

    /// The columns of these panels, by panel and line.
    ///
    /// # Errors
    /// When they take more memory than the frame has room for.
    pub fn panels(&self, ids: &[u32], frame: &Frame, source: &dyn Source) -> Result<Columns, TooLarge> {
        panels::of(self, ids, frame, source)
    }

    /// How many series an answer with these panels reads at each instant, at most.
    #[must_use]
    pub fn series_of(&self, ids: &[u32], source: &dyn Source) -> usize {
        panels::series(self, ids, source)
    }

    /// The numbers of each function at this time, in milliseconds since the epoch, by the function's id; [`Windows::at`]
    /// says over which time they are.
    #[must_use]
    pub fn numbers(&self, source: &dyn Source, now: i64) -> BTreeMap<&str, Numbers> {
        numbers::of(self, source, now)
    }

    /// How far each alert is at this time.
    #[must_use]
    pub fn alerts(&self, source: &dyn Source, now: i64) -> Vec<AlertState> {
        alerts::of(self, source, now)
    }

    /// The generated files of the program.
    #[must_use]
    pub fn files(&self) -> Vec<File> {
        self.monitoring.files()
    }

    /// The rules that are about one function, as a file for Prometheus.
    #[must_use]
    pub fn rules_of(&self, id: &str) -> Option<String> {
        let function = self.functions.iter().find(|it| it.id == id)?;
        Some(function::rules(self, function))
    }
}
