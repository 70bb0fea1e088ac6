//! The background task that deletes old alerts and updates the gauges.

use crate::app::App;
use crate::counts;
use crate::log;
use crate::store::{self, Keep};
use crate::time::Time;
use measurand::measured;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// Interval of the task.
const EVERY: Duration = Duration::from_secs(15);

pub(crate) async fn run(app: Arc<App>, keep: Keep) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = prune(&app, keep).await {
            log(&format!("cannot delete old alerts: {error}; the next attempt is in {} s", EVERY.as_secs()));
        }
    }
}

/// Deletes alerts and queued payloads beyond the limits, and updates the gauges.
#[measured]
async fn prune(app: &App, keep: Keep) -> Result<(), String> {
    loop {
        let pruned = app.writer.run(move |db| store::prune(db, keep, Time::now())).await;
        let (alerts, queued) = pruned.map_err(|it| it.to_string())?;
        if let Some(queue) = app.queue.as_ref().filter(|_| queued > 0) {
            log(&format!(
                "deleted {queued} payloads that the next hop has not accepted, because they are older than {} days or \
                 more than {} wait",
                keep.days, keep.alerts
            ));
            queue.counted(app.readers.read(store::waiting).await.map_err(|it| it.to_string())?);
        }
        if alerts + queued == 0 {
            break;
        }
    }
    let stale_before = app.stale_before();
    let totals = app.readers.read(move |db| store::totals(db, stale_before)).await.map_err(|it| it.to_string())?;
    counts::kept(totals);
    Ok(())
}
