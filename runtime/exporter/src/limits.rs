//! Bounds on what clients can take from the endpoint, and the count of what was refused because of them.

use crate::recorder::Inner;
use measurand_server::Event;
use metrics::{CounterFn, Key, Label};
use std::time::Duration;

/// Bounds on what clients can take from the endpoint.
///
/// What is refused or cut short because of them is counted in `measurand_http_refused_total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once, at least one; 256 unless told otherwise. With more of them the one that does least gives way:
    /// one that never asked for anything, one that does not read, or one that rests; of a network that has many, sooner.
    pub connections: u32,
    /// Scrapes that are made or wait for it at once, at least one; 16 unless told otherwise. More are answered with 503
    /// and `retry-after`.
    pub scrapes: u32,
    /// Bytes of a request's line and headers, from 1 KiB to 1 MiB; 16 KiB unless told otherwise. More are answered with
    /// 431. A body, of which none of our requests has need, is answered with 413.
    pub header_bytes: u32,
    /// To send a request's headers, from the begin of the connection or of a further request on it; 10 seconds unless told
    /// otherwise. A handshake is part of it.
    pub headers: Duration,
    /// Between two requests; two minutes unless told otherwise.
    pub idle: Duration,
    /// To make an answer; 30 seconds unless told otherwise. Longer ones are answered with 503.
    pub answer: Duration,
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
            scrapes: 16,
            header_bytes: 16 * 1024,
            headers: Duration::from_secs(10),
            idle: Duration::from_secs(120),
            answer: Duration::from_secs(30),
            write: Duration::from_secs(10),
            connection: Duration::from_secs(300),
            shutdown: Duration::from_secs(5),
        }
    }
}

impl Limits {
    /// Those of connections.
    pub(crate) fn connections(&self) -> measurand_server::Limits {
        let Self { connections, header_bytes, headers, idle, write, connection, shutdown, .. } = *self;
        measurand_server::Limits { connections, header_bytes, headers, idle, write, connection, shutdown }
    }
}

/// Why something was refused or cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Below the routes.
    Connection(Event),
    Answer,
    Body,
    #[cfg(feature = "tls")]
    Credentials,
    #[cfg(feature = "tls")]
    Passwords,
    Scrapes,
}

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Self::Connection(event) => event.as_str(),
            Self::Answer => "answer",
            Self::Body => "body",
            #[cfg(feature = "tls")]
            Self::Credentials => "credentials",
            #[cfg(feature = "tls")]
            Self::Passwords => "passwords",
            Self::Scrapes => "scrapes",
        }
    }

    pub(crate) fn count(self, recorder: &Inner, requests: u64) {
        let labels = vec![Label::from_static_parts("reason", self.as_str())];
        if let Some(series) = recorder.counter(&Key::from_parts("measurand_http_refused_total", labels)) {
            series.series.cells().increment(requests);
        }
    }

    /// All that may happen, each at zero, so that the first one is an increase.
    pub(crate) fn register(recorder: &Inner) {
        let of_routes = [Self::Answer, Self::Body, Self::Scrapes];
        #[cfg(feature = "tls")]
        let of_routes = of_routes.into_iter().chain([Self::Credentials, Self::Passwords]);
        Event::ALL.map(Self::Connection).into_iter().chain(of_routes).for_each(|it| it.count(recorder, 0));
    }
}
