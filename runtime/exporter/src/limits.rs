//! Bounds on what clients can take from the endpoint, and the count of what was refused because of them.

use crate::recorder::Inner;
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
    /// To make an answer; 30 seconds unless told otherwise. Longer ones are answered with 503.
    pub answer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { server: ServerLimits::default(), scrapes: 16, answer: Duration::from_secs(30) }
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
