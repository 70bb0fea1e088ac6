//! The alert receiver: accepts Alertmanager's notifications, stores every alert on disk before it answers, serves them
//! as JSON and as a page, and forwards them.
//!
//! The path of a payload: `server` (connections) → `routes` (limits and authentication, then a handler) → `payload`
//! (parsing) → `writer` (one thread that writes many payloads in a transaction) → `store` (SQL) → the answer. `forward`
//! sends the queued payloads to the next hop, and `retention` deletes old alerts.

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
/// The command uses it for its messages.
#[doc(hidden)]
pub use measurand_catalog::visible;
pub use measurand_server::{AccessFiles, Limits as ServerLimits, TlsFiles, hash_password};
pub use rate_limit::Limits;
pub use reload::Reloader;
pub use server::Server;
pub use settings::{STALE_AFTER_HOURS, Settings};
pub use store::Keep;

/// Writes a line to stderr for the operator, with control characters escaped. A supervisor adds the time.
fn log(line: &str) {
    // Unlike `eprintln!`, this does not panic if stderr is closed.
    let _lost = writeln!(std::io::stderr(), "measurand-webhook: {}", visible(line));
}
