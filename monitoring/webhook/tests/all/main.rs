//! Tests of the program as a process, with a database file, requests over sockets and a real Alertmanager.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic")]

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
