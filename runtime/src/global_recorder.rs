//! The recorders that live as long as the process. Handles on them may be cached.

use measurand_catalog::lock::lock;
use metrics::Recorder;
use std::sync::Mutex;

/// The addresses of these recorders: at most the no-op recorder and the global one.
static PERMANENT: Mutex<Vec<usize>> = Mutex::new(Vec::new());

/// Stores that the recorder at this address lives as long as the process.
pub(crate) fn add_permanent(address: usize) {
    let mut known = lock(&PERMANENT);
    if !known.contains(&address) {
        known.push(address);
    }
}

pub(crate) fn is_permanent(address: usize) -> bool {
    lock(&PERMANENT).contains(&address)
}

#[inline]
pub(crate) fn address(recorder: &dyn Recorder) -> usize {
    std::ptr::from_ref(recorder).cast::<()>().addr()
}
