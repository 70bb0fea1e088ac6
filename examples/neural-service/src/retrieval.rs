//! Finding the pattern that was learned in the situation most like this one.

use crate::app::App;
use crate::embedding::Embedding;
use crate::error::{Error, Result};
use crate::faults::{self, Fault};
use crate::situation::{Found, Situation};
use crate::store::embeddings;
use crate::world::goal_of;
use measurand::{neural_op, pattern_retrieval};
use std::sync::atomic::Ordering;

/// Situations that are as like as this are the same.
const SAME: f32 = 0.999;

impl App {
    /// The pattern for a situation, from the cache if it was asked for a moment ago.
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

    /// The pattern for a situation, by the cosine of its embedding and all that are stored.
    ///
    /// # Runbook
    /// Look for slow queries of `embeddings`; the search reads all of them, so see how many there are.
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
