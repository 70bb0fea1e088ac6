//! Bounds on what clients can take from the endpoint, and the count of what was refused because of them.

use crate::storage::metric_store::MetricStore;
use measurand_server::{Event, Limits as ServerLimits};
use metrics::{CounterFn, Key, Label};
use std::time::Duration;

/// Bounds on what clients can take from the endpoint.
///
/// What is refused or cut short because of them is counted in `measurand_http_refused_total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of connections, whatever is asked for on them. A body, of which none of our requests has need, is answered with 413.
    pub server: ServerLimits,
    /// Scrapes that are made or wait for it at once, at least one; 16 unless told otherwise. More are answered with 503
    /// and `retry-after`.
    pub scrapes: u32,
    /// Questions to the live page that wait for their answers, at least one. Default: 32. One more is made at a time, and
    /// clients that ask the same share a place. Further ones are answered with 503 and `retry-after`.
    pub page: u32,
    /// To make an answer; 30 seconds unless told otherwise. Longer ones are answered with 503.
    pub answer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { server: ServerLimits::default(), scrapes: 16, page: 32, answer: Duration::from_secs(30) }
    }
}

/// Those of connections, and the others as they are.
impl From<ServerLimits> for Limits {
    fn from(server: ServerLimits) -> Self {
        Self { server, ..Self::default() }
    }
}

/// Why something was refused or cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Below the routes.
    Connection(Event),
    /// A client of the live page hung up before its answer.
    Abandoned,
    Answer,
    Body,
    #[cfg(feature = "tls")]
    Credentials,
    /// Too many questions to the live page wait.
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

    /// All that may happen, each at zero, so that the first one is an increase.
    pub(crate) fn register(store: &MetricStore) {
        let of_routes = [Self::Abandoned, Self::Answer, Self::Body, Self::Page, Self::Scrapes, Self::Size];
        #[cfg(feature = "tls")]
        let of_routes = of_routes.into_iter().chain([Self::Credentials, Self::Passwords]);
        Event::ALL.map(Self::Connection).into_iter().chain(of_routes).for_each(|it| it.count(store, 0));
    }
}
