//! Limits on the resources that clients can use, and the counter of refusals.

use crate::storage::metric_store::MetricStore;
use measurand_server::{Event, Limits as ServerLimits};
use metrics::{CounterFn, Key, Label};
use std::time::Duration;

/// Limits on the resources that clients can use.
///
/// `measurand_http_refused_total` counts what is refused or cut short because of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Limits on connections, for all paths. A request with a body is always answered with 413.
    pub server: ServerLimits,
    /// Maximum number of scrapes that are rendered or wait, at least 1. Default: 16. More are answered with 503 and
    /// `retry-after`.
    pub scrapes: u32,
    /// Maximum number of live-page requests that wait for their answers, at least 1. Default: 32. One more is answered
    /// at a time, and equal requests share a place. More are answered with 503 and `retry-after`.
    pub page: u32,
    /// Time limit for an answer. Default: 30 seconds. Slower answers become 503.
    pub answer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { server: ServerLimits::default(), scrapes: 16, page: 32, answer: Duration::from_secs(30) }
    }
}

/// Uses these limits on connections and the defaults for the rest.
impl From<ServerLimits> for Limits {
    fn from(server: ServerLimits) -> Self {
        Self { server, ..Self::default() }
    }
}

/// The reason why something was refused or cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// An event of the server, below the routes.
    Connection(Event),
    /// A client of the live page hung up before its answer.
    Abandoned,
    Answer,
    Body,
    #[cfg(feature = "tls")]
    Credentials,
    /// Too many requests to the live page are waiting.
    Page,
    #[cfg(feature = "tls")]
    Passwords,
    Scrapes,
    /// An answer of the live page would be too large.
    Size,
}

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Self::Connection(event) => event.as_str(),
            Self::Abandoned => "abandoned",
            Self::Answer => "answer",
            Self::Body => "body",
            #[cfg(feature = "tls")]
            Self::Credentials => "credentials",
            Self::Page => "page",
            #[cfg(feature = "tls")]
            Self::Passwords => "passwords",
            Self::Scrapes => "scrapes",
            Self::Size => "size",
        }
    }

    pub(crate) fn count(self, store: &MetricStore, requests: u64) {
        let labels = vec![Label::from_static_parts("reason", self.as_str())];
        if let Some(series) = store.counter(&Key::from_parts("measurand_http_refused_total", labels)) {
            series.series.cells().increment(requests);
        }
    }

    /// Registers all possible reasons at zero, so that the first refusal is an increase.
    pub(crate) fn register(store: &MetricStore) {
        let of_routes = [Self::Abandoned, Self::Answer, Self::Body, Self::Page, Self::Scrapes, Self::Size];
        #[cfg(feature = "tls")]
        let of_routes = of_routes.into_iter().chain([Self::Credentials, Self::Passwords]);
        Event::ALL.map(Self::Connection).into_iter().chain(of_routes).for_each(|it| it.count(store, 0));
    }
}
