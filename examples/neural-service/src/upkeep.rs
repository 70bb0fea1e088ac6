//! Background work: the feedback loop, extraction, a check of the database connection, and the gauges.

use crate::app::App;
use crate::error::Result;
use crate::faults::{self, Fault};
use crate::store::patterns;
use measurand::{feedback_cycle, measured};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// Number of patterns in a feedback cycle, in addition to the used ones.
const REHEARSED: usize = 8;

/// A repeated background job.
struct Chore {
    every: Duration,
    /// The faults that pause this job.
    stalled_by: &'static [Fault],
    work: fn(&App) -> Result<()>,
}

const CHORES: [Chore; 4] = [
    Chore { every: Duration::from_millis(250), stalled_by: &[Fault::StalledLoop, Fault::StalledFeedback], work: turn },
    Chore { every: Duration::from_millis(500), stalled_by: &[Fault::StalledLoop], work: |app| app.extract().map(drop) },
    Chore { every: Duration::from_millis(250), stalled_by: &[], work: |app| app.store.check() },
    Chore { every: Duration::from_secs(1), stalled_by: &[], work: measure },
];

/// Starts a thread for each chore; they end with the process.
pub(crate) fn start(app: &Arc<App>) {
    for chore in CHORES {
        let app = Arc::clone(app);
        thread::spawn(move || {
            loop {
                thread::sleep(chore.every);
                if !chore.stalled_by.iter().any(|it| faults::is_on(*it)) {
                    // Errors are counted where they happen; the next run tries again.
                    let _ = (chore.work)(&app);
                }
            }
        });
    }
}

/// Learns from the feedback since the last cycle, and refreshes some other patterns.
///
/// # Runbook
/// Check whether the loop is stalled (`GET /faults`), then whether the database is writable.
#[feedback_cycle(owner = "learning")]
fn turn(app: &App) -> Result<()> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let known = app.known();
    let feedback = app.take_feedback();
    let first = NEXT.fetch_add(REHEARSED, Ordering::Relaxed);
    let rehearsed = known.iter().cycle().skip(first % known.len().max(1)).take(REHEARSED.min(known.len()));
    let used = known.iter().filter(|it| feedback.contains_key(&it.id));
    app.store.write(|db| {
        for pattern in used.chain(rehearsed) {
            let given = feedback.get(&pattern.id).copied();
            let reward = if faults::strikes(Fault::LowConfidence) { 0.0 } else { given.unwrap_or(1.0) };
            app.mind.learn(pattern.id, reward);
            patterns::set_confidence(db, pattern.id, app.mind.confidence(pattern.kind, pattern.id))?;
        }
        Ok(())
    })
}

/// Updates all gauges.
#[measured(owner = "platform")]
fn measure(app: &App) -> Result<()> {
    app.queue.length();
    app.coordination.efficiency();
    app.reuse_rate();
    app.refresh()?;
    app.store.read(|db| {
        patterns::memory_bytes(db)?;
        patterns::compression(db)?;
        patterns::active(db)?;
        patterns::unused(db)?;
        Ok(())
    })
}
