//! Bounds on what clients can take, and what is told when one of them was reached.

use std::time::Duration;

/// Bounds on connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; with more of them the ones that do least give way. At least one.
    pub connections: u32,
    /// Bytes of a request's line and headers; at least 1024, and at most 1 MiB.
    pub header_bytes: u32,
    /// From the begin of a connection, or of a further request on it, to the end of a request's headers; a handshake is
    /// part of it.
    pub headers: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// In which a client that is sent something has to take at least some of it.
    pub write: Duration,
    /// For a whole connection; a request that has begun is answered.
    pub connection: Duration,
    /// For requests that have begun to end at a shutdown, or at the end of a connection's time.
    pub shutdown: Duration,
}

/// Something was refused or cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A connection gave way to a new one.
    Connections,
    /// The headers of a request took too long.
    Headers,
    /// A client did not take what it was sent.
    Write,
    /// A connection's time was over, and its request still did not end.
    Connection,
    /// It was no request of HTTP/1, or had too many bytes of headers.
    Malformed,
    /// The handshake failed.
    Tls,
    /// The operating system gave no connection, most likely for want of descriptors.
    Accept,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Connections, Self::Headers, Self::Write, Self::Connection, Self::Malformed, Self::Tls, Self::Accept];

    /// In one word, for a label.
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
        }
    }
}
