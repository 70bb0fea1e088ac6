//! The cells of annotated functions without the facade between: no dynamic call, and no step that the facade's handles do
//! not show.
//!
//! Only where our recorder *is* the global one. Where another one wraps it, that one has to see every value; and under a
//! recorder of a test, that test has to. So the caller says which recorder is in force, by its address.

use crate::recorder::Recorder;
use crate::storage::cells::{CounterCells, HistogramCells, Slot};
use crate::storage::metric_store::MetricStore;
use metrics::Key;
use std::sync::{Arc, OnceLock};
use std::thread;

/// Where timed calls begin and end.
#[derive(Debug)]
pub struct Calls(Arc<HistogramCells>);

/// Where calls are counted.
#[derive(Debug)]
pub struct Count(Arc<CounterCells>);

/// Which thread this is. To find it out counts as a function call, before which everything that is needed afterwards has to
/// be put aside; so who records asks at the best moment.
#[derive(Debug, Clone, Copy)]
pub struct Here(Slot);

impl Here {
    /// The calling thread.
    #[inline]
    #[must_use]
    pub fn get() -> Self {
        Self(Slot::mine())
    }
}

impl Calls {
    /// The cells of the series of a duration, whose calls in flight the gauge shows, if there is one. Nothing where the
    /// recorder at this address is not our global one.
    #[must_use]
    pub fn of(recorder: usize, duration: &Key, in_flight: Option<&Key>) -> Option<Self> {
        let cells = own(recorder)?.calls(duration)?;
        if let Some(key) = in_flight {
            own(recorder)?.gauge(key)?.series.count_in(&cells);
        }
        Some(Self(cells))
    }

    /// A call begins that shall be seen in flight. It has to be ended once, by any thread.
    #[inline]
    pub fn begin(&self) {
        self.0.begin();
    }

    /// A call ends.
    #[inline]
    pub fn end(&self, nanoseconds: u64) {
        self.0.end(nanoseconds);
    }

    /// A call ends that stands for others, which are not timed; says whether it will be remembered for them.
    #[inline]
    #[must_use]
    pub fn end_sample(&self, nanoseconds: u64) -> bool {
        self.0.end_sample(nanoseconds)
    }

    /// A call ends that was not timed; `otherwise` says how long it took if none is remembered.
    #[inline]
    pub fn end_untimed(&self, here: Here, otherwise: impl FnOnce() -> u64) {
        self.0.end_untimed(here.0, otherwise);
    }
}

impl Count {
    /// The cells of the series of a counter. Nothing where the recorder at this address is not our global one.
    #[must_use]
    pub fn of(recorder: usize, key: &Key) -> Option<Self> {
        Some(Self(own(recorder)?.counter(key)?.series.cells()))
    }

    /// Counts one.
    #[inline]
    pub fn increment(&self, here: Here) {
        self.0.count_one(here.0);
    }
}

/// Our global recorder, and where it lies.
static OWN: OnceLock<(usize, Recorder)> = OnceLock::new();

fn own(recorder: usize) -> Option<&'static MetricStore> {
    OWN.get().filter(|it| it.0 == recorder).map(|it| &it.1.state().store)
}

/// Remembers the recorder, which was made the global one.
pub(crate) fn remember(recorder: &Recorder) {
    // A new thread has no local recorder, so what it sees is the global one. Without a thread every value goes over the
    // facade, as it does for any other recorder.
    let look = || metrics::with_recorder(|it| std::ptr::from_ref(it).cast::<()>().addr());
    let address =
        thread::Builder::new().name("measurand-init".to_owned()).spawn(look).ok().and_then(|it| it.join().ok());
    if let Some(address) = address {
        let _first = OWN.set((address, recorder.clone()));
    }
}
