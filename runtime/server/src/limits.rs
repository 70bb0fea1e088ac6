//! Bounds on what clients can take, and what is told when one of them was reached.

use std::time::Duration;

/// Bounds on connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once, at least one; 256 unless told otherwise. With more of them the one that does least gives way:
    /// one that never asked for anything, one that does not read, or one that rests; of a network that has many, sooner.
    pub connections: u32,
    /// Bytes of a request's line and headers, from 1 KiB to 1 MiB; 16 KiB unless told otherwise. More are answered with
    /// 431.
    pub header_bytes: u32,
    /// To send a request's headers, from the begin of the connection or of a further request on it; 10 seconds unless told
    /// otherwise. A handshake is part of it.
    pub headers: Duration,
    /// Between two requests; two minutes unless told otherwise.
    pub idle: Duration,
    /// In which a client takes at least some of what it is sent; 10 seconds unless told otherwise.
    pub write: Duration,
    /// For a whole connection; five minutes unless told otherwise. A request that has begun then gets [`Limits::shutdown`]
    /// to end.
    pub connection: Duration,
    /// For requests that have begun to end at a shutdown; 5 seconds unless told otherwise.
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
    /// A request named a host that is not the server's.
    Host,
    /// A page of another website asked to change something.
    Origin,
}

impl Event {
    /// All of them.
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
            Self::Host => "host",
            Self::Origin => "origin",
        }
    }
}
