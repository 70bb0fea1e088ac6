//! User code and third-party code that runs beside the annotated function: predicates, traits of returned types,
//! recorders. Its panics must not end the function, so this module catches and counts them.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the code; returns `None` if it panicked. The panic hook has reported the position.
///
/// The code only reads values or replaces our own values as a whole, so nothing is left half changed.
#[inline]
pub(crate) fn catch_panic<T>(code: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(code)) {
        Ok(value) => Some(value),
        Err(payload) => {
            // Dropping the payload may panic, too.
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
            assert_eq!(catch_panic(|| 1), Some(1));
            assert_eq!(catch_panic(|| -> u8 { panic!("on purpose") }), None);
            assert_eq!(catch_panic(|| -> u8 { std::panic::panic_any(Angry) }), None);
        });
        let counted = recorder.snapshotter().snapshot().into_vec();
        let [(key, _, _, DebugValue::Counter(2))] = &counted[..] else { panic!("{counted:?}") };
        assert_eq!(key.key().name(), measurand_catalog::CONTAINED);
    }
}
