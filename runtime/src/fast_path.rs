//! The cells of our own recorder, if the program has it (feature `exporter`).

#[cfg(feature = "exporter")]
pub(crate) use measurand_exporter::fast_path::{Calls as CallCells, Count as CountCells, Here as ThisThread};
#[cfg(feature = "exporter")]
pub(crate) use measurand_exporter::incidents::{Ended, Incidents, Origin};
#[cfg(feature = "exporter")]
pub(crate) use measurand_exporter::redact::redacted;
#[cfg(not(feature = "exporter"))]
pub(crate) use without::{CallCells, CountCells, Ended, Incidents, Origin, ThisThread, redacted};

/// Stubs for a program without the exporter. There are no cells, and the compiler knows that.
#[cfg(not(feature = "exporter"))]
mod without {
    use metrics::Key;
    use std::borrow::Cow;

    /// Without the exporter, there is no hook for redaction.
    pub(crate) fn redacted<'a>(_family: &str, _label: &str, _value: &'a str) -> Option<Cow<'a, str>> {
        None
    }

    #[derive(Debug)]
    pub(crate) enum CallCells {}

    #[derive(Debug)]
    pub(crate) enum CountCells {}

    /// Without cells, nothing depends on the thread.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct ThisThread(());

    impl ThisThread {
        pub(crate) fn get() -> Self {
            Self(())
        }
    }

    /// Without the exporter, incidents are not shown.
    #[derive(Debug, Default)]
    pub(crate) struct Incidents(());

    #[expect(dead_code, reason = "incidents are not shown")]
    pub(crate) struct Ended {
        pub(crate) nanoseconds: u64,
        pub(crate) outcome: &'static str,
        pub(crate) kind: Option<&'static str>,
    }

    #[expect(dead_code, reason = "incidents are not shown")]
    pub(crate) struct Origin {
        pub(crate) function: Option<[&'static str; 3]>,
        pub(crate) family: &'static str,
        pub(crate) labels: Vec<(&'static str, String)>,
    }

    #[expect(clippy::unused_self, reason = "the same signature as in the exporter")]
    impl Incidents {
        pub(crate) fn concern(&self, _nanoseconds: u64) -> bool {
            false
        }

        pub(crate) fn note(&self, _ended: Ended, _origin: impl FnOnce() -> Origin) {}
    }

    impl CallCells {
        pub(crate) fn of(_recorder: usize, _duration: &Key, _in_flight: Option<&Key>) -> Option<Self> {
            None
        }

        pub(crate) fn begin(&self) {
            match *self {}
        }

        pub(crate) fn end(&self, _nanoseconds: u64) {
            match *self {}
        }

        pub(crate) fn end_sample(&self, _nanoseconds: u64) -> bool {
            match *self {}
        }

        pub(crate) fn end_untimed(&self, _thread: ThisThread, _otherwise: impl FnOnce() -> u64) {
            match *self {}
        }
    }

    impl CountCells {
        pub(crate) fn of(_recorder: usize, _key: &Key) -> Option<Self> {
            None
        }

        pub(crate) fn increment(&self, _thread: ThisThread) {
            match *self {}
        }
    }
}
