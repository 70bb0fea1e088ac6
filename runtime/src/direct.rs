//! The cells of our own recorder, where the program has it: the feature `exporter`.

#[cfg(feature = "exporter")]
pub(crate) use measurand_exporter::fast_path::{Calls, Count, Here};
#[cfg(feature = "exporter")]
pub(crate) use measurand_exporter::incidents::{Ended, Incidents, Origin};
#[cfg(feature = "exporter")]
pub(crate) use measurand_exporter::redact::redacted;
#[cfg(not(feature = "exporter"))]
pub(crate) use without::{Calls, Count, Ended, Here, Incidents, Origin, redacted};

/// Without it there are none, and the compiler knows.
#[cfg(not(feature = "exporter"))]
mod without {
    use metrics::Key;
    use std::borrow::Cow;

    /// Nobody is asked.
    pub(crate) fn redacted<'a>(_family: &str, _label: &str, _value: &'a str) -> Option<Cow<'a, str>> {
        None
    }

    #[derive(Debug)]
    pub(crate) enum Calls {}

    #[derive(Debug)]
    pub(crate) enum Count {}

    /// Nothing depends on the thread.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Here(());

    impl Here {
        pub(crate) fn get() -> Self {
            Self(())
        }
    }

    /// Nobody looks at incidents.
    #[derive(Debug, Default)]
    pub(crate) struct Incidents(());

    #[expect(dead_code, reason = "nobody reads it")]
    pub(crate) struct Ended {
        pub(crate) nanoseconds: u64,
        pub(crate) outcome: &'static str,
        pub(crate) kind: Option<&'static str>,
    }

    #[expect(dead_code, reason = "nobody reads it")]
    pub(crate) struct Origin {
        pub(crate) function: Option<[&'static str; 3]>,
        pub(crate) family: &'static str,
        pub(crate) labels: Vec<(&'static str, String)>,
    }

    #[expect(clippy::unused_self, reason = "as where somebody looks")]
    impl Incidents {
        pub(crate) fn concern(&self, _nanoseconds: u64) -> bool {
            false
        }

        pub(crate) fn note(&self, _ended: Ended, _origin: impl FnOnce() -> Origin) {}
    }

    impl Calls {
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

        pub(crate) fn end_untimed(&self, _here: Here, _otherwise: impl FnOnce() -> u64) {
            match *self {}
        }
    }

    impl Count {
        pub(crate) fn of(_recorder: usize, _key: &Key) -> Option<Self> {
            None
        }

        pub(crate) fn increment(&self, _here: Here) {
            match *self {}
        }
    }
}
