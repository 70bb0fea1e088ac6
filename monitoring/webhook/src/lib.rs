//! The alert receiver: takes Alertmanager's notifications, keeps every alert on disk before it answers, shows them as
//! JSON and as a page, and passes them on.
//!
//! A payload's way: `server` (connections) → `routes` (admission, then one handler) → `payload` (parsing) → `writer` (the
//! one thread that writes, many payloads a transaction) → `store` (SQL) → the answer. `forward` sends what `store` has
//! queued, `retention` forgets what is old.

#![forbid(unsafe_code)]

mod counts;
mod forward;
mod limits;
pub mod payload;
mod readers;
mod reload;
mod retention;
mod routes;
mod server;
mod settings;
mod store;
pub mod time;
mod writer;

pub use forward::NextHop;
pub use limits::Limits;
pub use measurand_server::{AccessFiles, TlsFiles, hash_password};
pub use reload::Reloader;
pub use server::Server;
pub use settings::Settings;
pub use store::Keep;

/// A line for whoever runs the server. Where it goes and which time it gets is the supervisor's business.
fn log(line: &str) {
    eprintln!("measurand-webhook: {line}");
}
