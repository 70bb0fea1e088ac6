//! The endpoint: its server, its routes, and the limits on clients.

pub(crate) mod access;
pub(crate) mod app;
pub(crate) mod endpoint;
pub(crate) mod listen;
pub(crate) mod middleware;
pub(crate) mod request_limits;
pub(crate) mod router;
pub(crate) mod scrape;
