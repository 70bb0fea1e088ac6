//! Finds the pattern that was learned in the most similar situation.

use crate::app::App;
use crate::embedding::Embedding;
use crate::error::{Error, Result};
use crate::faults::{self, Fault};
use crate::situation::{Found, Situation};
use crate::store::embeddings;
use crate::world::goal_of;
use measurand::{neural_op, pattern_retrieval};
use std::sync::atomic::Ordering;

/// Similarity above which two situations are the same.
const SAME: f32 = 0.999;

impl App {
    /// Returns the pattern for a situation, from the cache if it was retrieved recently.
    pub(crate) fn pattern_for(&self, situation: Situation) -> Result<Option<Found>> {
        if faults::is_on(Fault::StalledLoop) {
            return Err(Error::Stalled);
        }
        if let Some(found) = self.cache.get(&situation) {
            return Ok(Some(found));
        }
        let found = self.retrieve(situation)?;
        if let Some(found) = found {
            self.cache.put(situation, found);
        }
        Ok(found)
    }

    /// Returns the pattern whose embedding has the highest cosine similarity to this situation.
    ///
    /// # Runbook
    /// Check for slow queries of `embeddings`. The search reads the whole table, so also check its size.
    #[neural_op("retrieval", owner = "learning", slo(success = 99.9))]
    #[pattern_retrieval(owner = "learning", slo(latency = "10ms" @ 95))]
    pub(crate) fn retrieve(&self, situation: Situation) -> Result<Option<Found>> {
        let wanted = Embedding::of_situation(goal_of(situation.kind).facts, situation.start);
        let nearest = self.store.read(|db| Ok(embeddings::nearest(db, &wanted)?))?;
        self.retrieved.fetch_add(1, Ordering::Relaxed);
        if nearest.is_some_and(|(_, likeness)| likeness > SAME) {
            self.reused.fetch_add(1, Ordering::Relaxed);
        }
        Ok(nearest.map(|(pattern, likeness)| Found { pattern, likeness }))
    }
}
