//! A value whose type depends on the kind of a metric.

use measurand_catalog::Kind;

/// A value for a counter, a gauge or a histogram.
#[derive(Debug)]
pub(crate) enum ByKind<C, G, H> {
    Counter(C),
    Gauge(G),
    Histogram(H),
}

impl<C, G, H> ByKind<C, G, H> {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Counter(_) => Kind::Counter,
            Self::Gauge(_) => Kind::Gauge,
            Self::Histogram(_) => Kind::Histogram,
        }
    }

    pub(crate) fn as_ref(&self) -> ByKind<&C, &G, &H> {
        match self {
            Self::Counter(it) => ByKind::Counter(it),
            Self::Gauge(it) => ByKind::Gauge(it),
            Self::Histogram(it) => ByKind::Histogram(it),
        }
    }

    pub(crate) fn as_mut(&mut self) -> ByKind<&mut C, &mut G, &mut H> {
        match self {
            Self::Counter(it) => ByKind::Counter(it),
            Self::Gauge(it) => ByKind::Gauge(it),
            Self::Histogram(it) => ByKind::Histogram(it),
        }
    }

    /// Converts the value of this kind with one of the functions.
    pub(crate) fn map<C2, G2, H2>(
        self,
        counter: impl FnOnce(C) -> C2,
        gauge: impl FnOnce(G) -> G2,
        histogram: impl FnOnce(H) -> H2,
    ) -> ByKind<C2, G2, H2> {
        match self {
            Self::Counter(it) => ByKind::Counter(counter(it)),
            Self::Gauge(it) => ByKind::Gauge(gauge(it)),
            Self::Histogram(it) => ByKind::Histogram(histogram(it)),
        }
    }

    /// Returns one type for all kinds.
    pub(crate) fn fold<T>(
        self,
        counter: impl FnOnce(C) -> T,
        gauge: impl FnOnce(G) -> T,
        histogram: impl FnOnce(H) -> T,
    ) -> T {
        match self {
            Self::Counter(it) => counter(it),
            Self::Gauge(it) => gauge(it),
            Self::Histogram(it) => histogram(it),
        }
    }
}
