//! Tests of the server over real sockets; each test starts its own server.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

mod connections;
mod hosts;
mod support;
#[cfg(feature = "tls")]
mod tls;
