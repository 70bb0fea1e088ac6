//! Access of annotated functions to their cells without the `metrics` facade: without dynamic calls, and with steps
//! that the facade's handles cannot offer.
//!
//! Used only if our recorder *is* the global one. A recorder that wraps ours, or a test's local recorder, has to see
//! every value. So the caller passes the address of the recorder that is in force.

use crate::recorder::Recorder;
use crate::storage::cells::{CounterCells, HistogramCells, Slot};
use crate::storage::metric_store::MetricStore;
use metrics::Key;
use std::sync::{Arc, OnceLock};
use std::thread;

/// The cells of a series of timed calls.
#[derive(Debug)]
pub struct Calls(Arc<HistogramCells>);

/// The cells of a series of counted calls.
#[derive(Debug)]
pub struct Count(Arc<CounterCells>);

/// The slot of the calling thread. Looking it up is a function call, before which the compiler has to save registers,
/// so the caller chooses the moment.
#[derive(Debug, Clone, Copy)]
pub struct Here(Slot);

impl Here {
    /// Returns the slot of the calling thread.
    #[inline]
    #[must_use]
    pub fn get() -> Self {
        Self(Slot::mine())
    }
}

impl Calls {
    /// Returns the cells of a duration's series. If `in_flight` names a gauge, it shows the calls in flight of this
    /// series. Returns `None` if the recorder at this address is not our global one.
    #[must_use]
    pub fn of(recorder: usize, duration: &Key, in_flight: Option<&Key>) -> Option<Self> {
        let cells = own(recorder)?.calls(duration)?;
        if let Some(key) = in_flight {
            own(recorder)?.gauge(key)?.series.count_in(&cells);
        }
        Some(Self(cells))
    }

    /// Starts a call that counts as in flight. Any thread has to end it, exactly once.
    #[inline]
    pub fn begin(&self) {
        self.0.begin();
    }

    /// Ends a call.
    #[inline]
    pub fn end(&self, nanoseconds: u64) {
        self.0.end(nanoseconds);
    }

    /// Ends a timed call that stands for untimed ones. Returns whether its duration is remembered for them.
    #[inline]
    #[must_use]
    pub fn end_sample(&self, nanoseconds: u64) -> bool {
        self.0.end_sample(nanoseconds)
    }

    /// Ends an untimed call. `otherwise` returns its duration if none is remembered.
    #[inline]
    pub fn end_untimed(&self, here: Here, otherwise: impl FnOnce() -> u64) {
        self.0.end_untimed(here.0, otherwise);
    }
}

impl Count {
    /// Returns the cells of a counter's series, or `None` if the recorder at this address is not our global one.
    #[must_use]
    pub fn of(recorder: usize, key: &Key) -> Option<Self> {
        Some(Self(own(recorder)?.counter(key)?.series.cells()))
    }

    /// Adds one.
    #[inline]
    pub fn increment(&self, here: Here) {
        self.0.count_one(here.0);
    }
}

/// Our global recorder and its address.
static OWN: OnceLock<(usize, Recorder)> = OnceLock::new();

fn own(recorder: usize) -> Option<&'static MetricStore> {
    OWN.get().filter(|it| it.0 == recorder).map(|it| &it.1.state().store)
}

/// Remembers the recorder that has become the global one.
pub(crate) fn remember(recorder: &Recorder) {
    // A new thread has no local recorder, so it sees the global one. If the thread cannot start, all values go through
    // the facade, as with any other recorder.
    let look = || metrics::with_recorder(|it| std::ptr::from_ref(it).cast::<()>().addr());
    let address =
        thread::Builder::new().name("measurand-init".to_owned()).spawn(look).ok().and_then(|it| it.join().ok());
    if let Some(address) = address {
        let _first = OWN.set((address, recorder.clone()));
    }
}
