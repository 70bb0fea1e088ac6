//! The faults that use up a resource: memory, files, rows, label values, workers of the runtime.

use crate::app::App;
use crate::error::Result;
use crate::faults::{self, Fault};
use crate::planner::plan_for;
use crate::store::patterns;
use crate::world::{State, goal_of};
use measurand::TaskType;
use std::fs::File;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::runtime::Handle;

const EVERY: Duration = Duration::from_millis(100);
const MEBIBYTE: usize = 1 << 20;

/// Starts the threads and tasks that take and release resources as the faults say.
pub(crate) fn start(app: &Arc<App>) {
    let app = Arc::clone(app);
    thread::spawn(move || {
        let mut taken = Taken::default();
        loop {
            taken.adjust(&app);
            thread::sleep(EVERY);
        }
    });
    for _ in 0..Handle::current().metrics().num_workers() {
        tokio::spawn(block());
    }
}

/// Blocks the worker that runs it, like a task that computes or waits without `.await`.
async fn block() {
    loop {
        tokio::time::sleep(EVERY / 4).await;
        faults::wait(Fault::BlockedRuntime);
    }
}

/// The resources taken at the moment.
#[derive(Debug, Default)]
struct Taken {
    memory: Vec<u8>,
    files: Vec<File>,
    grown: usize,
    unused: usize,
    goals: u64,
}

impl Taken {
    fn adjust(&mut self, app: &App) {
        let memory = faults::count(Fault::Memory) * MEBIBYTE;
        if self.memory.len() != memory {
            // Writing every page makes the system allocate it. One large block goes back to the system when freed.
            self.memory = vec![1; memory];
        }
        self.open_files();
        // After an error the next call of `adjust` tries again.
        let _ = ballast(app, "grown", &mut self.grown, faults::count(Fault::PatternGrowth), MEBIBYTE);
        let _ = ballast(app, "unused", &mut self.unused, faults::count(Fault::UnusedPatterns), 1);
        let goals = f64::from(u32::try_from(faults::count(Fault::ManyGoals)).unwrap_or(u32::MAX)) * EVERY.as_secs_f64();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`faults::set` admits only small positive values"
        )]
        for _ in 0..goals.ceil() as u64 {
            self.goals += 1;
            let goal = goal_of(TaskType::Bugfix);
            plan_for(&format!("{}-{}", goal.name, self.goals), goal, State::NOTHING);
        }
    }

    fn open_files(&mut self) {
        let wanted = faults::count(Fault::OpenFiles);
        self.files.truncate(wanted);
        let Ok(program) = std::env::current_exe() else { return };
        while self.files.len() < wanted {
            // The process has reached its limit of open files.
            let Ok(file) = File::open(&program) else { return };
            self.files.push(file);
        }
    }
}

/// Makes the number of patterns with this name `wanted`; if it differs from `stored`, replaces them all.
fn ballast(app: &App, name: &str, stored: &mut usize, wanted: usize, bytes: usize) -> Result<()> {
    if *stored == wanted {
        return Ok(());
    }
    app.store.write(|db| {
        patterns::delete_ballast(db, name)?;
        *stored = 0;
        if wanted > 0 {
            patterns::insert_ballast(db, name, wanted, bytes)?;
        }
        *stored = wanted;
        Ok(())
    })
}
