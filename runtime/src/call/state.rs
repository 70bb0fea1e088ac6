//! The information that the end of a call has about its start.

use crate::handles::Handles;

/// The start of a call, in two registers.
///
/// The five states share two values, because a larger enum would go through memory: the annotated function would write
/// it in halves and the end of the call would read it as a whole, which costs as much as reading the clock. For the
/// same reason, it implements no `Drop`. Only this file knows the encoding; all other code uses [`CallStart::state`].
#[derive(Debug, Clone, Copy)]
pub struct CallStart {
    /// The handles, if the global recorder was current.
    handles: Option<&'static Handles>,
    /// The clock's reading, or one of the two values below.
    reading: u64,
}

const NOT_READ: u64 = 0;
const SKIPPED: u64 = u64::MAX;

/// The states of a [`CallStart`].
#[derive(Debug, Clone, Copy)]
pub(super) enum CallState {
    /// The call has ended, or the recorder panicked when it started.
    Ended,
    /// The call is not timed, and nothing was looked up at its start.
    Skipped,
    /// The call started at this reading under a recorder that may be dropped.
    Local(u64),
    /// The call counts on the global recorder, but is not timed.
    Untimed(&'static Handles),
    /// The call started at this reading under the global recorder.
    Timed(&'static Handles, u64),
}

impl CallStart {
    pub(super) const ENDED: Self = Self { handles: None, reading: NOT_READ };
    pub(super) const SKIPPED: Self = Self { handles: None, reading: SKIPPED };

    /// A call that starts now.
    #[inline]
    pub(super) fn timed(handles: &'static Handles) -> Self {
        Self { handles: Some(handles), reading: handles.clock.raw().max(NOT_READ + 1) }
    }

    #[inline]
    pub(super) fn untimed(handles: &'static Handles) -> Self {
        Self { handles: Some(handles), reading: NOT_READ }
    }

    /// A call that started at this reading under a local recorder; `None` if that recorder panicked.
    pub(super) fn local(reading: Option<u64>) -> Self {
        Self { handles: None, reading: reading.unwrap_or(NOT_READ) }
    }

    #[inline]
    pub(super) fn state(self) -> CallState {
        match (self.handles, self.reading) {
            (Some(handles), NOT_READ) => CallState::Untimed(handles),
            (Some(handles), reading) => CallState::Timed(handles, reading),
            (None, NOT_READ) => CallState::Ended,
            (None, SKIPPED) => CallState::Skipped,
            (None, reading) => CallState::Local(reading),
        }
    }

    /// Whether the state is [`CallState::Skipped`], in one comparison: no clock reads its mark.
    #[inline]
    pub(super) fn is_skipped(self) -> bool {
        self.reading == SKIPPED
    }

    #[inline]
    pub(super) fn is_open(self) -> bool {
        !matches!(self.state(), CallState::Ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_without_handles_is_decoded_to_its_state() {
        assert!(matches!(CallStart::ENDED.state(), CallState::Ended));
        assert!(matches!(CallStart::SKIPPED.state(), CallState::Skipped));
        assert!(matches!(CallStart::local(Some(7)).state(), CallState::Local(7)));
        let panicked = CallStart::local(None);
        assert!(!panicked.is_open() && CallStart::SKIPPED.is_open());
    }

    #[test]
    fn a_start_fits_into_two_registers() {
        assert_eq!(size_of::<CallStart>(), 16);
    }
}
