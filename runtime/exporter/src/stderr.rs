//! What is said on standard error. Nobody may read it, the disk behind it may be full: then it is lost, and the program goes
//! on. `eprintln!` would panic, or wait.

use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

/// So many messages wait for the thread that writes them; whatever comes while there are more is lost.
const WAITING: usize = 100;

/// Says something from a recording call, which must not wait for it: a thread of its own does.
pub(crate) fn say(message: String) {
    static QUEUE: OnceLock<Option<SyncSender<String>>> = OnceLock::new();
    if let Some(queue) = QUEUE.get_or_init(start) {
        let _lost = queue.try_send(message);
    }
}

/// Says something at once, on one line, in which a terminal obeys nothing, whatever names and paths are in it.
pub(crate) fn write(message: &str) {
    let _lost = writeln!(std::io::stderr(), "measurand: {}", measurand_catalog::visible(message));
}

fn start() -> Option<SyncSender<String>> {
    let (queue, messages) = sync_channel::<String>(WAITING);
    let run = move || messages.into_iter().for_each(|it| write(&it));
    thread::Builder::new().name("measurand-log".to_owned()).spawn(run).ok().map(|_| queue)
}
