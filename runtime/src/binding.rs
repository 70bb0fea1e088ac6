//! From a series to its handles on a recorder.
//!
//! A kept handle is thirty times cheaper than a look-up for each call, and wrong in three ways if kept carelessly: a handle
//! taken before the recorder is installed never records anything; under `metrics::with_local_recorder` it counts elsewhere;
//! and it must not outlive its recorder. So handles are kept only for the *global* recorder, which lives as long as the
//! process, and each call checks that the recorder in force is that one. Every other call looks its metrics up again.

use crate::global_recorder::{address, is_permanent};
use crate::handles::Handles;
use metrics::Recorder;
use std::sync::OnceLock;

/// A series' handles on one recorder that is never dropped; a list, because the no-op recorder may come before the real one.
#[derive(Debug)]
pub(crate) struct Binding {
    recorder: usize,
    handles: Handles,
    next: OnceLock<&'static Binding>,
}

impl Binding {
    /// Whether its handles are on the recorder at this address.
    #[inline]
    pub(crate) fn is_of(&self, recorder: usize) -> bool {
        self.recorder == recorder
    }

    #[inline]
    pub(crate) fn handles(&self) -> &Handles {
        &self.handles
    }

    /// The kept handles, or `None` if the recorder may go away.
    pub(crate) fn find(
        first: &'static OnceLock<&'static Self>,
        recorder: &dyn Recorder,
        register: impl Fn(&dyn Recorder) -> Handles,
    ) -> Option<&'static Handles> {
        let address = address(recorder);
        if !is_permanent(address) {
            return None;
        }
        // Never freed, like the recorder.
        let new =
            || &*Box::leak(Box::new(Self { recorder: address, handles: register(recorder), next: OnceLock::new() }));
        let mut binding = first.get_or_init(new);
        while binding.recorder != address {
            binding = binding.next.get_or_init(new);
        }
        Some(&binding.handles)
    }
}
