//! The alert receiver: takes Alertmanager's notifications, keeps every alert on disk before it answers, shows them as
//! JSON and as a page, and passes them on.
//!
//! A payload's way: `server` (connections) → `routes` (admission, then one handler) → `payload` (parsing) → `writer` (the
//! one thread that writes, many payloads a transaction) → `store` (SQL) → the answer. `forward` sends what `store` has
//! queued, `retention` forgets what is old.

#![forbid(unsafe_code)]

mod app;
mod counts;
mod forward;
pub mod payload;
mod rate_limit;
mod readers;
mod reload;
mod retention;
mod routes;
mod server;
mod settings;
mod store;
mod text;
pub mod time;
mod writer;

use std::io::Write as _;

pub use forward::NextHop;
/// For messages of the command as well.
#[doc(hidden)]
pub use measurand_catalog::visible;
pub use measurand_server::{AccessFiles, Limits as ServerLimits, TlsFiles, hash_password};
pub use rate_limit::Limits;
pub use reload::Reloader;
pub use server::Server;
pub use settings::{STALE_AFTER_HOURS, Settings};
pub use store::Keep;

/// A line for whoever runs the server. Where it goes and which time it gets is the supervisor's business; in the terminal
/// that it may be read in, it does nothing.
fn log(line: &str) {
    // Nobody may read it, and `eprintln!` would panic then.
    let _lost = writeln!(std::io::stderr(), "measurand-webhook: {}", visible(line));
}
