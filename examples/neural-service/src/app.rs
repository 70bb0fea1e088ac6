//! The state that all parts of the service share.

use crate::cache::Cache;
use crate::coordination::Coordination;
use crate::error::Result;
use crate::mind::Mind;
use crate::queue::Queue;
use crate::situation::{Found, Situation};
use crate::store::Store;
use crate::store::patterns::{self, Pattern};
use crate::world::goal_of;
use crate::{learning, planner};
use measurand::pattern_reuse;
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The state that requests, workers and background loops share.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) mind: Mind,
    pub(crate) cache: Cache<Situation, Found>,
    pub(crate) coordination: Coordination,
    pub(crate) queue: Queue,
    /// The patterns in the database at the last refresh.
    known: Mutex<Vec<Pattern>>,
    /// The rewards of patterns used since the last feedback cycle, by pattern.
    feedback: Mutex<HashMap<i64, f64>>,
    pub(crate) retrieved: AtomicU64,
    pub(crate) reused: AtomicU64,
}

impl App {
    /// Opens the database in this folder and stores a first pattern for each situation.
    pub(crate) fn open(directory: &Path, queue: Queue) -> Result<Self> {
        let app = Self {
            store: Store::open(directory)?,
            mind: Mind::new(),
            cache: Cache::new(64, Duration::from_secs(2)),
            coordination: Coordination::default(),
            queue,
            known: Mutex::default(),
            feedback: Mutex::default(),
            retrieved: AtomicU64::new(0),
            reused: AtomicU64::new(0),
        };
        for situation in Situation::all() {
            let goal = goal_of(situation.kind);
            let plan = planner::plan_for(goal.name, goal, situation.start);
            let Some(plan) = plan else { continue };
            app.store.write(|db| learning::keep(db, &plan, goal.facts, situation.start, 0.9))?;
        }
        app.refresh()?;
        Ok(app)
    }

    /// Reads the list of patterns from the database again.
    pub(crate) fn refresh(&self) -> Result<()> {
        let all = self.store.read(|db| Ok(patterns::all(db)?))?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for pattern in &all {
            if !known.iter().any(|old| old.id == pattern.id) {
                self.mind.recall(pattern.id, pattern.confidence);
            }
        }
        *known = all;
        Ok(())
    }

    /// The patterns in the database at the last refresh.
    pub(crate) fn known(&self) -> Vec<Pattern> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes the reward of a used pattern, from 0 to 1, for the next feedback cycle.
    pub(crate) fn give_feedback(&self, pattern: i64, reward: f64) {
        self.feedback.lock().unwrap_or_else(PoisonError::into_inner).insert(pattern, reward);
    }

    pub(crate) fn take_feedback(&self) -> HashMap<i64, f64> {
        std::mem::take(&mut self.feedback.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The share of retrievals whose pattern was learned in exactly the same situation.
    #[pattern_reuse]
    #[expect(clippy::cast_precision_loss, reason = "the number of retrievals stays far below 2^53")]
    pub(crate) fn reuse_rate(&self) -> Option<f64> {
        let retrieved = self.retrieved.load(Ordering::Relaxed);
        (retrieved > 0).then(|| self.reused.load(Ordering::Relaxed) as f64 / retrieved as f64)
    }
}
