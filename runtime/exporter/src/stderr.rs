//! Messages on standard error. Writing may fail, for example if the pipe is closed or the disk is full; then the
//! message is lost and the program goes on. `eprintln!` would panic, or block.

use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

/// Maximum number of messages that wait for the thread that writes them; more are lost.
const WAITING: usize = 100;

/// Writes a message from a recording call, which must not block: a separate thread writes it.
pub(crate) fn say(message: String) {
    static QUEUE: OnceLock<Option<SyncSender<String>>> = OnceLock::new();
    if let Some(queue) = QUEUE.get_or_init(start) {
        let _lost = queue.try_send(message);
    }
}

/// Writes a message at once, on one line. Control characters in names and paths are escaped, so they do not affect a
/// terminal.
pub(crate) fn write(message: &str) {
    let _lost = writeln!(std::io::stderr(), "measurand: {}", measurand_catalog::visible(message));
}

fn start() -> Option<SyncSender<String>> {
    let (queue, messages) = sync_channel::<String>(WAITING);
    let run = move || messages.into_iter().for_each(|it| write(&it));
    thread::Builder::new().name("measurand-log".to_owned()).spawn(run).ok().map(|_| queue)
}
