//! Streams under measurement: a call begins with the first poll and ends when the stream does, or is dropped.

/// What generated code makes of the stream that a function returns.
#[doc(hidden)]
#[macro_export]
#[cfg(feature = "stream")]
macro_rules! __measured_stream {
    ($start:expr, $items:ident, [], $stream:expr, $judge:expr) => {
        $crate::__private::measure_stream($start, $crate::__private::Site::series(&$items), $stream, $judge)
    };
    ($start:expr, $items:ident, [$item:ty], $stream:expr, $judge:expr) => {
        $crate::__private::measured_stream! {
            $start, $items, [], $crate::__private::stream_of::<$item, _>($stream), $judge
        }
    };
}

/// The function stays as it was written, beside the error.
#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "stream"))]
macro_rules! __measured_stream {
    ($start:expr, $items:ident, [$($item:ty)?], $stream:expr, $judge:expr) => {{
        ::core::compile_error!(
            "a function that returns a stream is measured until the stream ends, which needs the feature `stream` of \
             `measurand`\nexample: measurand = { version = \"0.1\", features = [\"stream\"] }"
        );
        $stream
    }};
}

#[cfg(feature = "stream")]
pub use measured::{measure_stream, stream_of};

#[cfg(feature = "stream")]
mod measured {
    use crate::call::{Call, Start, enter, with_sink};
    use crate::contain::contained;
    use crate::handles::CLOCK;
    use crate::series::Series;
    use crate::verdict::{Failure, Judged, Verdict};
    use futures_core::{FusedStream, Stream};
    use measurand_catalog::Role;
    use metrics::Counter;
    use pin_project_lite::pin_project;
    use std::mem;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    /// So many items of a stream that is always ready are counted at once.
    const BATCH: u64 = 1024;

    /// Measures a stream. The call ends with it, in an error where an item is one; items count in a series of their own.
    #[inline]
    pub fn measure_stream<S: Start, T: Stream, V: Judged, J: FnMut(&T::Item) -> V>(
        start: S,
        items: &'static Series,
        stream: T,
        judge: J,
    ) -> MeasuredStream<S, T, J> {
        let items = Items { series: items, counter: None, uncounted: 0, first: None };
        MeasuredStream {
            stream,
            judge,
            progress: Progress { start, items, call: None, failed: None, state: State::New },
        }
    }

    /// A stream of these items; for the compiler alone.
    #[inline]
    pub fn stream_of<I, T: Stream<Item = I>>(stream: T) -> T {
        stream
    }

    pin_project! {
        /// See [`measure_stream`].
        #[derive(Debug)]
        #[must_use = "streams do nothing unless polled"]
        pub struct MeasuredStream<S, T, J> {
            #[pin]
            stream: T,
            judge: J,
            progress: Progress<S>,
        }
    }

    impl<S: Start, T: Stream, V: Judged, J: FnMut(&T::Item) -> V> Stream for MeasuredStream<S, T, J> {
        type Item = T::Item;

        #[inline]
        fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T::Item>> {
            let this = self.project();
            let progress = this.progress;
            if matches!(progress.state, State::Ended) {
                return this.stream.poll_next(context);
            }
            progress.enter();
            let polled = this.stream.poll_next(context);
            match &polled {
                Poll::Pending => progress.items.flush(),
                Poll::Ready(Some(item)) => {
                    progress.items.add();
                    // The first error decides.
                    if progress.failed.is_none() {
                        let verdict = (this.judge)(item).verdict();
                        progress.failed = (!verdict.is_success()).then_some(verdict);
                    }
                }
                Poll::Ready(None) => {
                    progress.end();
                    return polled;
                }
            }
            progress.leave();
            polled
        }

        #[inline]
        fn size_hint(&self) -> (usize, Option<usize>) {
            self.stream.size_hint()
        }
    }

    impl<S: Start, T: FusedStream, V: Judged, J: FnMut(&T::Item) -> V> FusedStream for MeasuredStream<S, T, J> {
        #[inline]
        fn is_terminated(&self) -> bool {
            self.stream.is_terminated()
        }
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum State {
        /// Nobody has asked for an item.
        New,
        /// It is polled; dropped now, it has panicked.
        Polled,
        /// Between two polls; dropped now, it is cancelled.
        Waiting,
        Ended,
    }

    /// The call of a stream, and its items.
    #[derive(Debug)]
    struct Progress<S> {
        start: S,
        items: Items,
        call: Option<Call>,
        /// The first item that was an error.
        failed: Option<Verdict>,
        state: State,
    }

    impl<S: Start> Progress<S> {
        #[inline]
        fn enter(&mut self) {
            let new = matches!(self.state, State::New);
            self.state = State::Polled;
            if new {
                self.items.begin();
                self.call = Some(enter(self.start));
            } else if let Some(call) = &mut self.call {
                call.unless_left(Failure::Panic);
            }
        }
    }

    impl<S> Progress<S> {
        #[inline]
        fn leave(&mut self) {
            self.state = State::Waiting;
            if let Some(call) = &mut self.call {
                call.unless_left(Failure::Cancelled);
            }
        }

        fn end(&mut self) {
            self.state = State::Ended;
            self.items.flush();
            if let Some(mut call) = self.call.take() {
                call.end(&self.failed.unwrap_or(Verdict::OK));
            }
        }
    }

    impl<S> Drop for Progress<S> {
        fn drop(&mut self) {
            // Who stops at the first error drops the rest of the stream: that is the error's call.
            if self.state == State::Waiting && self.failed.is_some() {
                self.end();
            } else {
                self.items.flush();
            }
        }
    }

    /// Counts items: one by one in a register of the stream, in the metric when the stream waits.
    #[derive(Debug)]
    struct Items {
        series: &'static Series,
        counter: Option<Counter>,
        uncounted: u64,
        /// When the first item was asked for; nothing once it is there.
        first: Option<u64>,
    }

    impl Items {
        #[cold]
        fn begin(&mut self) {
            self.first = Some(CLOCK.raw());
        }

        #[inline]
        fn add(&mut self) {
            if let Some(begun) = self.first.take() {
                self.observe_first(begun);
            }
            self.uncounted += 1;
            if self.uncounted >= BATCH {
                self.flush();
            }
        }

        #[cold]
        fn observe_first(&self, begun: u64) {
            let taken = CLOCK.delta(begun, CLOCK.raw()).as_secs_f64();
            // A recorder may be anybody's.
            contained(|| with_sink(self.series, |sink| sink.observe(Role::Duration, taken)));
        }

        #[inline]
        fn flush(&mut self) {
            if self.uncounted > 0 {
                self.flush_some();
            }
        }

        fn flush_some(&mut self) {
            let number = mem::take(&mut self.uncounted);
            let (series, counter) = (self.series, &mut self.counter);
            contained(|| {
                let find = || with_sink(series, |sink| sink.successes());
                counter.get_or_insert_with(find).increment(number);
            });
        }
    }
}
