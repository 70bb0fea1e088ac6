//! The state of a recorder, shared by the facade, the endpoint, the live page and the upkeep thread.

use crate::clock::now;
use crate::history::History;
use crate::platform::Platform;
use crate::program::Program;
use crate::storage::cells::ScrapeFence;
use crate::storage::metric_store::MetricStore;
use std::sync::{Arc, OnceLock};

#[derive(Debug)]
pub(crate) struct RecorderState {
    pub(crate) store: MetricStore,
    pub(crate) platform: Platform,
    /// The last hour; set once a live page is served.
    pub(crate) history: OnceLock<Arc<History>>,
    fence: ScrapeFence,
}

impl RecorderState {
    pub(crate) fn new(program: &Program) -> Self {
        Self {
            store: MetricStore::new(&program.families, &program.catalog),
            platform: Platform::default(),
            history: OnceLock::new(),
            fence: ScrapeFence::new(),
        }
    }

    /// Starts a pass over all metrics, and reads the values that are not recorded by calls.
    pub(crate) fn start_scrape(&self) {
        self.fence.order();
        self.platform.collect(&self.store);
    }

    /// Ends a pass over all metrics: a later pass sees at least the same values.
    pub(crate) fn end_scrape(&self) {
        self.fence.order();
    }

    /// Adds a sample of all series to the history.
    pub(crate) fn sample(&self, history: &History) {
        self.start_scrape();
        history.sample(&self.store, now());
        self.end_scrape();
    }
}
