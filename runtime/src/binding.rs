//! From a series to its handles on a recorder.
//!
//! A cached handle is thirty times cheaper than a look-up in each call, but a careless cache is wrong in three ways. A
//! handle from before the installation of the recorder never records anything. Under `metrics::with_local_recorder`, a
//! cached handle records into another recorder. And a handle must not outlive its recorder. So handles are cached only
//! for the *global* recorder, which lives as long as the process, and each call checks that this recorder is current.
//! Every other call looks its metrics up again.

use crate::global_recorder::{address, is_permanent};
use crate::handles::Handles;
use metrics::Recorder;
use std::sync::OnceLock;

/// The handles of a series on one recorder that is never dropped. Bindings form a list, because the no-op recorder may
/// come before the real one.
#[derive(Debug)]
pub(crate) struct Binding {
    recorder: usize,
    handles: Handles,
    next: OnceLock<&'static Binding>,
}

impl Binding {
    /// Whether the handles belong to the recorder at this address.
    #[inline]
    pub(crate) fn is_of(&self, recorder: usize) -> bool {
        self.recorder == recorder
    }

    #[inline]
    pub(crate) fn handles(&self) -> &Handles {
        &self.handles
    }

    /// The cached handles; `None` if the recorder may be dropped.
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
