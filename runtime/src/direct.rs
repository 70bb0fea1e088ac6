//! The cells of our own recorder, where the program has it: the feature `exporter`.

#[cfg(feature = "exporter")]
pub(crate) use measurand_exporter::direct::{Calls, Count};
#[cfg(not(feature = "exporter"))]
pub(crate) use without::{Calls, Count};

/// Without it there are none, and the compiler knows.
#[cfg(not(feature = "exporter"))]
mod without {
    use metrics::Key;

    #[derive(Debug)]
    pub(crate) enum Calls {}

    #[derive(Debug)]
    pub(crate) enum Count {}

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

        pub(crate) fn end_untimed(&self, _otherwise: u64) {
            match *self {}
        }
    }

    impl Count {
        pub(crate) fn of(_recorder: usize, _key: &Key) -> Option<Self> {
            None
        }

        pub(crate) fn increment(&self) {
            match *self {}
        }
    }
}
