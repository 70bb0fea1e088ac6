//! The load generator of `--load`: learning at the given rate; tasks, retrievals, plans and requests at fixed rates.

use crate::app::App;
use crate::faults::{self, Fault};
use crate::mind::SLOTS;
use crate::planner::plan_for;
use crate::situation::Situation;
use crate::tasks::kind_name;
use crate::world::goal_of;
use measurand::outgoing;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

/// Delay after which the load skips missed operations instead of catching up.
const BEHIND: Duration = Duration::from_millis(250);
const TICK: Duration = Duration::from_millis(5);
/// Maximum number of concurrent plans, not counting those of tasks.
const PLANNERS: usize = 64;
/// Number of HTTP clients; each pauses before every request.
const CLIENTS: u64 = 2;
const CLIENT_PAUSE: Duration = Duration::from_millis(100);
/// The address of a closed port: port 1 is reserved.
const NOTHING: &str = "http://127.0.0.1:1/";

/// Starts a load of this many neural operations per second. It runs until the process ends.
pub(crate) fn start(app: &Arc<App>, operations: u32, address: SocketAddr) {
    let learner = Arc::clone(app);
    thread::spawn(move || learn(&learner, operations));
    tokio::spawn(work(Arc::clone(app)));
    for client in 0..CLIENTS {
        thread::spawn(move || ask(address, client));
    }
}

/// Gives feedback at a steady rate.
fn learn(app: &App, operations: u32) {
    let (mut start, mut done) = (Instant::now(), 0_u64);
    loop {
        thread::sleep(TICK);
        if faults::is_on(Fault::StalledLoop) {
            (start, done) = (Instant::now(), 0);
            continue;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and far below 2^64")]
        let due = (start.elapsed().as_secs_f64() * f64::from(operations)) as u64;
        let low = faults::is_on(Fault::LowConfidence);
        for number in done..due {
            if faults::strikes(Fault::LostLoad) {
                continue;
            }
            // Patterns differ in quality.
            let pattern = u16::try_from(number % SLOTS as u64).unwrap_or(0);
            app.mind.learn(pattern.into(), if low { 0.0 } else { 1.0 - 0.01 * f64::from(pattern % 16) });
        }
        done = due;
        if start.elapsed().as_secs_f64() - seconds(done, operations) > BEHIND.as_secs_f64() {
            (start, done) = (Instant::now(), 0);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn seconds(operations: u64, rate: u32) -> f64 {
    operations as f64 / f64::from(rate)
}

/// Makes twenty tasks, forty retrievals and four plans per second.
async fn work(app: Arc<App>) {
    let planners = Arc::new(Semaphore::new(PLANNERS));
    let mut ticks = interval(Duration::from_millis(50));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for number in 0_u64.. {
        ticks.tick().await;
        let situation = Situation::nth(number);
        // A full queue refuses the task; the gauge of the queue's length shows this.
        let _ = app.queue.put(situation);
        let retriever = Arc::clone(&app);
        spawn_blocking(move || {
            for offset in 1..=2 {
                // Errors are counted where they happen.
                let _ = retriever.pattern_for(Situation::nth(number + offset));
            }
        });
        if number.is_multiple_of(5)
            && let Ok(permit) = Arc::clone(&planners).try_acquire_owned()
        {
            spawn_blocking(move || {
                let goal = goal_of(situation.kind);
                plan_for(goal.name, goal, situation.start);
                drop(permit);
            });
        }
    }
}

/// Runs a client that sends one request after the other.
fn ask(address: SocketAddr, client: u64) {
    let config =
        ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(10))).http_status_as_error(false);
    let agent = ureq::Agent::from(config.build());
    for number in client.. {
        thread::sleep(CLIENT_PAUSE);
        let task = kind_name(Situation::nth(number).kind);
        let url = match number % 3 {
            0 => format!("http://{address}/"),
            1 => format!("http://{address}/patterns/nearest?task={task}"),
            _ => format!("http://{address}/patterns/{}", number % 10),
        };
        // Errors are counted where they happen.
        let _ = request(&agent, &url);
    }
}

/// Sends one request. The service counts its own responses; here a missing response is an error.
#[outgoing("neural-service")]
fn request(agent: &ureq::Agent, url: &str) -> Result<(), ureq::Error> {
    faults::wait(Fault::SlowPeer);
    let url = if faults::strikes(Fault::UnreachablePeer) { NOTHING } else { url };
    // The client reuses a connection only after reading the response.
    agent.get(url).call()?.body_mut().read_to_vec().map(drop)
}
