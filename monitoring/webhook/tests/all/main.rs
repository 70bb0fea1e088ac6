//! The program as its users run it: a process, a database file, requests over sockets, a real Alertmanager.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

mod api;
mod authentication;
mod command;
mod delivery;
mod disk;
mod forward;
mod hostile;
mod kill;
mod limits;
mod page;
mod retention;
mod shutdown;
mod stale;
mod support;
