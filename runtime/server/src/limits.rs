//! Limits on clients, and the events when a limit is reached.

use std::time::Duration;

/// Limits on connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Maximum number of connections, at least 1. Default: 256. Beyond it the server closes the least active
    /// connection: one without a request first, then one that does not read, then an idle one; sooner if its network
    /// has many connections.
    pub connections: u32,
    /// Maximum size of a request's line and headers in bytes, from 1 KiB to 1 MiB. Default: 16 KiB. Larger ones are
    /// answered with 431.
    pub header_bytes: u32,
    /// Time limit for sending a request's headers, from the start of the connection or of the next request. It includes
    /// the TLS handshake. Default: 10 seconds.
    pub headers: Duration,
    /// Maximum time between two requests. Default: two minutes.
    pub idle: Duration,
    /// Maximum time in which a client accepts no bytes of an answer. Default: 10 seconds.
    pub write: Duration,
    /// Maximum lifetime of a connection. A started request then gets [`Limits::shutdown`] to finish. Default: five
    /// minutes.
    pub connection: Duration,
    /// Time for started requests to finish at a shutdown. Default: 5 seconds.
    pub shutdown: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            header_bytes: 16 * 1024,
            headers: Duration::from_secs(10),
            idle: Duration::from_secs(120),
            write: Duration::from_secs(10),
            connection: Duration::from_secs(300),
            shutdown: Duration::from_secs(5),
        }
    }
}

/// A refusal or an early end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A connection was closed in favour of a new one.
    Connections,
    /// The headers of a request took too long.
    Headers,
    /// A client did not accept its answer.
    Write,
    /// A connection reached its maximum lifetime, and its request did not finish.
    Connection,
    /// It was not an HTTP/1 request, or its headers were too large.
    Malformed,
    /// The handshake failed.
    Tls,
    /// The operating system provided no connection, usually because descriptors are used up.
    Accept,
    /// A request named an unknown host.
    Host,
    /// A page of another website tried to change something.
    Origin,
}

impl Event {
    /// All events.
    pub const ALL: [Self; 9] = [
        Self::Connections,
        Self::Headers,
        Self::Write,
        Self::Connection,
        Self::Malformed,
        Self::Tls,
        Self::Accept,
        Self::Host,
        Self::Origin,
    ];

    /// Returns the event as a label value.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Headers => "headers",
            Self::Write => "write",
            Self::Connection => "connection",
            Self::Malformed => "malformed",
            Self::Tls => "tls",
            Self::Accept => "accept",
            Self::Host => "host",
            Self::Origin => "origin",
        }
    }
}
