//! Code of other people that runs beside the annotated function: predicates, traits of returned types, recorders. It must
//! not take the function down with it, so its panics end here, and are counted.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs it; nothing if it panicked. The panic hook has said where.
///
/// What it was about to change is either ours, and then replaced as a whole, or only read.
#[inline]
pub(crate) fn contained<T>(code: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(code)) {
        Ok(value) => Some(value),
        Err(payload) => {
            // Dropping what was thrown may panic in turn, for whoever likes that.
            std::mem::forget(payload);
            count();
            None
        }
    }
}

#[cold]
fn count() {
    let _uncounted = catch_unwind(|| metrics::counter!(measurand_catalog::CONTAINED).increment(1));
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics_util::debugging::{DebugValue, DebuggingRecorder};

    #[test]
    fn a_panic_ends_here_and_is_counted() {
        struct Angry;
        impl Drop for Angry {
            fn drop(&mut self) {
                panic!("while it is dropped, on purpose");
            }
        }
        let recorder = DebuggingRecorder::new();
        metrics::with_local_recorder(&recorder, || {
            assert_eq!(contained(|| 1), Some(1));
            assert_eq!(contained(|| -> u8 { panic!("on purpose") }), None);
            assert_eq!(contained(|| -> u8 { std::panic::panic_any(Angry) }), None);
        });
        let counted = recorder.snapshotter().snapshot().into_vec();
        let [(key, _, _, DebugValue::Counter(2))] = &counted[..] else { panic!("{counted:?}") };
        assert_eq!(key.key().name(), measurand_catalog::CONTAINED);
    }
}
